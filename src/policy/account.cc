#include "policy/account.h"

#include <algorithm>
#include <functional>

namespace bastide::policy {
namespace {

constexpr std::size_t warnings_max = 10'000;

Purse* purse_of(const ModelTerms* terms) { return terms ? terms->purse.get() : nullptr; }

}  // namespace

const PriceConfig& ModelTerms::price(UnixMillis wall) const {
  const auto* found = price_at(prices, wall);
  return found ? *found : stand_in;
}

bool ModelTerms::is_estimated(UnixMillis wall) const {
  return basis == PriceBasis::estimated || (basis == PriceBasis::configured && !price_at(prices, wall));
}

Amounts ModelTerms::bound(std::int64_t input_tokens, std::int64_t output_tokens, UnixMillis wall,
                          std::int64_t audio_ms, std::int64_t characters) const {
  const double wh = static_cast<double>(input_tokens) * wh_per_input_token +
                    static_cast<double>(output_tokens) * wh_per_output_token;
  return {.nano_money = cost_bound(price(wall), input_tokens, output_tokens, audio_ms, characters),
          .tokens = input_tokens + output_tokens,
          .requests = 1,
          .micro_wh = wh > 0 ? to_amount(Unit::energy, wh) : 0};
}

Amounts ModelTerms::spent(const TokenClasses& tokens, UnixMillis wall, Batch batch) const {
  const double wh = static_cast<double>(tokens.input) * wh_per_input_token +
                    static_cast<double>(tokens.output) * wh_per_output_token;
  return {.nano_money = cost(price(wall), tokens, batch),
          .tokens = tokens.total(),
          .requests = 1,
          .micro_wh = wh > 0 ? to_amount(Unit::energy, wh) : 0};
}

std::int64_t ModelTerms::micro_wh_low(const TokenClasses& tokens) const {
  const double wh = static_cast<double>(tokens.input) * wh_per_input_token_low +
                    static_cast<double>(tokens.output) * wh_per_output_token_low;
  return static_cast<std::int64_t>(wh * per_unit(Unit::energy));  // down, as spent is up
}

void ModelTerms::describe(UsageRow& row, UnixMillis wall) const {
  row.model = model;
  row.provider = provider;
  row.zone = zone;
  if (is_estimated(wall)) row.flags |= usage_flag::cost_estimated;
  if (basis == PriceBasis::own_machine) row.flags |= usage_flag::own_machine;
}

void WarningBox::put(Purse& locked_purse, UnixMillis wall) {
  const std::lock_guard lock(mutex_);
  if (warnings_.size() < warnings_max) locked_purse.take_warnings(warnings_, wall);
}

std::vector<Warning> WarningBox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(warnings_, {});
}

