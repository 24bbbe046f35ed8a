// Audio's answers as they come: events or plain bytes, to the caller while the provider still speaks.
#pragma once

#include <functional>
#include <memory>

#include "dialects/told_usage.h"
#include "exchange/ports.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// What the caller gets of one event's data; the bytes as they came where there is none.
using EventTranslator = std::function<std::string(std::string_view data)>;

struct AudioStream {
  std::string content_type;
  bool has_events = true;       // server-sent events come, of which the last tells the cost
  EventTranslator translate{};  // null: bytes pass as they come
  dialects::Dialect from = dialects::Dialect::openai;
};

/// Begins the answer with the first piece, so that a provider that says nothing can still be replaced, and
/// ends it. Code::upstream, truncated, when the provider broke off: then the caller's answer looks cut as
/// well. Gives what the last event told.
[[nodiscard]] Task<Result<std::optional<dialects::ToldUsage>>> stream_audio(
    Call& call, net::Headers headers, AudioStream how, std::unique_ptr<exchange::ProviderAnswer> answer);

}  // namespace bastide::http_api
