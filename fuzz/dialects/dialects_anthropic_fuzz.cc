// Requests, answers, errors and streams of Anthropic's dialect: what is read can be written again.
#include <cstdint>
#include <string_view>

#include "fuzz/dialects/any_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bastide::dialects::fuzz_codec(bastide::dialects::anthropic_codec(),
                                {reinterpret_cast<const char*>(data), size});
  return 0;
}
