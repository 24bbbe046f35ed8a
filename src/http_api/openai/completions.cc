// OpenAI's door from the time before chat: a text in, what follows it out.
#include "dialects/completions.h"

#include "http_api/model_calls/choices.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using dialects::Completions;

std::unexpected<Error> beyond(std::string_view field, std::string message, std::string action) {
  return fail(Code::unsupported, "\"" + std::string(field) + "\": " + std::move(message),
              "field:" + std::string(field), std::move(action));
}

/// What a provider may know to do with the call's bytes, and the stages do not.
Result<void> check_stages(const Completions& asked) {
  if (asked.scores_only)
    return beyond("max_tokens", "this model scores no text without writing more.",
                  "Let it write one token at least.");
  if (asked.echo && asked.request.sampling.logprobs.value_or(false))
    return beyond("echo", "this model does not tell how likely the prompt is.",
                  "Leave out \"echo\" or \"logprobs\".");
  if (asked.best_of > asked.choices)
    return beyond("best_of", "all answers that are written are told.", "Ask for as many with \"n\".");
  if (static_cast<std::int64_t>(asked.prompts.size()) * asked.choices > answers_max)
    return fail(Code::too_large, "One call has 64 answers at most: its prompts times \"n\".", "too_large",
                "Send several calls.");
  if (asked.request.bastide && !asked.request.bastide->collections.empty())
    return beyond("bastide.collections", "a text is not answered from documents.",
                  "Ask /v1/chat/completions.");
  return {};
}

/// Its answers, each an exchange.
Task<Result<void>> answer_in_stages(Call& call, Completions asked, std::string member) {
  auto allowed = check_stages(asked);
  if (!allowed) co_return allowed;
  dialects::Echo echo;
  if (asked.echo) echo = {asked.prompts, asked.choices};
  const auto codec = dialects::make_completions_codec(std::move(echo));
  ChoicesCall wanted{*codec, asked.choices, asked.request.stream,
                     asked.request.include_usage.value_or(false)};
  for (std::size_t i = 0; i < asked.prompts.size(); ++i)
    wanted.prompts.push_back(dialects::messages_of(asked, i));
  wanted.ask.door = dialects::dialect_name(codec->dialect());
  wanted.ask.language = call.language;
  wanted.ask.traceparent = call.request().headers.find("traceparent").value_or("");
  wanted.ask.capability = asked.suffix.empty() ? "completions" : "fim";
  wanted.ask.siblings = call.services.gateway.members_of(asked.request.model);
  if (!member.empty()) asked.request.model = std::move(member);
  auto taken = take_options(asked.request, wanted.ask);
  if (!taken) co_return taken;
  auto answered = co_await answer_choices(call, std::move(wanted));
  co_return answered;
}

Task<Result<void>> completions(Call& call) {
  using gateway::Gateway;
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto asked = dialects::read_completions(*body);
  if (!asked) co_return pass(asked);
  Gateway::Outcome passed;
  // The short way reserves for one prompt.
  if (asked->prompts.size() == 1 && asked->best_of == 1)
    passed = co_await call.services.gateway.pass(call.http, call.who, dialects::Dialect::openai, *body);
  call.answered = passed.way == Gateway::Way::answered;
  if (call.answered) co_return Result<void>{};
  if (passed.error) {
    auto told = co_await call.send_error(*passed.error, passed.exchange, std::move(passed.header_lines));
    co_return told;
  }
  *body = {};
  if (passed.model.empty()) passed.model = call.services.gateway.member_of(asked->request.model);
  auto answered = co_await answer_in_stages(call, std::move(*asked), std::move(passed.model));
  co_return answered;
}

}  // namespace

void add_completion_routes(Routes& routes) {
  routes.add({"POST", "/v1/completions", Access::person, completions});
}

}  // namespace bastide::http_api
