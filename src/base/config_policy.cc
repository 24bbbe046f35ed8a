// [[label]], [policy], [budget].
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/config_reader.h"

namespace bastide::detail {
namespace {

// What 64 bits count in 1e-9 of a currency.
constexpr double most = 4e9;

std::vector<std::string> label_ids(const Config& config) {
  std::vector<std::string> ids;
  for (const auto& label : config.labels) ids.push_back(label.id);
  return ids;
}

void read_periods(ConfigTable& table, PeriodsConfig& into) {
  table.number("day", into.day, 0, most);
  table.number("week", into.week, 0, most);
  table.number("month", into.month, 0, most);
}

/// Money stands in the table itself, the other units in tables of their own.
void read_budget(ConfigTable& table, BudgetConfig& into) {
  read_periods(table, into.money);
  const auto unit = [&](std::string_view key, PeriodsConfig& periods) {
    auto of_unit = table.table(key);
    if (!of_unit) return;
    read_periods(*of_unit, periods);
    of_unit->finish();
  };
  unit("tokens", into.tokens);
  unit("requests", into.requests);
  unit("energy", into.energy);
}

bool is_empty(const PeriodsConfig& periods) { return !periods.day && !periods.week && !periods.month; }
bool is_empty(const BudgetConfig& budget) {
  return is_empty(budget.money) && is_empty(budget.tokens) && is_empty(budget.requests) &&
         is_empty(budget.energy);
}

/// The one owner that `table` names; nothing, and an error, when it names none or several.
std::optional<OwnerConfig> read_owner(ConfigTable& table, std::string_view example_key) {
  using Of = OwnerConfig::Of;
  static constexpr std::array<std::pair<std::string_view, Of>, 5> kinds{{{"person", Of::person},
                                                                         {"group", Of::group},
                                                                         {"key", Of::key},
                                                                         {"assistant", Of::assistant},
                                                                         {"model", Of::model}}};
  std::optional<OwnerConfig> owner;
  for (const auto& [key, of] : kinds) {
    std::string name;
    table.text(key, name, "a name");
    if (name.empty()) continue;
    if (owner) {
      table.wrong(key, "stands beside another owner: there is one for each entry.");
      return std::nullopt;
    }
    table.call_it(name);
    owner = OwnerConfig{of, std::move(name)};
  }
  bool everyone = false;
  table.flag("organisation", everyone);
  if (everyone && !owner) owner = OwnerConfig{Of::organisation, {}};
  if (!owner)
    table.wrong(example_key,
                "needs an owner beside it: person, group, key, assistant, model or organisation = true.");
  return owner;
}

void read_shared_budget(ConfigTable& table, Config& config) {
  // TOML lets [budget.default] after a [[budget]] stand inside the last of them; it is meant for all.
  if (table.is_table("default")) {
    auto all = table.table("default");
    read_budget(*all, config.budget_default);
    all->finish();
  }
  SharedBudgetConfig budget;
  read_budget(table, budget.budget);
  auto owner = read_owner(table, "month");
  if (is_empty(budget.budget))
    table.wrong("month", "is missing: a budget says how much a day, a week or a month allows.");
  table.finish();
  if (!owner) return;
  budget.owner = std::move(*owner);
  config.budgets.push_back(std::move(budget));
}

void read_limit(ConfigTable& table, LimitsConfig& into, std::int64_t least) {
  constexpr std::int64_t limit_most = 1'000'000'000'000;
  table.integer("requests_per_minute", into.requests_per_minute, least, limit_most);
  table.integer("tokens_per_minute", into.tokens_per_minute, least, limit_most);
  table.integer("concurrent", into.concurrent, 0, limit_most);
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

void read_limits(ConfigTable& root, Config& config) {
  if (auto table = root.table("limits")) {
    read_limit(*table, config.limits, 1);
    table->finish();
  }
  for (auto& table : root.tables("limit")) {
    SharedLimitsConfig shared;
    read_limit(table, shared.limits, 0);
    auto owner = read_owner(table, "requests_per_minute");
    table.finish();
    if (!owner) continue;
    shared.owner = std::move(*owner);
    config.shared_limits.push_back(std::move(shared));
  }
}

void read_budgets(ConfigTable& root, Config& config) {
  if (root.is_list("budget")) {
    for (auto& table : root.tables("budget")) read_shared_budget(table, config);
    return;
  }
  auto table = root.table("budget");
  if (!table) return;
  if (auto all = table->table("default")) {
    read_budget(*all, config.budget_default);
    all->finish();
  }
  table->finish();
}

}  // namespace bastide::detail
