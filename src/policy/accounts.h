// All purses of the house, and the accounts that join them for each caller.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "identity/principal.h"
#include "policy/account.h"
#include "policy/route.h"
#include "policy/usage.h"

namespace bastide::policy {

struct Rule {
  Limits limits;
  std::vector<Budget> budgets;
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// What the configuration allows, by scope.
struct Rules {
  Rule each_person;
  std::unordered_map<std::string, Rule> shared;  // by scope: a person's here stand in for each_person's
  friend bool operator==(const Rules&, const Rules&) = default;
};

/// `scope_of` finds the scope of an owner that the configuration names ("group:ID"); empty when there is none
/// today, and then its entry holds for nobody.
[[nodiscard]] Rules rules_of(const Config& config,
                             const std::function<std::string(const OwnerConfig&)>& scope_of);

/// What a token of a model takes, in Wh: upper estimates, and lower ones.
struct TokenEnergy {
  double wh_per_input_token = 0;
  double wh_per_output_token = 0;
  double wh_per_input_token_low = 0;
  double wh_per_output_token_low = 0;
};

/// Thread-safe; nothing here blocks on more than memory.
class Accounts {
 public:
  using EnergyOf = std::function<TokenEnergy(const ModelCard&)>;
  /// `words`, `config` and what `energy_of` refers to must outlive it. `words` null: nothing is named for the
  /// usage log.
  Accounts(const Config& config, Rules rules, const std::vector<Spent>& spent, Moment now,
           EnergyOf energy_of = {}, UsageLog* words = nullptr);

  /// The account of a caller: person (but for a key that was made for an application), key, groups,
  /// organisation, and the assistant that is asked. A few microseconds: keep it as long as `generation`
  /// stands and the principal is the same.
  [[nodiscard]] std::shared_ptr<Account> account(const identity::Principal& who,
                                                 std::string_view assistant = {}, Moment now = Moment::now());
  /// The terms of a model, which live as long as this. Keep them as long as `generation` stands.
  [[nodiscard]] const ModelTerms& model(const ModelCard& card, Moment now = Moment::now());

  /// New rules, at once: what is spent and reserved stays counted. `spent` opens the budgets that are new.
  void configure(Rules rules, const std::vector<Spent>& spent, Moment now);
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  [[nodiscard]] std::vector<Warning> take_warnings() { return warnings_->take(); }
  /// Budgets of one scope; empty when it has none.
  [[nodiscard]] std::vector<BudgetState> budgets(std::string_view scope, Moment now = Moment::now());
  /// Models outside the walls that were met without a price: each is logged once, its cost is an estimate.
  [[nodiscard]] std::size_t unpriced() const;
  /// Purses in memory. Those with nothing to remember are let go as new ones come.
  [[nodiscard]] std::size_t held() const;

 private:
  std::shared_ptr<Purse> purse(const std::string& scope, const Rule* rule, Moment now);
  [[nodiscard]] const Rule* rule_of(const std::string& scope) const;
  [[nodiscard]] Opening opening_of(const std::string& scope, Moment now) const;
  void sweep(Moment now);
  [[nodiscard]] Word word(std::string_view text) { return words_ ? words_->word(text) : 0; }
  [[nodiscard]] Account::Names names_of(const identity::Principal& who, std::string_view assistant);

  static constexpr std::size_t terms_max = 10'000;
  const Config& config_;
  const PriceConfig stand_in_;
  const EnergyOf energy_of_;
  UsageLog* const words_;
  const std::shared_ptr<WarningBox> warnings_ = std::make_shared<WarningBox>();
  std::atomic<std::uint64_t> generation_{1};
  mutable std::mutex mutex_;
  Rules rules_;
  std::unordered_map<std::string, Opening> openings_;  // of scopes without a purse yet
  Calendar opened_;
  std::unordered_map<std::string, std::shared_ptr<Purse>> purses_;
  std::vector<std::unique_ptr<ModelTerms>> terms_;  // every one that was ever given out
  std::unordered_map<std::string, ModelTerms*> current_terms_;
  std::set<std::string> unpriced_;
  Steady::time_point swept_{};
};

}  // namespace bastide::policy
