#include "policy/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace bastide::policy {
namespace {

constexpr std::string_view walls = "walls";

bool wants_auto(const RouteNeed& need) { return lets_choose(need.model); }

std::string_view zone_of(const ModelCard& model) {
  return model.local ? walls : std::string_view(model.zone);
}

std::string where(const ModelCard& model) {
  const auto zone = zone_of(model);
  return zone == walls ? "within the walls" : fmt::format("in the zone \"{}\"", zone);
}

/// Smallest first: the order in which "auto" prefers models.
auto size_key(const ModelCard& model) {
  constexpr double unknown = std::numeric_limits<double>::infinity();
  const double parameters =
      model.parameters_active ? (model.parameters_active->low + model.parameters_active->high) / 2 : unknown;
  const double own_machine = 0;
  const double price = model.price   ? model.price->input + model.price->output
                       : model.local ? own_machine
                                     : unknown;
  return std::tuple(parameters, price, std::string_view(model.id));
}

bool usable(const Candidate& judged) { return judged.reason == "allowed"; }

}  // namespace

bool lets_choose(std::string_view model) {
  return model.empty() || model == "auto" || !wanted_tag(model).empty();
}

std::string_view wanted_tag(std::string_view model) {
  constexpr std::string_view prefix = "auto:";
  return model.starts_with(prefix) ? model.substr(prefix.size()) : std::string_view();
}

