// [[label]], [policy], [budget].
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/config_reader.h"

namespace bastide::detail {
namespace {

constexpr double money_most = 1e12;

std::vector<std::string> label_ids(const Config& config) {
  std::vector<std::string> ids;
  for (const auto& label : config.labels) ids.push_back(label.id);
  return ids;
}

void read_shared_budget(ConfigTable& table, Config& config) {
  using Of = SharedBudgetConfig::Of;
  static constexpr std::array<std::pair<std::string_view, Of>, 3> kinds{
      {{"group", Of::group}, {"key", Of::key}, {"assistant", Of::assistant}}};
  // TOML lets [budget.default] after a [[budget]] stand inside the last of them; it is meant for all.
  if (table.is_table("default")) {
    auto all = table.table("default");
    all->number("month", config.budget_default.month, 0, money_most);
    all->finish();
  }
  SharedBudgetConfig budget;
  for (const auto& [key, of] : kinds) {
    std::string name;
    table.text(key, name, "a name");
    if (name.empty()) continue;
    if (!budget.name.empty()) return table.wrong(key, "stands beside another owner: a [[budget]] has one.");
    budget.of = of;
    budget.name = std::move(name);
    table.call_it(budget.name);
  }
  table.number("month", budget.month, 0, money_most, ConfigTable::Need::required);
  if (budget.name.empty()) table.wrong("month", "needs an owner beside it: group, key or assistant.");
  table.finish();
  config.budgets.push_back(std::move(budget));
}

/// A label without an entry stays within the walls; where a higher one may leave them, that is seldom what
/// was meant.
void warn_of_gaps(ConfigTable& policy, const Config& config) {
  const auto entries = [&](const LabelConfig& label, bool outside_only) {
    return std::ranges::any_of(config.allow, [&](const AllowConfig& allow) {
      return allow.label == label.id &&
             (!outside_only ||
              std::ranges::any_of(allow.zones, [](const auto& zone) { return zone != "walls"; }));
    });
  };
  for (std::size_t i = 0; i < config.labels.size(); ++i) {
    if (entries(config.labels[i], false)) continue;
    for (std::size_t above = i + 1; above < config.labels.size(); ++above) {
      if (!entries(config.labels[above], true)) continue;
      policy.warn("allow",
                  fmt::format("has no entry for \"{}\", though \"{}\" above it may leave the walls: \"{}\" "
                              "stays within them.",
                              config.labels[i].id, config.labels[above].id, config.labels[i].id));
      break;
    }
  }
}

}  // namespace

std::vector<LabelConfig> standard_labels() {
  return {{"public", "Public", "Public"},
          {"internal", "Interne", "Internal"},
          {"confidential", "Confidentiel", "Confidential"},
          {"secret", "Secret", "Secret"}};
}

void read_labels(ConfigTable& root, Config& config) {
  const auto standard = standard_labels();
  for (auto& table : root.tables("label")) {
    LabelConfig label;
    table.id("id", label.id, ConfigTable::Need::required);
    if (!label.id.empty()) table.call_it(label.id);
    for (const auto& other : config.labels)
      if (other.id == label.id) table.wrong("id", fmt::format("\"{}\" is given twice.", label.id));
    label.name_fr = label.name_en = label.id;
    for (const auto& known : standard)
      if (known.id == label.id) label = known;
    table.text("name_fr", label.name_fr, "a name in French");
    table.text("name_en", label.name_en, "a name in English");
    table.finish();
    config.labels.push_back(std::move(label));
  }
  constexpr std::size_t labels_max = 100;
  if (config.labels.size() > labels_max) root.wrong("label", "stands more than 100 times.");
  if (config.labels.empty()) config.labels = standard;
}

void read_policy(ConfigTable& root, Config& config) {
  const auto labels = label_ids(config);
  const auto known_label = [&](ConfigTable& table, std::string_view key, const std::string& label) {
    if (!label.empty() && std::ranges::find(labels, label) == labels.end())
      table.wrong(key, fmt::format("names the label \"{}\", which no [[label]] has{}", label,
                                   suggestion(label, labels)));
  };
  const bool has_internal = std::ranges::find(labels, "internal") != labels.end();
  if (has_internal) config.default_label = "internal";
  auto policy = root.table("policy");
  if (!policy) {
    if (!has_internal)
      root.wrong("label",
                 "changes the labels: name the one that holds when nobody chose, as [policy] default_label = "
                 "\"...\".");
    return;
  }
  policy->text("default_label", config.default_label, "the label that holds when nobody chose one",
               has_internal ? ConfigTable::Need::optional : ConfigTable::Need::required);
  known_label(*policy, "default_label", config.default_label);
  for (auto& table : policy->tables("allow")) {
    AllowConfig allow;
    table.text("label", allow.label, "the id of a [[label]]", ConfigTable::Need::required);
    if (!allow.label.empty()) table.call_it(allow.label);
    known_label(table, "label", allow.label);
    table.words("zones", allow.zones, R"(["walls", "FR"])");
    if (!table.has("zones"))
      table.wrong("zones", R"(is missing: it is a list of zones such as ["walls", "FR"].)");
    for (const auto& zone : allow.zones) check_zone(table, "zones", zone, config);
    table.words("models", allow.models, R"(["fast"])");
    if (table.has("models") && allow.models.empty())
      table.wrong("models", "is an empty list: leave it out for every model of those zones.");
    for (const auto& model : allow.models) {
      const bool known = std::ranges::any_of(config.models, [&](const auto& m) { return m.id == model; });
      if (!known)
        table.warn("models",
                   fmt::format("names \"{}\", which no [[model]] has: taken for a model that is installed on "
                               "this machine.",
                               model));
    }
    table.finish();
    config.allow.push_back(std::move(allow));
  }
  warn_of_gaps(*policy, config);
  policy->finish();
}

void read_budgets(ConfigTable& root, Config& config) {
  if (root.is_list("budget")) {
    for (auto& table : root.tables("budget")) read_shared_budget(table, config);
    return;
  }
  auto table = root.table("budget");
  if (!table) return;
  if (auto all = table->table("default")) {
    all->number("month", config.budget_default.month, 0, money_most);
    all->finish();
  }
  table->finish();
}

}  // namespace bastide::detail
