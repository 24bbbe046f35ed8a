// Routing: which models a question may go to, and which it takes. The only place that says what may go where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "identity/principal.h"
#include "policy/labels.h"

namespace bastide::policy {

/// Where a model's machine stands, seen from the organisation.
enum class Place { walls, zone, outside };

/// What is known of a model that can be called now or soon. Values, made by the models room.
struct ModelCard {
  std::string id;
  std::string name;
  std::string provider;
  std::string upstream;
  std::string zone;  // "walls", an ISO country or a configured group
  bool local = false;
  std::vector<std::string> capabilities;  // chat tools vision embeddings ...
  std::int64_t context_tokens = 8192;
  std::optional<PriceConfig> price;
  std::optional<Range> parameters_active;
  std::optional<Range> parameters_total;
  std::vector<std::string> fallback;
  bool answers_documents = true;  // large enough to be believed about passages
  bool ready = true;
  std::string state;  // ready loading stopped failed missing; with `state_detail` for a person
  std::string state_detail;

  [[nodiscard]] bool can(std::string_view capability) const;
};

struct RouteNeed {
  std::string model;  // an id, or "auto" / empty for the smallest sufficient
  Label label;
  std::vector<std::string> capabilities{"chat"};
  std::int64_t context_tokens = 0;  // prompt and answer together
  bool documents = false;           // the answer must hold to passages
};

struct Candidate {
  std::string model;
  bool allowed = false;
  std::string reason;  // stable word: chosen allowed label_not_allowed_in_zone not_requested no_capability
                       // context_too_small not_ready too_small_for_documents unknown_zone
  std::string text;    // for a person, English
};

/// `chosen` first, then what may be failed over to, in order. Every model of the catalogue is among the candidates.
struct Route {
  std::vector<ModelCard> order;
  std::vector<Candidate> candidates;
};

/// Immutable after construction; thread-safe.
class Router {
 public:
  Router(const Config& config, const Labels& labels);
  /// Whether data of `label` may go to `zone` for `model`. Unknown zones: no.
  [[nodiscard]] bool allows(Label label, std::string_view zone, std::string_view model) const;
  [[nodiscard]] Place place(std::string_view zone) const;
  /// "auto" takes the allowed, able, ready model with the fewest active parameters (unknown sizes last), ties by
  /// price, then id. A named model that policy does not allow is Code::refused_by_policy: never replaced in silence.
  /// The error's message names label and model; `candidates` is filled in either case.
  [[nodiscard]] Result<Route> route(const std::vector<ModelCard>& catalogue, const RouteNeed& need,
                                    std::vector<Candidate>& candidates) const;

 private:
  std::vector<AllowConfig> allow_;
  std::vector<ZoneConfig> zones_;
  const Labels& labels_;
};

}  // namespace bastide::policy
