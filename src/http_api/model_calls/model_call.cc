#include "http_api/model_calls/model_call.h"

#include <algorithm>
#include <array>

#include "base/id.h"
#include "base/text.h"
#include "dialects/infill.h"
#include "http_api/model_calls/dialect_stream.h"
#include "http_api/model_calls/stop_with_key.h"
#include "http_api/problem.h"

namespace bastide::http_api {
namespace {

using dialects::Dialect;
using gateway::Gateway;

constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;

/// What a call says about the house itself.
Result<void> take_options(dialects::ChatRequest& request, exchange::Ask& ask) {
  if (request.sampling.n.value_or(1) != 1)
    return fail(Code::invalid, "\"n\" must be 1: ask again for another answer.", "invalid_n");
  if (!request.previous_response_id.empty())
    return fail(Code::unsupported, "\"previous_response_id\": answers are not kept here.",
                "field:previous_response_id", "Send the items of the conversation as input.");
  if (request.background)
    return fail(Code::unsupported, "\"background\": answers are not kept here.", "field:background",
                "Wait for the answer, or let it stream.");
  if (request.bastide) {
    if (!request.bastide->assistant.empty())
      return fail(Code::not_found, "There is no such assistant.", "no_assistant");
    ask.collections = std::move(request.bastide->collections);
    if (!request.bastide->label.empty()) ask.label = std::move(request.bastide->label);
    ask.quote_only = request.bastide->quote_only;
  }
  static_cast<dialects::ChatRequest&>(ask) = std::move(request);
  return {};
}

/// `"prefix": true`, however it is spaced.
bool continues(std::string_view body) {
  constexpr std::string_view name = "\"prefix\"";
  for (auto at = body.find(name); at != std::string_view::npos; at = body.find(name, at + 1)) {
    auto rest = trim(body.substr(at + name.size()));
    if (rest.starts_with(':') && trim(rest.substr(1)).starts_with("true")) return true;
  }
  return false;
}

/// Mistral's clients call OpenAI's address: they are known by their name or by fields that only they have.
bool names_mistral(const net::Request& request) {
  return request.headers.find("user-agent").value_or("").find("mistral") != std::string_view::npos;
}
bool speaks_mistral(std::string_view body) {
  constexpr std::array<std::string_view, 3> own{"\"safe_prompt\"", "\"random_seed\"", "\"prompt_mode\""};
  return std::ranges::any_of(own, [&](auto field) { return body.find(field) != std::string_view::npos; }) ||
         continues(body);
}

/// The way through the stages, which can translate.
Task<Result<void>> exchange_call(Call& call, const dialects::Codec& codec, dialects::RequestPath path,
                                 std::string body, std::string model) {
  auto request = codec.decode_request(body, path);
  if (!request) co_return pass(request);
  if (!model.empty()) request->model = std::move(model);
  body = {};
  const auto mode = request->stream ? DialectStream::Mode::stream : DialectStream::Mode::whole;
  const bool include_usage = request->include_usage.value_or(codec.dialect() != Dialect::openai);
  exchange::Exchange exchange;
  exchange.id = new_id("ex");
  exchange.started_at = now_ms();
  exchange.who = call.who;
  exchange.ask.door = std::string(dialects::dialect_name(codec.dialect()));
  exchange.ask.language = call.language;
  if (dialects::is_infill(*request)) exchange.ask.capability = "fim";
  StopWithKey stop(call);
  exchange.stop = stop.token();
  auto taken = take_options(*request, exchange.ask);
  if (taken && !exchange.ask.collections.empty())
    taken = co_await call.blocking([&] { return resolve_collections(call, exchange.ask.collections); });
  if (!taken) co_return taken;
  DialectStream stream({call.http, codec, call.services.labels, call.services.accounts}, exchange, mode,
                       include_usage);
  exchange.sink = &stream;
  stop.on_key_over([&stream](Error error) { stream.cut(std::move(error)); });
  if (exchange.ask.store.value_or(false)) stream.lose("store", "Answers are not kept here.");
  stream.keep_alive();
  auto done = co_await call.services.pipeline.run(exchange);
  co_await stream.settle();
  if (done) {
    call.answered = true;
    co_return done;
  }
  if (stream.cut_by()) done = std::unexpected(*stream.cut_by());
  if (stream.started()) {
    call.answered = true;
    auto broken = co_await stream.break_off(in_language(done.error(), call.language));
    co_return broken;
  }
  if (done.error().code == Code::cancelled) co_return done;
  auto told = co_await call.send_error(done.error(), exchange.id, stream.rate_lines());
  co_return told;
}

}  // namespace

Result<void> resolve_collections(Call& call, std::vector<std::string>& collections) {
  for (auto& given : collections) {
    auto found = call.services.library.find_collection(call.who, given);
    if (!found) return pass(found);
    given = found->id;
  }
  return {};
}

Task<Result<void>> answer_model_call(Call& call, const dialects::Codec& spoken, dialects::RequestPath path) {
  const auto* codec = &spoken;
  const bool may_be_mistral = spoken.dialect() == Dialect::openai;
  if (may_be_mistral && names_mistral(call.request())) codec = &dialects::mistral_codec();
  auto body = co_await call.http.read_all(body_bytes_max);
  if (!body) co_return pass(body);
  Gateway::Outcome passed;
  const bool fills = &spoken == &dialects::mistral_fim_codec();
  // A list that grows (Gemini without alt=sse) is not what providers are asked for.
  if (fills || &spoken == &dialects::codec_of(spoken.dialect()))
    passed = co_await call.services.gateway.pass(call.http, call.who, codec->dialect(), *body);
  if (may_be_mistral && passed.way == Gateway::Way::long_way && codec == &spoken && speaks_mistral(*body)) {
    codec = &dialects::mistral_codec();
    passed = co_await call.services.gateway.pass(call.http, call.who, Dialect::mistral, *body);
  }
  call.answered = passed.way == Gateway::Way::answered;
  if (call.answered) co_return Result<void>{};
  if (passed.error) {
    auto told = co_await call.send_error(*passed.error, passed.exchange, std::move(passed.header_lines));
    co_return told;
  }
  auto answered =
      co_await exchange_call(call, *codec, std::move(path), std::move(*body), std::move(passed.model));
  co_return answered;
}

}  // namespace bastide::http_api
