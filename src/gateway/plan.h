// What a model's name means for a call that passes as bytes: decided once, used by every call.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/key_ring.h"
#include "dialects/dialect.h"
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
  /// Prices and the model's own purse, as the accounts' `generation` has them.
  [[nodiscard]] const policy::ModelTerms& terms(policy::Accounts& accounts, policy::Moment now) const;
  /// Same dialect, allowed for the default label, in the order of the configuration.
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
  /// why not. A provider without a usable address is left out. `keys` outlive it.
  Plans(const Config& config, const policy::Router& router, policy::Label default_label,
        policy::UsageLog& log, const KeyRings& keys);
  /// Nothing when the model is not one of these.
  [[nodiscard]] const Plan* find(std::string_view model) const;
  [[nodiscard]] std::vector<const Upstream*> upstreams() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::unique_ptr<Plan>, Hash, std::equal_to<>> plans_;
};

}  // namespace bastide::gateway
