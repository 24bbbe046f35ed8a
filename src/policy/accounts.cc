#include "policy/accounts.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace bastide::policy {
namespace {

constexpr auto sweep_every = std::chrono::minutes(1);

void add_periods(std::vector<Budget>& into, Unit unit, const PeriodsConfig& periods_config) {
  const auto add = [&](Period period, const std::optional<double>& most) {
    if (most) into.push_back({unit, period, to_amount(unit, *most)});
  };
  add(Period::day, periods_config.day);
  add(Period::week, periods_config.week);
  add(Period::month, periods_config.month);
}

std::vector<Budget> budgets_of(const BudgetConfig& config) {
  std::vector<Budget> out;
  add_periods(out, Unit::money, config.money);
  add_periods(out, Unit::tokens, config.tokens);
  add_periods(out, Unit::requests, config.requests);
  add_periods(out, Unit::energy, config.energy);
  return out;
}

Limits limits_of(const LimitsConfig& config) {
  return {config.requests_per_minute, config.tokens_per_minute, config.concurrent};
}

bool same_prices(const ModelTerms& terms, const ModelCard& card) {
  return card.price.has_value() == !terms.prices.empty();
}

}  // namespace

Rules rules_of(const Config& config, const std::function<std::string(const OwnerConfig&)>& scope_of) {
  Rules rules;
  rules.each_person = {limits_of(config.limits), budgets_of(config.budget_default)};
  const auto rule_for = [&](const OwnerConfig& owner) -> Rule* {
    const auto scope = scope_of(owner);
    if (scope.empty()) return nullptr;
    const bool person = owner.of == OwnerConfig::Of::person;
    return &rules.shared.try_emplace(scope, person ? rules.each_person : Rule{}).first->second;
  };
  for (const auto& shared : config.budgets)
    if (auto* rule = rule_for(shared.owner)) {
      for (const auto& budget : budgets_of(shared.budget)) {
        std::erase_if(rule->budgets, [&](const Budget& other) {
          return other.unit == budget.unit && other.period == budget.period;
        });
        rule->budgets.push_back(budget);
      }
    }
  for (const auto& shared : config.shared_limits)
    if (auto* rule = rule_for(shared.owner)) rule->limits = limits_of(shared.limits);
  return rules;
}

Accounts::Accounts(const Config& config, Rules rules, const std::vector<Spent>& spent, Moment now,
                   EnergyOf energy_of, UsageLog* words)
    : config_(config),
      stand_in_(stand_in_price(config.models)),
      energy_of_(std::move(energy_of)),
      words_(words),
      rules_(std::move(rules)),
      opened_(Calendar::of(now.wall)) {
  for (const auto& each : spent) openings_[each.scope] = each.opening;
}

const Rule* Accounts::rule_of(const std::string& scope) const {
  const auto found = rules_.shared.find(scope);
  if (found != rules_.shared.end()) return &found->second;
  return scope.starts_with("person:") ? &rules_.each_person : nullptr;
}

Opening Accounts::opening_of(const std::string& scope, Moment now) const {
  const auto found = openings_.find(scope);
  if (found == openings_.end()) return {};
  auto opening = found->second;
  const auto calendar = Calendar::of(now.wall);
  for (std::size_t i = 0; i < periods; ++i)
    if (calendar.at[i] != opened_.at[i]) opening[i] = {};
  return opening;
}

std::shared_ptr<Purse> Accounts::purse(const std::string& scope, const Rule* rule, Moment now) {
  auto& held = purses_[scope];
  if (!held) {
    held = std::make_shared<Purse>(scope, now);
    const std::lock_guard lock(held->lock);
    held->configure(rule->limits, rule->budgets, opening_of(scope, now), now);
    warnings_->put(*held, now.wall);
  }
  return held;
}

std::shared_ptr<Account> Accounts::account(const identity::Principal& who, std::string_view assistant,
                                           Moment now) {
  const std::lock_guard lock(mutex_);
  sweep(now);
  if (assistant.empty()) assistant = who.assistant;
  std::vector<std::shared_ptr<Purse>> purses;
  const auto add = [&](std::string scope) {
    if (const auto* rule = rule_of(scope)) purses.push_back(purse(scope, rule, now));
  };
  // What a program spends is its own business: its owner's purse is for what that person asks.
  if (!who.person.empty() && who.application.empty()) add("person:" + who.person);
  if (!who.key.empty()) add("key:" + who.key);
  for (const auto& group : who.groups) add("group:" + group);
  if (!assistant.empty()) add("assistant:" + std::string(assistant));
  add("organisation");
  return std::make_shared<Account>(std::move(purses), warnings_, generation(), names_of(who, assistant));
}

