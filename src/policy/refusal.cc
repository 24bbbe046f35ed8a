#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "policy/account.h"

namespace bastide::policy {
namespace {

std::string money(double amount) {
  return amount == 0 || amount >= 0.01 ? fmt::format("{:.2f}", amount) : fmt::format("{:.2g}", amount);
}

std::string amount_text(Unit unit, std::int64_t amount) {
  switch (unit) {
    case Unit::money:
      return money(from_amount(unit, amount));
    case Unit::tokens:
      return fmt::format("{} tokens", amount);
    case Unit::requests:
      return fmt::format("{} requests", amount);
    case Unit::energy:
      return fmt::format("{:.4g} Wh", from_amount(unit, amount));
  }
  return {};
}

std::string_view owner(const std::string& scope) {
  if (scope.starts_with("group:")) return "The budget of a group that you are in";
  if (scope.starts_with("key:")) return "The budget of this key";
  if (scope.starts_with("assistant:")) return "The budget of this assistant";
  if (scope.starts_with("model:")) return "The budget of this model";
  if (scope == "organisation") return "The organisation's budget";
  return "Your budget";
}

std::string_view whose(const std::string& scope) {
  if (scope.starts_with("group:")) return " for a group that you are in";
  if (scope.starts_with("key:")) return " for this key";
  if (scope.starts_with("assistant:")) return " for this assistant";
  if (scope.starts_with("model:")) return " for this model";
  if (scope == "organisation") return " for the organisation";
  return "";
}

Error try_later(double wait_s, std::string message, std::string detail) {
  const auto seconds = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(wait_s)));
  return {Code::rate_limited, std::move(message), std::move(detail),
          fmt::format("Try again in {} second{}.", seconds, seconds == 1 ? "" : "s"), seconds};
}

Error budget_error(const Refusal& refusal, const std::string& scope, UnixMillis wall) {
  const auto& [budget, spent, reserved] = refusal.budget;
  const auto text = [&](std::int64_t amount) { return amount_text(budget.unit, amount); };
  const auto ends = end_of(budget.period, wall);
  const auto head = fmt::format("{} of {} for this {}", owner(scope), text(budget.most), name(budget.period));
  const auto renewed =
      fmt::format("It starts anew on {}. An administrator can raise it before.", rfc3339(ends).substr(0, 10));
  switch (refusal.why) {
    case Refusal::Why::used_up:
      return {Code::budget_exhausted, fmt::format("{} is used up: {} spent.", head, text(spent)),
              fmt::format("budget_{}", name(budget.period)), renewed, (ends - wall + 999) / 1000};
    case Refusal::Why::reserved:
      return {Code::budget_exhausted,
              fmt::format("{} is taken by calls that are running: {} spent, {} reserved.", head, text(spent),
                          text(reserved)),
              "budget_reserved", "Try again when one of them has ended.", 1};
    default:
      return {
          Code::budget_exhausted,
          fmt::format("{} has {} left, and this may take {}.", head, text(budget.most - spent),
                      text(refusal.asked)),
          "budget_bound",
          fmt::format("Ask for a shorter answer (max_tokens), shorten the question, or choose a model that "
                      "costs less. {}",
                      renewed)};
  }
}

}  // namespace

Error to_error(const Refusal& refusal, const std::string& scope, UnixMillis wall) {
  switch (refusal.why) {
    case Refusal::Why::requests_per_minute:
      return try_later(refusal.wait_s,
                       fmt::format("More than {} requests in a minute{}.", refusal.limit, whose(scope)),
                       "requests_per_minute");
    case Refusal::Why::tokens_per_minute:
      return try_later(refusal.wait_s,
                       fmt::format("More than {} tokens in a minute{}.", refusal.limit, whose(scope)),
                       "tokens_per_minute");
    case Refusal::Why::concurrent:
      return try_later(refusal.wait_s,
                       fmt::format("More than {} calls at once{}.", refusal.limit, whose(scope)),
                       "concurrent");
    default:
      return budget_error(refusal, scope, wall);
  }
}

}  // namespace bastide::policy
