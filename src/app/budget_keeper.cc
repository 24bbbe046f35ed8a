#include "app/budget_keeper.h"

#include "base/json.h"
#include "base/log.h"

namespace bastide::app {
namespace {
constexpr Millis pause{1000};
}

std::string scope_of(const OwnerConfig& owner, identity::Identity& identity) {
  using Of = OwnerConfig::Of;
  const auto by_reader = [&](const std::string& reader, std::string_view kind) {
    auto id = identity.reader_id(reader);
    return id ? std::string(kind) + id->substr(2) : std::string();
  };
  switch (owner.of) {
    case Of::person:
      return by_reader("user:" + owner.name, "person:");
    case Of::group:
      return by_reader("group:" + owner.name, "group:");
    case Of::key:
      return "key:" + owner.name;
    case Of::assistant:
      return "assistant:" + owner.name;
    case Of::model:
      return "model:" + owner.name;
    case Of::organisation:
      return "organisation";
  }
  return {};
}

BudgetKeeper::BudgetKeeper(Rooms rooms)
    : rooms_(rooms),
      rules_(policy::rules_of(rooms_.config,
                              [this](const OwnerConfig& owner) { return scope_of(owner, rooms_.identity); })),
      identity_changes_(rooms_.identity.changes()),
      thread_([this] { work(); }) {}

BudgetKeeper::~BudgetKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void BudgetKeeper::work() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    follow_rules();
    keep_warnings();
    if (untold_) tell_kept();
    lock.lock();
  }
}

/// A group that the configuration names may be made, renamed or removed at any time.
void BudgetKeeper::follow_rules() {
  const auto changes = rooms_.identity.changes();
  if (changes == identity_changes_) return;
  identity_changes_ = changes;
  auto rules = policy::rules_of(
      rooms_.config, [this](const OwnerConfig& owner) { return scope_of(owner, rooms_.identity); });
  if (rules == rules_) return;
  const auto now = policy::Moment::now();
  auto spent = rooms_.log.spent(now.wall);
  if (!spent) {
    log::error("budgets_not_followed", {{"code", code_name(spent.error().code)}});
    --identity_changes_;  // again in a second
    return;
  }
  rules_ = rules;
  rooms_.accounts.configure(std::move(rules), *spent, now);
}

void BudgetKeeper::keep_warnings() {
  const auto warnings = rooms_.accounts.take_warnings();
  if (warnings.empty()) return;
  auto fresh = rooms_.reports.keep(warnings, now_ms());
  if (!fresh) {
    log::error("budget_warnings_not_kept", {{"code", code_name(fresh.error().code)}});
    return;
  }
  for (const auto& warning : *fresh) {
    const auto& [budget, spent, reserved] = warning.state;
    log::warn("budget_nearly_spent", {{"scope", warning.scope},
                                      {"unit", policy::name(budget.unit)},
                                      {"period", policy::name(budget.period)}});
    JsonWriter json;
    json.object()
        .field("unit", policy::name(budget.unit))
        .field("period", policy::name(budget.period))
        .field("spent", policy::from_amount(budget.unit, spent))
        .field("limit", policy::from_amount(budget.unit, budget.most));
    auto told = rooms_.audit.append("budget_nearly_spent", "", warning.scope, json.end().take());
    if (!told) log::error("budget_warning_not_logged", {{"code", code_name(told.error().code)}});
    tell({warning.scope, budget, spent, warning.period_begin, now_ms()});
  }
}

void BudgetKeeper::tell(const policy::KeptWarning& warning) {
  const auto told = rooms_.notices.tell(warning);
  if (told) return;
  log::error("budget_notice_not_kept", {{"code", code_name(told.error().code)}});
  untold_ = true;  // again in a second
}

void BudgetKeeper::tell_kept() {
  constexpr std::size_t warnings_max = 10'000;
  const auto kept = rooms_.reports.warnings({}, warnings_max);
  if (!kept) {
    log::error("budget_warnings_not_read", {{"code", code_name(kept.error().code)}});
    return;
  }
  untold_ = false;
  const auto now = now_ms();
  for (const auto& each : *kept)
    if (each.begins_at == policy::begin_of(each.budget.period, now)) tell(each);
}

}  // namespace bastide::app
