#include "gateway/gateway.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/crypto.h"
#include "base/id.h"
#include "base/search.h"
#include "base/text.h"
#include "base/time.h"
#include "dialects/completions.h"
#include "dialects/infill.h"
#include "gateway/key_watch.h"
#include "gateway/passing.h"
#include "gateway/texts.h"

namespace bastide::gateway {
namespace {

constexpr std::size_t tries_max = 4;
constexpr Millis retry_window{10'000};               // a call is not tried again later than this
constexpr std::int64_t answer_tokens_likely = 1024;  // what limits per minute count when the caller sets none
constexpr std::int64_t cap_min = 256;
constexpr std::size_t masked_bytes_max = 64 * 1024;  // of text on a loop; more is the stages', on a pool

/// Between a twentieth and a quarter of a second, so that calls that failed together do not come back
/// together.
Millis jitter() {
  std::uint16_t random = 0;
  fill_random(&random, sizeof(random));
  return Millis(50 + random % 200);
}

// Where the conversation begins in the bytes of a call: what stands before differs from call to call.
std::string_view prompt_of(std::string_view body) {
  auto from = body.size();
  for (const std::string_view key : {"\"messages\"", "\"system\"", "\"input\"", "\"contents\"", "\"prompt\""})
    from = std::min(from, find_bytes(body.substr(0, from), key));
  return body.substr(std::min(from, body.size()));
}

// What is asked at `path`. Its own codec where the body is none of a conversation.
const dialects::Codec& codec_at(std::string_view path, dialects::Dialect dialect) {
  if (path == "/v1/fim/completions") return dialects::mistral_fim_codec();
  if (path == "/v1/completions") return dialects::completions_codec();
  return dialects::codec_of(dialect);
}

// Chat needs no word for it: who names a model knows what it can do.
bool can_answer(const policy::ModelCard& card, const dialects::Codec& codec) {
  if (&codec == &dialects::mistral_fim_codec()) return card.can("fim");
  return &codec != &dialects::completions_codec() || card.can("completions");
}

// Two models at once are the stages' matter. A model that nobody stands in for pays nothing for the question.
bool may_be_hedged(const Plan& plan, const Alias* alias, const identity::Principal& who,
                   const net::Headers& headers) {
  const bool has_other = !plan.card.fallback.empty() || (alias && alias->members().size() > 1);
  if (!has_other || who.priority == identity::Priority::batch) return false;
  const auto wish = headers.find(hedge_header);
  return wish ? *wish != "0" : plan.card.hedge_after_ms > 0;
}

bool may_call(const identity::Principal& who, const std::string& model) {
  return who.models.empty() || std::ranges::find(who.models, model) != who.models.end();
}

}  // namespace

Gateway::Gateway(const Config& config, const policy::Router& router, const policy::Labels& labels,
                 Rooms rooms)
    : rooms_(rooms),
      plans_(config, router, labels.default_label(), rooms.log, rooms.keys, rooms.gates),
      label_(rooms.log.word(labels.id(labels.default_label()))),
      chosen_(rooms.log.word("chosen")),
      fallback_(rooms.log.word("fallback")),
      cached_(rooms.log.word("cached")),
      cache_everyone_(labels.id(labels.default_label()) == "public" ? "everyone" : ""),
      cache_(config.cache.on ? std::make_unique<AnswerCache>(config.cache) : nullptr),
      cached_models_(config.cache.models),
      counters_(std::make_unique<Counters>(rooms.metrics)) {
  if (cache_)
    rooms.metrics.gauge("bastide_answer_cache_bytes", "What the cache of answers holds.",
                        [this] { return static_cast<double>(cache_->bytes()); });
  for (const auto why : {Alias::Why::turn, Alias::Why::prefix, Alias::Why::least_busy})
    pool_reasons_[static_cast<std::size_t>(why)] = rooms.log.word(name_of(why));
  for (std::size_t i = 0; i < doors_.size(); ++i)
    doors_[i] = rooms.log.word(dialects::dialect_name(static_cast<dialects::Dialect>(i)));
  for (const auto* upstream : plans_.upstreams())
    rooms.metrics.gauge(
        "bastide_gateway_provider_open", "1 while a provider is left alone because it failed.",
        [upstream] { return upstream->health.is_open() ? 1.0 : 0.0; }, "provider=\"" + upstream->id + "\"");
}

Gateway::~Gateway() = default;

std::string Gateway::member_of(std::string_view name) const {
  const auto* alias = plans_.find(name) ? nullptr : plans_.alias(name);
  return alias ? alias->choose({}).member->id : std::string();
}

std::vector<std::string> Gateway::members_of(std::string_view name) const {
  std::vector<std::string> out;
  if (const auto* alias = plans_.find(name) ? nullptr : plans_.alias(name))
    for (const auto& member : alias->members()) out.push_back(member.id);
  return out;
}

Gateway::Sight Gateway::look(const identity::Principal& who, const Plan& plan, std::string_view body,
                             std::size_t readable_bytes) const {
  // A key may leave the guard out within the walls, never on the way out of them.
  if (!plan.leaves_walls && who.guard == identity::GuardPolicy::off) return {Sight::Says::pass};
  auto text = desk().texts.read(body, readable_bytes);
  if (!text) return {};
  auto verdict = rooms_.guard.inspect(*text);
  if (verdict.decision == "allow") return {Sight::Says::pass};
  if (verdict.decision != "mask") return {};
  if (!plan.leaves_walls) return {Sight::Says::pass, verdict.types};
  if (text->size() > masked_bytes_max) return {};
  return {Sight::Says::mask, verdict.types, std::move(verdict.places)};
}

Task<Gateway::Outcome> Gateway::pass(net::ServerCall& http, const identity::Principal& who,
                                     dialects::Dialect dialect, const std::string& body) const {
  const auto readable = body.capacity();
  auto head = desk().scanner.head_of_request(dialect, http.request().path, body, readable);
  if (!head) co_return Outcome{};
  const auto* plan = plans_.find(head->model);
  const auto* alias = plan ? nullptr : plans_.alias(head->model);
  Outcome elsewhere;
  if (alias) {
    auto choice = alias->choose(prompt_of(body));
    elsewhere.model = choice.member->id;
    elsewhere.why = choice.why;
    elsewhere.place = std::move(choice.place);
    plan = choice.member->plan;
  }
  // What it names of ours must be put into it first.
  if (head->has_bastide || head->names_file || !http.can_relay()) co_return elsewhere;
  if (!plan) co_return elsewhere;
  if (!who.assistant.empty() || !may_call(who, plan->card.id)) co_return elsewhere;
  if (may_be_hedged(*plan, alias, who, http.request().headers)) co_return elsewhere;
  const auto& codec = codec_at(http.request().path, dialect);
  if (!can_answer(plan->card, codec)) co_return elsewhere;
  const auto sight = look(who, *plan, body, readable);
  if (sight.says == Sight::Says::stages) co_return elsewhere;
  Passing passing{who, dialect, body, *head, new_id("ex"), codec, plan, plan, alias, elsewhere.why};
  passing.found_types = sight.types;
  if (sight.says == Sight::Says::mask && !mask(passing, sight)) co_return elsewhere;
  if (!translate(passing, *plan)) co_return elsewhere;
  if (rooms_.traces)
    passing.trace = rooms_.traces->begin(http.request().headers.find("traceparent").value_or(""));
  if (cache_ && !passing.restorer && finds_answer(passing, http.request().headers)) {
    auto told = co_await replay(http, passing);
    co_return told;
  }
  auto admitted = admit(passing);
  if (!admitted) co_return refuse(passing, std::move(admitted.error()));
  counters_->calls.add();
  auto outcome = co_await send(http, passing);
  if (outcome.way == Way::long_way) co_return elsewhere;
  co_return outcome;
}

policy::Amounts Gateway::bound_of(const Passing& passing, const Plan& plan,
                                  std::int64_t answer_tokens) const {
  const auto& head = passing.head;
  return plan.terms(rooms_.accounts, passing.begun)
      .bound(head.input_tokens_max, answer_tokens * head.choices, passing.begun.wall);
}

Result<void> Gateway::admit(Passing& passing) const {
  passing.begun = policy::Moment::now();
  const auto& caller = caller_of(rooms_.accounts, passing.who, passing.begun);
  passing.account = caller.account;
  if (rooms_.log.full())
    return fail(Code::overloaded, "What was spent cannot be stored just now.", "ledger_full",
                "Try again in a moment. If it stays, an administrator should look at the disk.");
  const auto& head = passing.head;
  const auto& plan = *passing.plan;
  const auto& terms = plan.terms(rooms_.accounts, passing.begun);
  const bool is_limited = head.max_tokens > 0;
  // Only a budget in tokens needs all of an answer that nobody limits: limits per minute settle afterwards.
  const bool counts_tokens = is_limited || caller.has_token_budget || terms.purse;
  const auto longest = is_limited ? head.max_tokens : plan.longest_answer();
  for (auto most = longest;; most = std::max(cap_min, most / 2)) {
    auto bound = bound_of(passing, plan, most);
    if (!counts_tokens)
      bound.tokens = head.input_tokens_max + std::min(most, answer_tokens_likely) * head.choices;
    auto admitted = passing.account->admit(bound, passing.begun, &terms);
    if (admitted) {
      passing.reservation = *admitted;
      if (most < longest) passing.cap = most;
      return {};
    }
    const bool can_tell =
        passing.neutral || (!passing.limit_field(plan).empty() &&
                            passing.body.find(passing.limit_field(plan)) == std::string::npos);
    const bool may_cap =
        !is_limited && admitted.error().code == Code::budget_exhausted && most > cap_min && can_tell;
    if (!may_cap) return std::unexpected(std::move(admitted.error()));
  }
}

Gateway::Outcome Gateway::refuse(Passing& passing, Error error) const {
  settle(passing, nullptr, {http_status(error.code), error.detail});
  return {Way::refused,
          passing.exchange,
          std::move(error),
          rate_lines(*passing.account, passing.dialect, passing.begun),
          {}};
}

Task<Gateway::Outcome> Gateway::send(net::ServerCall& http, Passing& passing) const {
  struct Cut final : KeyWatched {
    Cut(net::ServerCall& call, const identity::KeyTable& keys, const std::string& key)
        : KeyWatched(keys, key), http(call) {}
    void on_key_over() override { http.break_off(over()); }
    net::ServerCall& http;
  };
  const Cut cut(http, rooms_.callers, passing.who.key);
  auto order = order_of(passing);
  retries_.add_call();
  // A provider that fails more than others is asked after them, but now and then first, or it never recovers.
  if (order.size() > 1 && order[0]->upstream->health.prefers_rest())
    std::ranges::rotate(order, order.begin() + 1);
  Turn turn{Turn::What::failed,
            Error{Code::upstream, "The provider is not answering just now.", "provider_open", "Try again."},
            {}};
  constexpr int rounds_max = 2;
  for (int round = 0; round < rounds_max; ++round) {
    if (round > 0) {
      const bool may_help = turn.what == Turn::What::failed && !passing.asked->has_other_fallback &&
                            Steady::now() - passing.begun.steady < retry_window;
      if (!may_help || !retries_.take()) break;
      co_await sleep_for(jitter());
      counters_->retries.add();
    }
    for (const auto* plan : order) {
      auto& health = plan->upstream->health;
      const bool is_last = plan == order.back();
      if (!health.may_try() && !is_last) continue;
      if (auto paid = choose(passing, *plan); !paid) {
        turn.error = std::move(paid.error());
        continue;
      }
      turn = co_await ask_with_keys(
          http, passing, *plan,
          is_last ? KeyRing::Urgency::nobody_else : KeyRing::Urgency::others_may_answer);
      if (turn.what == Turn::What::answered) co_return Outcome{Way::answered, passing.exchange, {}, {}, {}};
      if (turn.what == Turn::What::failed)
        health.failed(Steady::now());
      else if (turn.what != Turn::What::busy && turn.what != Turn::What::key_over)
        health.succeeded();
      if (!turn.is_failure()) break;
      if (is_last) break;
      counters_->failovers.add();
      ++passing.failovers;
    }
    if (!turn.is_failure()) break;
  }
  if (turn.what == Turn::What::needs_stages || (turn.is_failure() && passing.asked->has_other_fallback)) {
    // The stages find a model that cannot be relayed to, and read a stream where the caller asked for a whole
    // answer. The caller got nothing yet, and nothing was counted.
    passing.account->settle(passing.reservation, {}, policy::Moment::now());
    co_return Outcome{};
  }
  if (turn.error) co_return refuse(passing, std::move(*turn.error));
  // The provider's own refusal, in the dialect that the client speaks.
  auto& kept = *turn.kept;
  settle(passing, nullptr, {kept.status, "provider_rejected"});
  net::Headers headers{{"content-type", "application/json"}, {"x-bastide-exchange", passing.exchange}};
  if (auto wait = kept.headers.find("retry-after")) headers.add("retry-after", std::string(*wait));
  headers.add_lines(rate_lines(*passing.account, passing.dialect, passing.begun));
  auto sent = co_await http.send({kept.status, std::move(headers), std::move(kept.body)});
  (void)sent;  // the client left meanwhile
  co_return Outcome{Way::answered, passing.exchange, {}, {}, {}};
}

std::vector<const Plan*> Gateway::order_of(const Passing& passing) {
  std::vector<const Plan*> order{passing.asked};
  const auto add = [&](const Plan* other) {
    if (other && order.size() < tries_max && may_call(passing.who, other->card.id) &&
        other->leaves_walls == passing.asked->leaves_walls && can_answer(other->card, passing.codec) &&
        std::ranges::find(order, other) == order.end())
      order.push_back(other);
  };
  if (passing.alias)
    for (const auto& member : passing.alias->members()) add(member.plan);
  for (const auto* other : passing.asked->fallback) add(other);
  return order;
}

Result<void> Gateway::choose(Passing& passing, const Plan& plan) const {
  if (passing.plan == &plan) return {};
  const auto& terms = plan.terms(rooms_.accounts, passing.begun);
  const auto most = passing.head.max_tokens > 0 ? passing.head.max_tokens
                    : passing.cap > 0           ? passing.cap
                                                : plan.longest_answer();
  auto paid =
      passing.account->choose(passing.reservation, terms, bound_of(passing, plan, most), passing.begun);
  if (paid) passing.plan = &plan;
  return paid;
}

}  // namespace bastide::gateway
