#include "models/local/slot.h"

namespace bastide::models::local {
namespace {

/// A computation of its own reads all weights once more: worth it only for a long beginning and some people.
constexpr std::size_t shared_min_tokens = 256;
constexpr std::size_t group_min = 3;

}  // namespace

std::vector<Group> group_caches(const std::vector<Answering>& slots) {
  std::vector<Group> groups;
  for (std::size_t index = 0; index < slots.size(); ++index) {
    if (slots[index].cache.empty()) continue;
    bool placed = false;
    for (auto& group : groups) {
      const auto& first = slots[group.slots.front()];
      if (first.adapters != slots[index].adapters) continue;
      const std::size_t common = common_prefix(first.cache, slots[index].cache);
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

  std::vector<Group> out;
  std::vector<Group> rests;  // one for each set of adapters
  for (auto& group : groups) {
    if (group.slots.size() >= group_min) {
      out.push_back(std::move(group));
      continue;
    }
    const auto adapters = slots[group.slots.front()].adapters;
    const auto same = std::ranges::find_if(
        rests, [&](const Group& rest) { return slots[rest.slots.front()].adapters == adapters; });
    auto& rest = same == rests.end() ? rests.emplace_back() : *same;
    rest.slots.insert(rest.slots.end(), group.slots.begin(), group.slots.end());
  }
  for (auto& rest : rests) {
    std::ranges::sort(rest.slots);
    out.push_back(std::move(rest));
  }
  return out;
}

}  // namespace bastide::models::local
