#include "app/budget_notices.h"

#include <algorithm>

#include "base/id.h"

namespace bastide::app {

Result<std::vector<identity::Recipient>> BudgetNotices::recipients(std::string_view kind,
                                                                   const std::string& id) const {
  auto& audience = rooms_.audience;
  if (kind == "person") return audience.person(id);
  if (kind == "key") {
    const auto key = rooms_.identity.key_table().with_id(id);
    if (!key) return std::vector<identity::Recipient>{};
    return audience.person(key->key.person);
  }
  auto all = audience.administrators(recipients_max);
  if (!all || kind != "group") return all;
  auto members = audience.members(id, recipients_max);
  if (!members) return members;
  for (auto& member : *members)
    if (std::ranges::find(*all, member.person, &identity::Recipient::person) == all->end())
      all->push_back(std::move(member));
  return all;
}

Result<void> BudgetNotices::tell(const policy::KeptWarning& warning) const {
  const auto colon = std::min(warning.scope.find(':'), warning.scope.size());
  const auto kind = std::string_view(warning.scope).substr(0, colon);
  const auto id = warning.scope.substr(std::min(colon + 1, warning.scope.size()));
  auto told = recipients(kind, id);
  if (!told) return pass(told);
  notices::BudgetNotice budget;
  budget.scope = warning.scope;
  // Whoever has a budget alone knows whose it is; a model or an assistant is known by its id.
  if (kind != "person") budget.name = rooms_.identity.name_of(kind, id);
  if (budget.name.empty() && kind != "person") budget.name = id;
  budget.unit = policy::name(warning.budget.unit);
  budget.period = policy::name(warning.budget.period);
  budget.limit = policy::from_amount(warning.budget.unit, warning.budget.most);
  budget.spent = policy::from_amount(warning.budget.unit, warning.spent);
  budget.begins_at = warning.begins_at;
  std::vector<notices::Notice> all;
  for (const auto& each : *told) all.push_back({new_id("ntc"), each.person, warning.at, budget});
  auto kept = rooms_.store.add(all, rooms_.letters);
  if (!kept) return pass(kept);
  return {};
}

}  // namespace bastide::app
