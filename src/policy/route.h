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
  std::optional<std::int64_t> output_tokens_max;  // the longest answer; unset: the context
  std::optional<PriceConfig> price;
  std::optional<Range> parameters_active;
  std::optional<Range> parameters_total;
  std::vector<std::string> fallback;
  std::vector<std::string> aliases{};                // other names that callers may say
  std::vector<std::string> tags{};                   // what it is for
  std::vector<std::int64_t> embedding_dimensions{};  // to which its vectors may be cut
  std::int64_t hedge_after_ms = 0;                   // as ModelConfig has it
  bool answers_documents = true;                     // large enough to be believed about passages
  bool ready = true;
  std::string state;  // ready loading stopped failed missing; with `state_detail` for a person
  std::string state_detail;
  std::optional<Error> state_error{};  // why it is failed or missing

  [[nodiscard]] bool can(std::string_view capability) const;
};

/// What a caller's word for the model leaves to the router: "auto" or nothing all, "auto:TAG" those with that
/// tag.
[[nodiscard]] bool lets_choose(std::string_view model);
/// The tag of "auto:TAG"; empty for all else.
[[nodiscard]] std::string_view wanted_tag(std::string_view model);

struct RouteNeed {
  std::string model;  // an id, or a word for which lets_choose holds: the smallest sufficient
  std::vector<std::string> siblings{};  // that stand in for a named model before its fallbacks
  Label label;
  std::vector<std::string> capabilities{"chat"};
  std::int64_t context_tokens = 0;  // prompt and answer together
  bool documents = false;           // the answer must hold to passages
};

/// What became of one model of the catalogue. `allowed` is what policy says of label and place; `reason` why
/// the model was taken or not.
struct Candidate {
  std::string model;
  bool allowed = false;
  std::string reason;  // stable word: chosen allowed label_not_allowed_in_zone not_requested no_capability
                       // context_too_small not_ready too_small_for_documents unknown_zone
                       // no_tag over_budget
  std::string text;    // for a person, English
};

/// `chosen` first, then what may be failed over to, in order. Every model of the catalogue is among the
/// candidates.
struct Route {
  std::vector<ModelCard> order;
  std::vector<Candidate> candidates;
};

/// Immutable after construction; thread-safe. The rule stands in README.md. `labels` must outlive it.
class Router {
 public:
  Router(const Config& config, const Labels& labels);
  /// Whether data of `label` may go to `zone` for `model`. Unknown zones and labels: no.
  [[nodiscard]] bool allows(Label label, std::string_view zone, std::string_view model) const;
  /// A country counts as `zone` when a configured group holds it; every zone that is not known is `outside`.
  [[nodiscard]] Place place(std::string_view zone) const;
  /// Whether policy keeps data of `label` within the walls, whatever the model.
  [[nodiscard]] bool walls_only(Label label) const;
  /// "auto" and "auto:TAG" take the allowed, able, ready model with the fewest active parameters (unknown
  /// sizes last), ties by price, then id; after it come its fallbacks, then the others in that order. With
  /// `documents` only models that can be believed about passages are taken. A named model that policy does
  /// not allow is Code::refused_by_policy (detail "label_not_allowed"): never replaced in silence. A named
  /// model that is not ready gives way to its `siblings`, then its own `fallback`, each of which must be
  /// allowed too. Other
  /// errors: not_found (unknown_model), unsupported (no_capability), too_large (context_too_small),
  /// unavailable (no_model, model_not_ready, too_small_for_documents). The error's message names label and
  /// model; `candidates` is filled in either case.
  [[nodiscard]] Result<Route> route(const std::vector<ModelCard>& catalogue, const RouteNeed& need,
                                    std::vector<Candidate>& candidates) const;

 private:
  /// Where the machines of `zone` may stand; empty when the zone is not known or is the walls.
  [[nodiscard]] std::vector<std::string> countries_of(std::string_view zone) const;
  [[nodiscard]] bool covers(const std::string& allowed, std::string_view zone) const;
  [[nodiscard]] bool known(std::string_view zone) const;
  [[nodiscard]] Candidate judge(const ModelCard& model, const RouteNeed& need) const;
  [[nodiscard]] Result<std::vector<std::size_t>> order_auto(const std::vector<ModelCard>& catalogue,
                                                            const RouteNeed& need,
                                                            const std::vector<Candidate>& judged) const;
  [[nodiscard]] Result<std::vector<std::size_t>> order_named(const std::vector<ModelCard>& catalogue,
                                                             const RouteNeed& need,
                                                             const std::vector<Candidate>& judged) const;
  [[nodiscard]] Error why_not(const ModelCard& model, const Candidate& judged, const RouteNeed& need) const;

  std::vector<AllowConfig> allow_;
  std::vector<ZoneConfig> zones_;
  const Labels& labels_;
};

}  // namespace bastide::policy
