// Bodies of /v1/chat/completions.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/openai/chat_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto json = bastide::parse_json({reinterpret_cast<const char*>(data), size});
  if (json && json->is_object()) {
    auto request = bastide::http_api::parse_chat_request(*json);
    (void)request;
  }
  return 0;
}
