#include "http_api/openai/chat_stream.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/time.h"
#include "http_api/problem.h"
#include "net/sse.h"

namespace bastide::http_api {
namespace {

std::string_view finish_reason(exchange::Finish finish) {
  switch (finish) {
    case exchange::Finish::length:
      return "length";
    case exchange::Finish::tool_calls:
      return "tool_calls";
    case exchange::Finish::refused:
      return "content_filter";
    default:
      return "stop";
  }
}

std::string usage_json(const exchange::Usage& usage) {
  JsonWriter json;
  return json.object()
      .field("prompt_tokens", usage.input_tokens)
      .field("completion_tokens", usage.output_tokens)
      .field("total_tokens", usage.input_tokens + usage.output_tokens)
      .key("prompt_tokens_details")
      .object()
      .field("cached_tokens", usage.cached_input_tokens)
      .end()
      .end()
      .take();
}

std::string bastide_json(const exchange::Exchange& exchange, const policy::Labels& labels) {
  JsonWriter json;
  json.object().field("exchange", exchange.id).key("citations").array();
  for (const auto& citation : exchange.citations)
    json.object()
        .field("marker", citation.marker)
        .field("document", citation.document)
        .field("title", citation.title)
        .field("page", citation.page)
        .field("quote", citation.quote)
        .field("passage", citation.passage)
        .end();
  json.end().field("label", labels.id(exchange.label));
  if (exchange.quoting) json.field("quoting", exchange.quoting_why);
  return json.field("generated", !exchange.quoting).end().take();
}

std::string text_delta(std::string_view field, std::string_view text) {
  JsonWriter json;
  return json.object().field(field, text).end().take();
}

// Tool calls come as deltas with an index: names and ids once, arguments in pieces.
void merge_tool_calls(std::string& into, const std::string& delta) {
  using nlohmann::json;
  auto whole = into.empty() ? json::array() : json::parse(into, nullptr, false);
  auto pieces = json::parse(delta, nullptr, false);
  if (!whole.is_array() || !pieces.is_array()) return;
  for (auto& piece : pieces) {
    if (!piece.is_object()) continue;
    auto index = piece.value("index", std::size_t{whole.size()});
    if (index > 256) continue;
    while (whole.size() <= index)
      whole.push_back({{"type", "function"}, {"function", {{"name", ""}, {"arguments", ""}}}});
    auto& call = whole[index];
    if (piece.contains("id") && piece["id"].is_string()) call["id"] = piece["id"];
    if (!piece.contains("function") || !piece["function"].is_object()) continue;
    for (const char* name : {"name", "arguments"}) {
      auto part = piece["function"].value(name, json(""));
      if (part.is_string())
        call["function"][name] = call["function"].value(name, "") + part.get<std::string>();
    }
  }
  into = whole.dump();
}
}  // namespace

ChatStream::ChatStream(net::ServerCall& http, const exchange::Exchange& exchange,
                       const policy::Labels& labels, Mode mode, bool include_usage)
    : http_(http), exchange_(exchange), labels_(labels), mode_(mode), include_usage_(include_usage) {}

std::string ChatStream::frame(const std::string& choice_json, const std::string& more) const {
  JsonWriter json;
  json.object()
      .field("id", "chatcmpl-" + exchange_.id)
      .field("object", mode_ == Mode::chunks ? "chat.completion.chunk" : "chat.completion")
      .field("created", exchange_.started_at / 1000)
      .field("model", exchange_.model.id.empty() ? exchange_.ask.model : exchange_.model.id)
      .key("choices")
      .array();
  if (!choice_json.empty()) json.raw(choice_json);
  json.end();
  if (!more.empty()) json.fields(more);
  return json.end().take();
}

Task<Result<void>> ChatStream::begin() {
  started_ = true;
  auto told = co_await http_.start(200, {{"content-type", "text/event-stream"},
                                         {"cache-control", "no-store"},
                                         {"x-accel-buffering", "no"},
                                         {"x-bastide-exchange", exchange_.id}});
  if (!told) co_return told;
  told = co_await chunk(R"({"role":"assistant","content":""})");
  co_return told;
}

Task<Result<void>> ChatStream::chunk(std::string delta_json) {
  JsonWriter choice;
  choice.object().field("index", 0).key("delta").raw(delta_json).key("finish_reason").null().end();
  auto told = co_await http_.write(net::sse_text(frame(choice.take())));
  co_return told;
}

Task<Result<void>> ChatStream::on_stage(const exchange::StageTrace&) { co_return Result<void>{}; }
Task<Result<void>> ChatStream::on_masked(const std::vector<exchange::Masked>&) { co_return Result<void>{}; }
Task<Result<void>> ChatStream::on_citation(const exchange::Citation&) { co_return Result<void>{}; }

Task<Result<void>> ChatStream::on_text(std::string text) {
  if (mode_ == Mode::whole) co_return Result<void>{};
  if (!started_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  auto told = co_await chunk(text_delta("content", text));
  co_return told;
}

Task<Result<void>> ChatStream::on_reasoning(std::string text) {
  if (mode_ == Mode::whole) {
    reasoning_ += text;
    co_return Result<void>{};
  }
  if (!started_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  auto told = co_await chunk(text_delta("reasoning_content", text));
  co_return told;
}

// This dialect cannot take words back: the quotes follow what stood before, apart.
Task<Result<void>> ChatStream::on_replace(std::string text, std::string) {
  auto told = co_await on_text("\n\n---\n\n" + text);
  co_return told;
}

Task<Result<void>> ChatStream::on_tool_calls(std::string openai_json) {
  if (mode_ == Mode::whole) {
    merge_tool_calls(tool_calls_, openai_json);
    co_return Result<void>{};
  }
  if (!started_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  JsonWriter delta;
  auto told = co_await chunk(delta.object().key("tool_calls").raw(openai_json).end().take());
  co_return told;
}

Task<Result<void>> ChatStream::on_done(const exchange::Exchange& exchange) {
  JsonWriter more;
  more.object().key("bastide").raw(bastide_json(exchange, labels_));
  if (mode_ == Mode::whole) {
    more.key("usage").raw(usage_json(exchange.usage)).end();
    JsonWriter choice;
    choice.object().field("index", 0).key("message").object().field("role", "assistant").key("content");
    exchange.answer.empty() && !tool_calls_.empty() ? choice.null() : choice.value(exchange.answer);
    choice.key("refusal").null();
    if (!reasoning_.empty()) choice.field("reasoning_content", reasoning_);
    if (!tool_calls_.empty()) choice.key("tool_calls").raw(tool_calls_);
    choice.end().key("logprobs").null().field("finish_reason", finish_reason(exchange.finish)).end();
    auto inside = more.take();
    started_ = true;
    auto sent =
        co_await http_.send({200,
                             {{"content-type", "application/json"}, {"x-bastide-exchange", exchange.id}},
                             frame(choice.take(), inside.substr(1, inside.size() - 2))});
    co_return sent;
  }
  if (!started_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  JsonWriter choice;
  choice.object()
      .field("index", 0)
      .key("delta")
      .object()
      .end()
      .field("finish_reason", finish_reason(exchange.finish))
      .end();
  auto inside = more.end().take();
  std::string bytes = net::sse_text(frame(choice.take(), inside.substr(1, inside.size() - 2)));
  if (include_usage_) {
    JsonWriter usage;
    usage.object().key("usage").raw(usage_json(exchange.usage)).end();
    auto usage_inside = usage.take();
    bytes += net::sse_text(frame({}, usage_inside.substr(1, usage_inside.size() - 2)));
  }
  bytes += net::sse_text("[DONE]");
  auto told = co_await http_.write(std::move(bytes));
  if (!told) co_return told;
  told = co_await http_.finish();
  co_return told;
}

// A stream that died ends as an error, never as a clean [DONE].
Task<Result<void>> ChatStream::break_off(Error error) {
  auto told = co_await http_.write(net::sse_text(openai_error_json(error, exchange_.id)));
  if (!told) co_return told;
  told = co_await http_.finish();
  co_return told;
}

}  // namespace bastide::http_api
