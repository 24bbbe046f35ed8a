#include "http_api/model_calls/door_work.h"

#include <algorithm>

#include "base/json.h"
#include "dialects/configured.h"
#include "http_api/model_calls/stop_with_key.h"
#include "policy/rate_headers.h"

namespace bastide::http_api {
namespace {

std::string rate_lines(const Call& call) {
  using policy::RateStyle;
  const auto now = policy::Moment::now();
  return policy::rate_headers(*call.services.accounts.account(call.who, {}, now), RateStyle::openai, now);
}

/// The exchange and its label within an answer of a caller who spoke to the house in the call.
void tell_house(std::string& body, const exchange::Exchange& exchange, const policy::Labels& labels) {
  if (!body.ends_with('}')) return;
  JsonWriter json;
  json.object().field("exchange", exchange.id).field("label", labels.id(exchange.label)).end();
  body.pop_back();
  if (!body.ends_with('{')) body += ',';
  body += "\"bastide\":" + json.text() + "}";
}

Result<void> take_options(WorkAsk& ask, exchange::Ask& into) {
  if (ask.bastide && (!ask.bastide->collections.empty() || ask.bastide->quote_only))
    return fail(Code::unsupported, "This call reads no documents.", "field:bastide.collections",
                "Leave the field out.");
  if (ask.bastide && !ask.bastide->assistant.empty())
    return fail(Code::not_found, "There is no such assistant.", "no_assistant");
  if (ask.bastide && !ask.bastide->label.empty()) into.label = ask.bastide->label;
  into.door = dialects::dialect_name(ask.dialect);
  into.capability = ask.capability;
  into.model = std::move(ask.model);
  into.sampling.max_tokens = ask.answer_tokens_max;
  into.audio_ms_max = ask.audio_ms_max;
  into.characters = ask.characters;
  into.messages.reserve(ask.texts.size());
  for (auto& text : ask.texts)
    into.messages.push_back(dialects::text_message(dialects::Role::user, std::move(text)));
  return {};
}

}  // namespace

std::optional<dialects::Dialect> DoorWork::spoken_by(const policy::ModelCard& model) const {
  const auto& providers = call_.services.config.providers;
  const auto found = std::ranges::find(providers, model.provider, &ProviderConfig::id);
  if (model.local || found == providers.end()) return std::nullopt;
  return dialects::spoken(found->dialect);
}

Task<Result<exchange::Usage>> DoorWork::ask(policy::ModelCard model, std::vector<exchange::Message> messages,
                                            std::stop_token) {
  std::vector<std::string> texts;
  // The guard may have put a word to models that write before them.
  for (auto& message : messages)
    if (message.role == dialects::Role::user) texts.push_back(dialects::text_of(message.parts));
  messages.clear();
  const bool inside = model.id.empty() || services().router.place(model.zone) == policy::Place::walls;
  auto done = co_await call(std::move(model), inside ? Leaves::no : Leaves::yes, std::move(texts));
  if (!done) co_return pass(done);
  co_return exchange_.usage;
}

Result<void> DoorWork::lose(dialects::Losses losses) {
  auto said = dialects::refuse_losses(losses);
  exchange_.losses = std::move(losses);
  return said;
}

Task<Result<std::unique_ptr<exchange::ProviderAnswer>>> DoorWork::send(policy::ModelCard model,
                                                                       std::string path, std::string body,
                                                                       std::string content_type) {
  exchange::ProviderCall sent;
  sent.model = std::move(model);
  sent.path = std::move(path);
  sent.body = std::move(body);
  sent.content_type = std::move(content_type);
  auto answer = co_await services().models.send(std::move(sent), exchange_.stop);
  co_return answer;
}

Result<void> DoorWork::refuse_unread(Leaves leaves, std::string_view field) const {
  const auto& guard = call_.services.config.guard;
  if (leaves == Leaves::no || (!guard.pseudonymise_outside && guard.block_outside.empty())) return {};
  return fail(Code::refused_by_policy,
              "\"" + std::string(field) +
                  "\" cannot be searched for personal data, so it may not leave the organisation's machines.",
              "field:" + std::string(field), "Send texts, or choose a model within the walls.");
}

void DoorWork::count(const std::optional<dialects::ToldUsage>& told) {
  if (!told) return;
  exchange_.usage = exchange::usage_of(told->tokens);
  exchange_.usage.audio_ms = told->audio_ms;
}

void DoorWork::bill_sound(const policy::ModelCard& model, const std::optional<dialects::ToldUsage>& told,
                          std::int64_t assumed_ms) {
  constexpr std::int64_t ms_a_token = 40;  // providers count 10 to 25 tokens a second
  auto& usage = exchange_.usage;
  usage = {};
  count(told);
  if (usage.audio_ms == 0 && usage.input_tokens == 0) {
    usage.audio_ms = assumed_ms;
    usage.estimated = true;
  }
  if (usage.input_tokens > 0 || !model.price || model.price->audio_minute) return;
  usage.estimated = true;
  usage.input_tokens = usage.audio_input_tokens = usage.audio_ms / ms_a_token;
}

net::Headers DoorWork::headers() const {
  net::Headers out{{"x-bastide-exchange", exchange_.id}, {"cache-control", "no-store"}};
  if (auto warning = dialects::warning_of(exchange_.losses); !warning.empty())
    out.add("x-bastide-warning", warning);
  out.add_lines(rate_lines(call_));
  return out;
}

dialects::Dialect dialect_of_client(const Call& call) {
  const auto agent = call.request().headers.find("user-agent").value_or("");
  return agent.find("mistral") != std::string_view::npos ? dialects::Dialect::mistral
                                                         : dialects::Dialect::openai;
}

Task<Result<void>> run_work(Call& call, WorkAsk ask, DoorWork& work) {
  auto& exchange = work.exchange_;
  exchange.started_at = now_ms();
  exchange.who = call.who;
  exchange.ask.language = call.language;
  exchange.ask.traceparent = call.request().headers.find("traceparent").value_or("");
  StopWithKey stop(call);
  std::optional<Error> key_over;
  stop.on_key_over([&key_over](Error error) { key_over = std::move(error); });
  exchange.stop = stop.token();
  const bool speaks_to_house = ask.bastide.has_value();
  if (auto member = call.services.gateway.member_of(ask.model); !member.empty())
    ask.model = std::move(member);
  auto taken = take_options(ask, exchange.ask);
  if (!taken) co_return taken;
  auto done = co_await call.services.pipeline.run(exchange, work);
  if (!done && key_over) done = std::unexpected(std::move(*key_over));
  if (call.answered || (!done && done.error().code == Code::cancelled)) co_return done;
  if (!done) {
    auto told = co_await call.send_error(done.error(), exchange.id, rate_lines(call));
    co_return told;
  }
  auto& whole = work.whole_;
  if (speaks_to_house && whole.content_type == "application/json")
    tell_house(whole.body, exchange, call.services.labels);
  auto headers = work.headers();
  headers.add("content-type", std::move(whole.content_type));
  call.answered = true;
  auto sent = co_await call.http.send({200, std::move(headers), std::move(whole.body)});
  co_return sent;
}

}  // namespace bastide::http_api
