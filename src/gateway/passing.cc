#include "gateway/passing.h"

#include <algorithm>

#include "dialects/completions.h"
#include "dialects/infill.h"
#include "policy/rate_headers.h"

namespace bastide::gateway {
namespace {
constexpr std::size_t callers_kept = 4096;
}

Desk& desk() {
  thread_local Desk one;
  return one;
}

const Caller& caller_of(policy::Accounts& accounts, const identity::Principal& who, policy::Moment now) {
  auto& kept = desk();
  if (std::exchange(kept.of, &accounts) != &accounts || kept.callers.size() >= callers_kept)
    kept.callers.clear();
  auto& caller = kept.callers[who.key.empty() ? who.person : who.key];
  if (caller.account && caller.account->generation() == accounts.generation() &&
      caller.person == who.person && caller.groups == who.groups)
    return caller;
  caller = {who.person, who.groups, accounts.account(who, {}, now)};
  for (const auto& budgets : caller.account->budgets(now))
    caller.has_token_budget |= std::ranges::any_of(
        budgets.states, [](const auto& state) { return state.budget.unit == policy::Unit::tokens; });
  return caller;
}

policy::UsageWriter& writer_of(policy::UsageLog& log) {
  auto& kept = desk();
  if (std::exchange(kept.log, &log) != &log) kept.writer = &log.writer();
  return *kept.writer;
}

// Texts that go on and gaps have no newer name for it, wherever they are asked.
std::string_view Gateway::Passing::limit_field(const Plan& to) const {
  const bool is_chat = &codec != &dialects::completions_codec() && &codec != &dialects::mistral_fim_codec();
  return is_chat || to.upstream->limit_field.empty() ? to.upstream->limit_field : "max_tokens";
}

// Gemini's clients know none: they get those of OpenAI, as Mistral's do.
std::string rate_lines(policy::Account& account, dialects::Dialect dialect, policy::Moment now) {
  using policy::RateStyle;
  return policy::rate_headers(
      account, dialect == dialects::Dialect::anthropic ? RateStyle::anthropic : RateStyle::openai, now);
}

}  // namespace bastide::gateway
