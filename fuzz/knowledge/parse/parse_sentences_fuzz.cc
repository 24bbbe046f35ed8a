// Sentences lie in order within the text and leave out nothing but white space.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/sentences.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::knowledge::parse;
  auto text = detail::clean({reinterpret_cast<const char*>(data), size}, detail::Spaces::keep);
  if (!bastide::is_utf8(text)) std::abort();
  (void)count_words(text);
  std::size_t reached = 0;
  for (const auto& sentence : sentences(text)) {
    if (sentence.range.start < reached || sentence.range.end <= sentence.range.start) std::abort();
    if (slice(text, sentence.range) != sentence.text) std::abort();
    if (!bastide::trim(slice(text, {reached, sentence.range.start})).empty()) std::abort();
    reached = sentence.range.end;
  }
  if (!bastide::trim(slice(text, {reached, text.size()})).empty()) std::abort();
  return 0;
}