/// Holds the locks of the account's purses and of up to two models', in the order that all keep to.
class Account::Locked {
 public:
  Locked(const Account& account, Purse* one, Purse* other) : account_(account), models_{one, other} {
    if (models_[0] == models_[1]) models_[1] = nullptr;
    if (std::less<>{}(models_[1], models_[0])) std::swap(models_[0], models_[1]);
    for (const auto& purse : account_.purses_) purse->lock.lock();
    for (auto* purse : models_)
      if (purse) purse->lock.lock();
  }
  ~Locked() {
    for (const auto& purse : account_.purses_) purse->lock.unlock();
    for (auto* purse : models_)
      if (purse) purse->lock.unlock();
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  const Account& account_;
  std::array<Purse*, 2> models_;
};

Account::Account(std::vector<std::shared_ptr<Purse>> purses, std::shared_ptr<WarningBox> warnings,
                 std::uint64_t generation, Names names)
    : purses_([&] {
        std::ranges::sort(purses, std::less<>{}, [](const auto& purse) { return purse.get(); });
        return std::move(purses);
      }()),
      warnings_(std::move(warnings)),
      generation_(generation),
      names_(names) {}

Result<Reservation> Account::admit(const Amounts& bound, Moment now, const ModelTerms* terms) {
  const auto calendar = Calendar::of(now.wall);
  auto* model = purse_of(terms);
  std::optional<Refusal> refusal;
  const Purse* refuser = nullptr;
  {
    const Locked locked(*this, model, nullptr);
    const auto ask = [&](Purse& purse) {
      if (!refusal && (refusal = purse.refuses(bound, Purse::Phase::start, now, calendar))) refuser = &purse;
    };
    for (const auto& purse : purses_) ask(*purse);
    if (model) ask(*model);
    if (!refusal) {
      for (const auto& purse : purses_) purse->take(bound, Purse::Phase::start, now, calendar);
      if (model) model->take(bound, Purse::Phase::start, now, calendar);
    }
  }
  if (refusal) return std::unexpected(to_error(*refusal, refuser->scope(), now.wall));
  return Reservation{bound, terms, calendar, true};
}

Result<void> Account::choose(Reservation& reservation, const ModelTerms& terms, const Amounts& bound,
                             Moment now) {
  auto* before = purse_of(reservation.terms);
  auto* after = terms.purse.get();
  const Amounts money{.nano_money = bound.nano_money, .micro_wh = bound.micro_wh};
  const Amounts money_before{.nano_money = reservation.held.nano_money,
                             .micro_wh = reservation.held.micro_wh};
  std::optional<Refusal> refusal;
  const Purse* refuser = nullptr;
  {
    const Locked locked(*this, before, after);
    for (const auto& purse : purses_)
      purse->give_back(money_before, Purse::Phase::go_on, now, reservation.admitted);
    if (before) before->give_back(reservation.held, Purse::Phase::start, now, reservation.admitted);
    reservation.terms = nullptr;
    reservation.held.nano_money = reservation.held.micro_wh = 0;
    Amounts whole = reservation.held;
    whole.nano_money = money.nano_money;
    whole.micro_wh = money.micro_wh;
    const auto& calendar = reservation.admitted;
    for (const auto& purse : purses_)
      if (!refusal && (refusal = purse->refuses(money, Purse::Phase::go_on, now, calendar)))
        refuser = purse.get();
    if (after && !refusal && (refusal = after->refuses(whole, Purse::Phase::start, now, calendar)))
      refuser = after;
    if (!refusal) {
      for (const auto& purse : purses_) purse->take(money, Purse::Phase::go_on, now, calendar);
      if (after) after->take(whole, Purse::Phase::start, now, calendar);
      reservation.held = whole;
      reservation.terms = &terms;
    }
  }
  if (refusal) return std::unexpected(to_error(*refusal, refuser->scope(), now.wall));
  return {};
}

void Account::settle(Reservation& reservation, const Amounts& actual, Moment now) {
  if (!reservation.open) return;
  reservation.open = false;
  auto* model = purse_of(reservation.terms);
  const Locked locked(*this, model, nullptr);
  const auto end = [&](Purse& purse) {
    if (purse.settle(reservation.held, actual, now, reservation.admitted)) warnings_->put(purse, now.wall);
  };
  for (const auto& purse : purses_) end(*purse);
  if (model) end(*model);
}

void Account::describe(UsageRow& row) const {
  row.person = names_.person;
  row.key = names_.key;
  row.groups = names_.groups;
  row.assistant = names_.assistant;
}

RateState Account::rate_state(Moment now) {
  RateState narrowest;
  for (const auto& purse : purses_) {
    const std::lock_guard lock(purse->lock);
    purse->rate_state(narrowest, now);
  }
  return narrowest;
}

std::vector<Account::Budgets> Account::budgets(Moment now) {
  std::vector<Budgets> out;
  const auto calendar = Calendar::of(now.wall);
  for (const auto& purse : purses_) {
    const std::lock_guard lock(purse->lock);
    out.push_back({purse->scope(), purse->states(calendar)});
  }
  return out;
}

}  // namespace bastide::policy
