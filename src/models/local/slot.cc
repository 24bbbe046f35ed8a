#include "models/local/slot.h"

namespace bastide::models::local {
namespace {

/// A computation of its own reads all weights once more: worth it only for a long beginning and some people.
constexpr std::size_t shared_min_tokens = 256;
constexpr std::size_t group_min = 3;

}  // namespace

std::vector<Group> group_caches(const std::vector<std::span<const Token>>& caches) {
  std::vector<Group> groups;
  for (std::size_t index = 0; index < caches.size(); ++index) {
    if (caches[index].empty()) continue;
    bool placed = false;
    for (auto& group : groups) {
      const std::size_t common = common_prefix(caches[group.slots.front()], caches[index]);
      const std::size_t shared = group.slots.size() == 1 ? common : std::min(group.shared, common);
      if (shared < shared_min_tokens) continue;
      group.slots.push_back(index);
      group.shared = shared;
      placed = true;
      break;
    }
    if (!placed) groups.push_back({{index}, 0});
  }
  if (groups.size() <= 1) return groups;

  Group rest;
  std::vector<Group> out;
  for (auto& group : groups) {
    if (group.slots.size() >= group_min)
      out.push_back(std::move(group));
    else
      rest.slots.insert(rest.slots.end(), group.slots.begin(), group.slots.end());
  }
  std::ranges::sort(rest.slots);
  if (!rest.slots.empty()) out.push_back(std::move(rest));
  return out;
}

}  // namespace bastide::models::local
