// Any bytes as question, sentence and passage: no crash, and what is quoted stands in the passage.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/citations/check.h"
#include "knowledge/citations/markers.h"
#include "knowledge/index/analyzer.h"

using namespace bastide;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  for (const auto& word : knowledge::index::words(raw))
    if (word.end > size || word.start >= word.end) std::abort();
  (void)knowledge::index::query_terms(raw);
  const auto text = to_valid_utf8(raw);
  const auto parts = split(text, '\n');
  exchange::Passage passage;
  passage.id = "p";
  passage.text = parts.size() > 2 ? text.substr(parts[0].size() + parts[1].size() + 2) : text;
  const std::vector<exchange::Passage> passages{passage};
  const auto result = knowledge::citations::check(parts[0], parts.size() > 1 ? parts[1] : "", passages);
  if (result.supported == result.citations.empty()) std::abort();
  for (const auto& citation : result.citations)
    if (citation.marker != 1 || passage.text.find(citation.quote) == std::string::npos) std::abort();
  if (knowledge::citations::take_markers(result.text).text.size() > result.text.size()) std::abort();
  return 0;
}
