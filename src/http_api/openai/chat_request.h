// An OpenAI chat completion request as an Ask.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "exchange/exchange.h"

namespace bastide::http_api {

struct ChatRequest {
  exchange::Ask ask;
  bool stream = false;
  bool include_usage = false;
};

/// Code::invalid names the field that is wrong. Fields that we do not read ourselves go to the model in
/// `ask.extra_json`; `bastide` carries collections, label and quote_only (interface.md).
[[nodiscard]] Result<ChatRequest> parse_chat_request(const nlohmann::json& body);

}  // namespace bastide::http_api
