// What a model's name means for a call on the short way: decided once, used by every call.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/fair_gate.h"
#include "base/key_ring.h"
#include "dialects/dialect.h"
#include "gateway/alias.h"
#include "gateway/health.h"
#include "net/relay.h"
#include "policy/accounts.h"
#include "policy/route.h"
#include "policy/usage.h"

namespace bastide::gateway {

/// One provider, as calls are relayed to it. Shared by its models.
struct Upstream {
  std::string id;
  dialects::Dialect dialect = dialects::Dialect::openai;
  std::shared_ptr<const net::RelayTarget> target;
  std::string head;            // fields that every request carries: Host, User-Agent
  std::string_view key_field;  // what stands before the key, name and colon included
  KeyRing* keys = nullptr;
  FairGate* gate = nullptr;  // null: no limit on calls at once
  std::string_view
      limit_field;  // how its servers call the most that an answer may have; empty: none in the body
  Millis timeout{120'000};
  mutable Health health;
};

/// One model. Immutable but for its provider's health, and which keys it leaves alone.
struct Plan {
  policy::ModelCard card;
  std::shared_ptr<const Upstream> upstream;
  std::string upstream_json;  // the model's name as the provider knows it, a JSON string
  bool leaves_walls = true;
  policy::Word asked_word = 0;  // of its id, in the usage log
  mutable KeyRests rests;
  FairGate* gate = nullptr;
  /// How long the first byte usually takes, in microseconds: a moving average over some eight answers.
  mutable std::atomic<std::uint32_t> usual_us{0};
  /// The longest answer: what must be reserved when nobody limits it.
  [[nodiscard]] std::int64_t longest_answer() const {
    return card.output_tokens_max.value_or(card.context_tokens);
  }
  /// Prices and the model's own purse, as the accounts' `generation` has them.
  [[nodiscard]] const policy::ModelTerms& terms(policy::Accounts& accounts, policy::Moment now) const;
  /// Its server wants fields named in a way that only the stages learn: true of calls that are not passed as
  /// bytes.
  mutable std::atomic<bool> needs_stages{false};
  /// Allowed for the default label, on the same side of the walls, in the order of the configuration.
  std::vector<const Plan*> fallback;
  bool has_other_fallback = false;  // to models that only the long way reaches

 private:
  // The terms are stored before their generation: who sees a generation sees its terms, or newer ones.
  mutable std::atomic<const policy::ModelTerms*> terms_{nullptr};
  mutable std::atomic<std::uint64_t> generation_{0};
};

/// Immutable after construction; thread-safe.
class Plans {
 public:
  /// Models of providers that policy allows for the default label; the others take the long way, which says
  /// why not. A provider without a usable address is left out. `keys` and `gates` outlive it.
  Plans(const Config& config, const policy::Router& router, policy::Label default_label,
        policy::UsageLog& log, const KeyRings& keys, const FairGates& gates);
  /// Nothing when the model is not one of these.
  [[nodiscard]] const Plan* find(std::string_view model) const;
  [[nodiscard]] const Alias* alias(std::string_view name) const;
  [[nodiscard]] std::vector<const Upstream*> upstreams() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::unique_ptr<Plan>, Hash, std::equal_to<>> plans_;
  std::unordered_map<std::string, std::unique_ptr<Alias>, Hash, std::equal_to<>> aliases_;
};

}  // namespace bastide::gateway
