// Completions of texts: requests, answers, errors and streams that are read can be written again.
#include <cstdint>
#include <string_view>

#include "dialects/completions.h"
#include "fuzz/dialects/any_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto echoing = bastide::dialects::make_completions_codec({{"one", "two"}, 2});
  bastide::dialects::fuzz_codec(*echoing, {reinterpret_cast<const char*>(data), size});
  return 0;
}