Account::Names Accounts::names_of(const identity::Principal& who, std::string_view assistant) {
  std::string groups;
  const auto join = [&](const std::string& group) {
    if (groups.size() + group.size() < UsageLog::word_bytes_max)
      groups += (groups.empty() ? "" : " ") + group;
  };
  // Those that pay first: a very long list is cut at its end.
  const auto pays = [&](const std::string& group) { return rules_.shared.contains("group:" + group); };
  for (const auto& group : who.groups)
    if (pays(group)) join(group);
  for (const auto& group : who.groups)
    if (!pays(group)) join(group);
  return {word(who.person), word(who.key), word(groups), word(assistant)};
}

const ModelTerms& Accounts::model(const ModelCard& card, Moment now) {
  const std::lock_guard lock(mutex_);
  auto& current = current_terms_[card.id];
  if (current && same_prices(*current, card)) return *current;
  // Bounds what a catalogue that keeps changing can take; the terms in use stay.
  if (terms_.size() >= terms_max && current) return *current;
  auto terms = std::make_unique<ModelTerms>();
  terms->id = card.id;
  terms->stand_in = stand_in_;
  const auto configured =
      std::ranges::find_if(config_.models, [&](const ModelConfig& each) { return each.id == card.id; });
  if (configured != config_.models.end()) terms->prices = configured->prices;
  if (terms->prices.empty() && card.price) terms->prices.push_back(*card.price);
  if (terms->prices.empty()) {
    const bool own = card.local || card.zone == "walls";
    terms->basis = own ? PriceBasis::own_machine : PriceBasis::estimated;
    if (own)
      terms->stand_in = {};
    else if (unpriced_.insert(card.id).second)
      log::warn("model_without_price", {{"model", card.id}});
  }
  if (energy_of_) {
    const auto energy = energy_of_(card);
    terms->wh_per_input_token = energy.wh_per_input_token;
    terms->wh_per_output_token = energy.wh_per_output_token;
    terms->wh_per_input_token_low = energy.wh_per_input_token_low;
    terms->wh_per_output_token_low = energy.wh_per_output_token_low;
  }
  terms->model = word(card.id);
  terms->provider = word(card.provider);
  terms->zone = word(card.zone);
  const auto scope = "model:" + card.id;
  if (const auto* rule = rule_of(scope)) terms->purse = purse(scope, rule, now);
  current = terms.get();
  terms_.push_back(std::move(terms));
  return *current;
}

void Accounts::configure(Rules rules, const std::vector<Spent>& spent, Moment now) {
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
  openings_.clear();
  for (const auto& each : spent) openings_[each.scope] = each.opening;
  opened_ = Calendar::of(now.wall);
  for (auto& [scope, purse] : purses_) {
    const auto* rule = rule_of(scope);
    const std::lock_guard purse_lock(purse->lock);
    purse->configure(rule ? rule->limits : Limits{}, rule ? rule->budgets : std::vector<Budget>{},
                     opening_of(scope, now), now);
    warnings_->put(*purse, now.wall);
  }
  current_terms_.clear();
  generation_.fetch_add(1, std::memory_order_release);
}

std::vector<BudgetState> Accounts::budgets(std::string_view scope, Moment now) {
  const std::lock_guard lock(mutex_);
  const std::string name(scope);
  const auto* rule = rule_of(name);
  if (!rule) return {};
  const auto held = purse(name, rule, now);
  const std::lock_guard purse_lock(held->lock);
  return held->states(Calendar::of(now.wall));
}

std::size_t Accounts::unpriced() const {
  const std::lock_guard lock(mutex_);
  return unpriced_.size();
}

std::size_t Accounts::held() const {
  const std::lock_guard lock(mutex_);
  return purses_.size();
}

void Accounts::sweep(Moment now) {
  if (now.steady - swept_ < sweep_every) return;
  swept_ = now.steady;
  std::erase_if(purses_, [&](const auto& entry) {
    const auto& purse = entry.second;
    if (purse.use_count() > 1) return false;
    const std::lock_guard lock(purse->lock);
    return purse->is_idle(now);
  });
}

}  // namespace bastide::policy