bool ModelCard::can(std::string_view capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

Router::Router(const Config& config, const Labels& labels)
    : allow_(config.allow), zones_(config.zones), labels_(labels) {}

std::vector<std::string> Router::countries_of(std::string_view zone) const {
  for (const auto& group : zones_)
    if (group.id == zone) return group.countries;
  if (is_country(zone)) return {std::string(zone)};
  return {};
}

bool Router::known(std::string_view zone) const { return zone == walls || !countries_of(zone).empty(); }

bool Router::covers(const std::string& allowed, std::string_view zone) const {
  if (allowed == walls || zone == walls) return allowed == zone;
  const auto inside = countries_of(allowed);
  const auto asked = countries_of(zone);
  if (asked.empty()) return false;
  return std::ranges::all_of(
      asked, [&](const std::string& country) { return std::ranges::find(inside, country) != inside.end(); });
}

bool Router::allows(Label label, std::string_view zone, std::string_view model) const {
  if (label.rank < 0 || label > labels_.highest() || !known(zone)) return false;
  const auto& id = labels_.id(label);
  bool has_entry = false;
  for (const auto& allow : allow_) {
    if (allow.label != id) continue;
    has_entry = true;
    if (!allow.models.empty() && std::ranges::find(allow.models, model) == allow.models.end()) continue;
    if (std::ranges::any_of(allow.zones, [&](const std::string& each) { return covers(each, zone); }))
      return true;
  }
  return !has_entry && zone == walls;
}

bool Router::walls_only(Label label) const {
  const auto& id = labels_.id(label);
  return std::ranges::none_of(allow_, [&](const AllowConfig& allow) {
    return allow.label == id &&
           std::ranges::any_of(allow.zones, [](const auto& zone) { return zone != walls; });
  });
}

Place Router::place(std::string_view zone) const {
  if (zone == walls) return Place::walls;
  for (const auto& group : zones_)
    if (group.id == zone || std::ranges::find(group.countries, zone) != group.countries.end())
      return Place::zone;
  return Place::outside;
}

Candidate Router::judge(const ModelCard& model, const RouteNeed& need) const {
  const auto zone = zone_of(model);
  Candidate judged{model.id, false, {}, {}};
  const auto because = [&](const char* reason, std::string text) {
    judged.reason = reason;
    judged.text = std::move(text);
    return judged;
  };
  if (!known(zone))
    return because("unknown_zone",
                   fmt::format("It is not known where its machines stand (zone \"{}\").", zone));
  if (!allows(need.label, zone, model.id))
    return because("label_not_allowed_in_zone",
                   fmt::format("Policy does not let \"{}\" data go to this model, {}.",
                               labels_.id(need.label), where(model)));
  judged.allowed = true;
  const auto tag = wanted_tag(need.model);
  if (!tag.empty() && std::ranges::find(model.tags, tag) == model.tags.end())
    return because("no_tag", "It has not the tag that was asked for.");
  for (const auto& capability : need.capabilities)
    if (!model.can(capability))
      return because("no_capability", fmt::format("It has no capability \"{}\".", capability));
  if (need.context_tokens > model.context_tokens)
    return because("context_too_small", fmt::format("It reads {} tokens; {} are needed.",
                                                    model.context_tokens, need.context_tokens));
  if (need.documents && !model.answers_documents)
    return because("too_small_for_documents", "It is too small to be believed about documents.");
  if (!model.ready)
    return because("not_ready", model.state_detail.empty() ? fmt::format("It is not ready ({}).", model.state)
                                                           : model.state_detail);
  return because("allowed",
                 fmt::format("Allowed for \"{}\" data, {}.", labels_.id(need.label), where(model)));
}

Error Router::why_not(const ModelCard& model, const Candidate& judged, const RouteNeed& need) const {
  const auto& label = labels_.id(need.label);
  if (!judged.allowed)
    return {
        Code::refused_by_policy,
        fmt::format("Data labelled \"{}\" may not go to the model \"{}\", which stands {}. Nothing was sent.",
                    label, model.id, where(model)),
        "label_not_allowed",
        "Choose a model that the label allows, or ask an administrator to allow this one."};
  if (judged.reason == "no_capability")
    return {Code::unsupported, fmt::format("The model \"{}\" cannot do this. {}", model.id, judged.text),
            judged.reason, "Choose another model."};
  if (judged.reason == "context_too_small")
    return {Code::too_large, fmt::format("This is too long for the model \"{}\". {}", model.id, judged.text),
            judged.reason, "Shorten it, or choose a model with a longer context."};
  if (judged.reason == "too_small_for_documents")
    return {Code::unavailable,
            fmt::format("The model \"{}\" is too small to be believed about documents.", model.id),
            judged.reason, "Choose a larger model, or take quotes only."};
  return error_with({{"model", model.id}, {"why", judged.text}}, Code::unavailable,
                    "The model \"{model}\" is not ready. {why}", "model_not_ready",
                    "Try again in a moment, or choose another model.");
}

Result<std::vector<std::size_t>> Router::order_named(const std::vector<ModelCard>& catalogue,
                                                     const RouteNeed& need,
                                                     const std::vector<Candidate>& judged) const {
  const auto position = [&](std::string_view id) {
    return static_cast<std::size_t>(std::ranges::find(catalogue, id, &ModelCard::id) - catalogue.begin());
  };
  const std::size_t named = position(need.model);
  if (named == catalogue.size()) {
    constexpr std::size_t shown_bytes_max = 100;
    return fail(Code::not_found,
                fmt::format("There is no model \"{}\".", need.model.substr(0, shown_bytes_max)),
                "unknown_model", "Choose one of the models that are listed.");
  }
  std::vector<std::size_t> order;
  if (usable(judged[named])) order.push_back(named);
  if (usable(judged[named]) || judged[named].reason == "not_ready")
    for (const auto* others : {&need.siblings, &catalogue[named].fallback})
      for (const auto& next : *others) {
        const std::size_t at = position(next);
        const bool taken = at == catalogue.size() || std::ranges::find(order, at) != order.end();
        if (!taken && usable(judged[at])) order.push_back(at);
      }
  if (order.empty()) return std::unexpected(why_not(catalogue[named], judged[named], need));
  return order;
}

Result<std::vector<std::size_t>> Router::order_auto(const std::vector<ModelCard>& catalogue,
                                                    const RouteNeed& need,
                                                    const std::vector<Candidate>& judged) const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < catalogue.size(); ++i)
    if (usable(judged[i])) order.push_back(i);
  if (!order.empty()) {
    std::ranges::sort(order, {}, [&](std::size_t i) { return size_key(catalogue[i]); });
    // What an administrator named as the chosen model's fallback goes before what only size would say.
    const auto& fallback = catalogue[order.front()].fallback;
    std::sort(order.begin() + 1, order.end(), [&](std::size_t x, std::size_t y) {
      const auto key = [&](std::size_t i) {
        return std::tuple(std::ranges::find(fallback, catalogue[i].id), size_key(catalogue[i]));
      };
      return key(x) < key(y);
    });
    return order;
  }
  // Nothing is left: of the models that can do it at all, the obstacle that is nearest to an answer.
  const auto tag = wanted_tag(need.model);
  const auto has_tag = [&](const ModelCard& model) {
    return tag.empty() || std::ranges::find(model.tags, tag) != model.tags.end();
  };
  if (!tag.empty() && std::ranges::none_of(catalogue, has_tag))
    return fail(Code::not_found, fmt::format("No model has the tag \"{}\".", tag.substr(0, 100)), "no_tag",
                "Choose a model, or a tag that the configuration gives.");
  const auto able = [&](const ModelCard& model) {
    return has_tag(model) &&
           std::ranges::all_of(need.capabilities, [&](const auto& each) { return model.can(each); });
  };
  if (std::ranges::none_of(catalogue, able))
    return fail(
        Code::unavailable,
        fmt::format("There is no model that can do this ({}).", fmt::join(need.capabilities, ", ")),
        "no_model",
        "An administrator can add one: `bastide model pull NAME`, or a [[provider]] and a [[model]].");
  for (const std::string_view reason : {"not_ready", "context_too_small", "too_small_for_documents"})
    for (std::size_t i = 0; i < catalogue.size(); ++i)
      if (able(catalogue[i]) && judged[i].reason == reason)
        return std::unexpected(why_not(catalogue[i], judged[i], need));
  return fail(
      Code::refused_by_policy,
      fmt::format("No model may receive data labelled \"{}\". Nothing was sent.", labels_.id(need.label)),
      "label_not_allowed",
      "Lower the label if it is too high, or ask an administrator for a model that the label allows.");
}

Result<Route> Router::route(const std::vector<ModelCard>& catalogue, const RouteNeed& need,
                            std::vector<Candidate>& candidates) const {
  candidates.clear();
  for (const auto& model : catalogue) candidates.push_back(judge(model, need));
  auto order =
      wants_auto(need) ? order_auto(catalogue, need, candidates) : order_named(catalogue, need, candidates);
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    if (order && i == order->front()) {
      candidates[i].reason = "chosen";
      candidates[i].text = wants_auto(need) ? "The smallest model that is allowed and can do it."
                           : catalogue[i].id == need.model
                               ? "It was asked for."
                               : fmt::format("It stands in for \"{}\", which is not ready.", need.model);
    } else if (usable(candidates[i]) && (!order || std::ranges::find(*order, i) == order->end())) {
      candidates[i].reason = "not_requested";
      candidates[i].text = "Another model was asked for.";
    }
  }
  if (!order) return pass(order);
  Route route;
  for (const std::size_t i : *order) route.order.push_back(catalogue[i]);
  route.candidates = candidates;
  return route;
}

}  // namespace bastide::policy
