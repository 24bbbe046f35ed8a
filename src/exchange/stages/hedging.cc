#include "exchange/stages/hedging.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "exchange/prompt.h"
#include "exchange/stages/calling.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t first_runner = 0;

Millis wished(const Exchange& exchange, const policy::ModelCard& first) {
  return exchange.ask.hedge_after.value_or(Millis(first.hedge_after_ms));
}

bool may_run_twice(const Exchange& exchange) {
  return exchange.ask.server_tools.empty() && exchange.who.priority != identity::Priority::batch;
}

/// Nobody waits any longer, or another would say the same.
bool ends_all(const std::optional<Error>& first_failed) {
  return first_failed && (first_failed->code == Code::cancelled || first_failed->code == Code::invalid);
}

std::string detail_json(const Hedge& hedge, std::string_view won) {
  JsonWriter json;
  json.object()
      .key("hedge")
      .object()
      .field("first", hedge.first.id)
      .field("second", hedge.second.id)
      .field("after_ms", hedge.after.count())
      .field("won", won)
      .field("cancelled", hedge.lost.id);
  return json.end().end().take();
}

}  // namespace

const policy::ModelCard* Hedging::second_of(const Exchange& exchange, const policy::ModelCard& first,
                                            StageTrace& trace) const {
  if (wished(exchange, first) <= Millis(0) || exchange.failovers > 0) return nullptr;
  if (!may_run_twice(exchange)) {
    trace.reasons.emplace_back("Not hedged: this call is not safe to run twice.");
    return nullptr;
  }
  const bool leaves = rooms_.router.place(first.zone) != policy::Place::walls;
  const auto fits = [&](const policy::ModelCard& other) {
    const bool goes_out = rooms_.router.place(other.zone) != policy::Place::walls;
    return other.provider != first.provider && (leaves || !goes_out) &&
           may_leave(exchange, other, rooms_.router).has_value();
  };
  const auto& order = exchange.route.order;
  const auto found = std::ranges::find_if(order, fits);
  if (found != order.end()) return &*found;
  trace.reasons.emplace_back("Not hedged: no model of another provider may stand in for it.");
  return nullptr;
}

bool Hedging::may_ask_beside(Exchange& exchange, const policy::ModelCard& second, Millis after,
                             StageTrace& trace) const {
  const auto waited = fmt::format("It had not begun to answer after {} ms", after.count());
  if (!hedges_.take()) {
    trace.reasons.push_back(waited + "; not hedged: too many calls were.");
    return false;
  }
  if (exchange.admitted) {
    auto paid = rooms_.admission.choose_beside(exchange, second, input_bound(exchange),
                                               answer_bound(exchange, second));
    if (!paid) {
      trace.reasons.push_back(waited + "; not hedged: " + paid.error().message);
      return false;
    }
  }
  trace.reasons.push_back(waited + ": " + second.id + " was asked beside it.");
  return true;
}

Task<Result<Started>> Hedging::start(Exchange& exchange, const policy::ModelCard& first,
                                     const policy::ModelCard& second, StageTrace& trace) const {
  hedges_.add_call();
  const auto after = wished(exchange, first);
  Race race(rooms_.models, rooms_.gates, exchange.stop);
  race.add(model_call(exchange, first, rooms_.router));
  auto deadline = Deadline::in(after);
  std::optional<Error> first_failed;
  for (std::size_t running = 1;;) {
    auto news = co_await race.next(deadline);
    const bool is_first = news.runner == first_runner;
    switch (news.what) {
      case Race::News::What::late:
        deadline = {};
        if (!may_ask_beside(exchange, second, after, trace)) break;
        exchange.hedge = Hedge{first, second, after};
        race.add(model_call(exchange, second, rooms_.router));
        ++running;
        break;
      case Race::News::What::queued: {
        auto told = co_await tell_place(exchange, news.place);
        if (!told) co_return pass(told);
        break;
      }
      case Race::News::What::answers:
        if (first_failed) (void)may_fail_over(exchange, first, *first_failed, trace);
        tell_end(exchange, race, news.runner, trace);
        co_return Started{is_first ? &first : &second, race.take(news.runner)};
      case Race::News::What::failed:
        if (is_first)
          first_failed = std::move(news.error);
        else
          (void)may_fail_over(exchange, second, *news.error, trace);
        if (--running == 0 || ends_all(first_failed)) co_return std::unexpected(std::move(*first_failed));
        break;
    }
  }
}

void Hedging::tell_end(Exchange& exchange, const Race& race, std::size_t winner, StageTrace& trace) const {
  if (!exchange.hedge) return;
  auto& hedge = *exchange.hedge;
  const bool first_won = winner == first_runner;
  const auto& won = first_won ? hedge.first : hedge.second;
  const std::size_t other = first_won ? 1 : first_runner;
  if (race.runs(other)) {
    hedge.lost = first_won ? hedge.second : hedge.first;
    trace.reasons.push_back(won.id + " answered first; " + hedge.lost.id + " was cancelled.");
    if (!race.was_sent(other)) {
      hedge.lost = {};  // it still waited for its turn, and cost nothing
    } else if (const auto& told = race.usage(other)) {
      hedge.lost_usage = usage_of(*told);
    } else {
      hedge.lost_usage.input_tokens = rooms_.models.count_tokens(hedge.lost, exchange.prompt);
      hedge.lost_usage.estimated = true;
    }
  }
  trace.detail_json = detail_json(hedge, won.id);
}

}  // namespace bastide::exchange
