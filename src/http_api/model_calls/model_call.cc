#include "http_api/model_calls/model_call.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/id.h"
#include "base/text.h"
#include "dialects/infill.h"
#include "http_api/model_calls/choices.h"
#include "http_api/model_calls/dialect_stream.h"
#include "http_api/model_calls/left_files.h"
#include "http_api/model_calls/stop_with_key.h"
#include "http_api/problem.h"

namespace bastide::http_api {
namespace {

using dialects::Dialect;
using gateway::Gateway;

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

/// Keeps a response for the calls that follow.
class ResponseKeeper final : public AnswerKeeper {
 public:
  ResponseKeeper(responses::Responses& room, const responses::Begun& begun) : room_(room), begun_(begun) {}
  Task<Result<void>> keep(const dialects::ChatAnswer& answer, const exchange::Exchange& exchange) override {
    // Of an answer that was broken off nobody was told that it is whole.
    if (exchange.finish == exchange::Finish::cancelled) co_return Result<void>{};
    auto kept = co_await room_.keep(exchange.who.person, begun_, answer, exchange.label);
    co_return kept;
  }

 private:
  responses::Responses& room_;
  const responses::Begun& begun_;
};

/// A call whose body was read in its dialect.
struct StagedCall {
  const dialects::Codec& codec;
  dialects::ChatRequest request;
  std::optional<responses::Begun> response{};  // of a call that goes on from kept ones, or is kept
  std::optional<exchange::StageTrace> pool{};  // which of the models of one name was taken, and why
  std::vector<std::string> siblings{};         // all of that name
};

bool keeps(const StagedCall& staged) {
  return staged.response && staged.response->keep == responses::Begun::Keep::yes;
}

DialectStream::Said said_of(const StagedCall& staged) {
  const auto& request = staged.request;
  DialectStream::Said said;
  said.mode = request.stream ? DialectStream::Mode::stream : DialectStream::Mode::whole;
  said.include_usage = request.include_usage.value_or(staged.codec.dialect() != Dialect::openai);
  if (keeps(staged) && !staged.response->wants_sealed) said.sealed = DialectStream::Sealed::hidden;
  if (staged.response) said.repeated = staged.response->repeated;
  return said;
}

/// What the caller's head says of hedging; nothing when it says nothing.
Result<std::optional<Millis>> hedge_wish(const net::Request& request) {
  constexpr std::int64_t longest_ms = 600'000;
  const auto field = request.headers.find(gateway::hedge_header);
  if (!field) return std::nullopt;
  std::int64_t after_ms = -1;
  const auto* end = field->data() + field->size();
  const auto read = std::from_chars(field->data(), end, after_ms);
  if (read.ec != std::errc() || read.ptr != end || after_ms < 0 || after_ms > longest_ms)
    return fail(Code::invalid,
                "The header x-bastide-hedge-after-ms is a whole number of milliseconds, 600000 at most.",
                "invalid_header", "Say 0 for a call that one model alone may answer.");
  return Millis(after_ms);
}

/// Several answers to one call.
Task<Result<void>> choices_call(Call& call, StagedCall staged) {
  auto& request = staged.request;
  const auto said = said_of(staged);
  ChoicesCall wanted{staged.codec, request.sampling.n.value_or(1), said.mode == DialectStream::Mode::stream,
                     said.include_usage};
  if (wanted.count < 1 || wanted.count > choices_max || staged.response)
    co_return fail(Code::invalid, "\"n\" must be a number from 1 to 16.", "invalid_n");
  if (request.bastide && !request.bastide->collections.empty())
    co_return fail(Code::unsupported, "\"n\": from documents one answer is given.", "field:n",
                   "Ask again for another answer.");
  request.sampling.n.reset();
  wanted.ask.door = dialects::dialect_name(staged.codec.dialect());
  wanted.ask.language = call.language;
  wanted.ask.traceparent = call.request().headers.find("traceparent").value_or("");
  if (dialects::is_infill(request)) wanted.ask.capability = "fim";
  auto hedge_after = hedge_wish(call.request());
  if (!hedge_after) co_return pass(hedge_after);
  wanted.ask.hedge_after = *hedge_after;
  wanted.ask.siblings = std::move(staged.siblings);
  if (auto taken = take_options(request, wanted.ask); !taken) co_return taken;
  auto answered = co_await answer_choices(call, std::move(wanted));
  co_return answered;
}

/// The way through the stages, which can translate.
Task<Result<void>> exchange_call(Call& call, StagedCall staged) {
  if (names_left_file(staged.request)) {
    const auto& services = call.services;
    auto put = co_await call.blocking(
        [&] { return put_left_files(services.files, services.read_text, call.who.person, staged.request); });
    if (!put) co_return put;
  }
  if (staged.request.sampling.n.value_or(1) != 1) {
    auto answered = co_await choices_call(call, std::move(staged));
    co_return answered;
  }
  const auto& codec = staged.codec;
  auto* request = &staged.request;
  auto said = said_of(staged);
  exchange::Exchange exchange;
  exchange.id = new_id("ex");
  exchange.started_at = now_ms();
  exchange.who = call.who;
  exchange.ask.door = std::string(dialects::dialect_name(codec.dialect()));
  exchange.ask.language = call.language;
  exchange.ask.traceparent = call.request().headers.find("traceparent").value_or("");
  if (dialects::is_infill(*request)) exchange.ask.capability = "fim";
  auto hedge_after = hedge_wish(call.request());
  if (!hedge_after) co_return pass(hedge_after);
  exchange.ask.hedge_after = *hedge_after;
  exchange.ask.siblings = std::move(staged.siblings);
  if (staged.pool) exchange.trace.push_back(std::move(*staged.pool));
  StopWithKey stop(call);
  exchange.stop = stop.token();
  auto taken = take_options(*request, exchange.ask);
  if (taken && !exchange.ask.collections.empty())
    taken = co_await call.blocking([&] { return resolve_collections(call, exchange.ask.collections); });
  if (!taken) co_return taken;
  if (staged.response) responses::go_on_from(*staged.response, exchange.id, exchange.ask);
  DialectStream stream({call.http, codec, call.services.labels, call.services.accounts}, exchange,
                       std::move(said));
  exchange.sink = &stream;
  std::optional<ResponseKeeper> keeper;
  if (keeps(staged)) stream.keep_with(keeper.emplace(call.services.responses, *staged.response));
  stop.on_key_over([&stream](Error error) { stream.cut(std::move(error)); });
  if (exchange.ask.store.value_or(false) && !keeper) stream.lose("store", "Answers are not kept here.");
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

/// What the gateway left. A coroutine of its own: a call that streams as bytes does not hold what only this
/// needs.
Task<Result<void>> long_way(Call& call, const dialects::Codec& codec, dialects::RequestPath path,
                            std::string body, Gateway::Outcome passed) {
  auto request = codec.decode_request(body, path);
  if (!request) co_return pass(request);
  body = {};
  StagedCall staged{codec, std::move(*request)};
  if (!passed.model.empty()) {
    staged.siblings = call.services.gateway.members_of(staged.request.model);
    staged.pool = {"pool", passed.model, {gateway::sentence_of(passed.why)}, {}, 0};
    staged.request.model = std::move(passed.model);
  }
  auto answered = co_await exchange_call(call, std::move(staged));
  co_return answered;
}

}  // namespace

Result<void> take_options(dialects::ChatRequest& request, exchange::Ask& ask) {
  if (request.background)
    return fail(Code::unsupported, "What runs in the background is kept until it is asked for.",
                "field:background", "Leave \"store\" out, or wait for the answer.");
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

Result<void> resolve_collections(Call& call, std::vector<std::string>& collections) {
  for (auto& given : collections) {
    auto found = call.services.library.find_collection(call.who, given);
    if (!found) return pass(found);
    given = found->id;
  }
  return {};
}

Task<Result<void>> answer_response_call(Call& call, responses::Begun begun, std::string model) {
  const auto& codec = dialects::responses_codec();
  auto request = codec.decode_request(begun.body, {});
  if (!request) co_return pass(request);
  begun.body = {};
  if (!model.empty()) request->model = std::move(model);
  auto answered = co_await exchange_call(call, {codec, std::move(*request), std::move(begun)});
  co_return answered;
}

Task<Result<void>> answer_model_call(Call& call, const dialects::Codec& spoken, dialects::RequestPath path,
                                     std::optional<std::string> given) {
  if (!given) given = call.http.take_whole(model_call_bytes_max);
  if (!given) {
    auto read = co_await call.http.read_all(model_call_bytes_max);
    if (!read) co_return pass(read);
    given = std::move(*read);
  }
  auto& body = *given;
  const auto* codec = &spoken;
  const bool may_be_mistral = spoken.dialect() == Dialect::openai;
  if (may_be_mistral && names_mistral(call.request())) codec = &dialects::mistral_codec();
  Gateway::Outcome passed;
  const bool fills = &spoken == &dialects::mistral_fim_codec();
  // A list that grows (Gemini without alt=sse) is not what providers are asked for.
  if (fills || &spoken == &dialects::codec_of(spoken.dialect()))
    passed = co_await call.services.gateway.pass(call.http, call.who, codec->dialect(), body);
  if (may_be_mistral && passed.way == Gateway::Way::long_way && codec == &spoken && speaks_mistral(body)) {
    codec = &dialects::mistral_codec();
    passed = co_await call.services.gateway.pass(call.http, call.who, Dialect::mistral, body);
  }
  call.answered = passed.way == Gateway::Way::answered;
  if (call.answered) co_return Result<void>{};
  if (passed.error) {
    auto told = co_await call.send_error(*passed.error, passed.exchange, std::move(passed.header_lines));
    co_return told;
  }
  auto answered = co_await long_way(call, *codec, std::move(path), std::move(body), std::move(passed));
  co_return answered;
}

}  // namespace bastide::http_api
