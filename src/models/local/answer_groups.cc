#include "models/local/answer_groups.h"

#include <algorithm>
#include <limits>

#include "models/local/slot.h"

namespace bastide::models::local {
namespace {

/// Less is read as fast by itself.
constexpr std::size_t shared_min_tokens = 256;

/// In the order of their tokens, those that share most stand side by side: what a range of them shares is the
/// least that two neighbours do, and the best split of the first so many goes on from that of fewer.
Computation split(std::span<const Answering> slots, std::vector<std::size_t> members) {
  std::ranges::sort(members, [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(slots[a].cache, slots[b].cache);
  });
  const std::size_t count = members.size();
  std::vector<std::size_t> common(count);  // of each with the one before it
  for (std::size_t each = 1; each < count; ++each)
    common[each] = common_prefix(slots[members[each - 1]].cache, slots[members[each]].cache);

  std::vector<std::size_t> saved(count + 1), from(count + 1), shares(count + 1);
  for (std::size_t end = 1; end <= count; ++end) {
    saved[end] = saved[end - 1];
    from[end] = end - 1;
    std::size_t shared = std::numeric_limits<std::size_t>::max();
    for (std::size_t first = end - 1; first > 0; --first) {
      shared = std::min(shared, common[first]);
      if (shared < shared_min_tokens) break;
      const std::size_t saves = saved[first - 1] + shared * (end - first);
      if (saves <= saved[end]) continue;
      saved[end] = saves;
      from[end] = first - 1;
      shares[end] = shared;
    }
  }

  Computation out;
  Group alone;
  for (std::size_t end = count; end > 0; end = from[end]) {
    Group group{{members.begin() + static_cast<std::ptrdiff_t>(from[end]),
                 members.begin() + static_cast<std::ptrdiff_t>(end)},
                shares[end]};
    std::ranges::sort(group.slots);
    if (group.slots.size() == 1)
      alone.slots.push_back(group.slots.front());
    else
      out.push_back(std::move(group));
  }
  std::ranges::sort(out, {}, [](const Group& group) { return group.slots.front(); });
  std::ranges::sort(alone.slots);
  if (!alone.slots.empty()) out.push_back(std::move(alone));
  return out;
}

}  // namespace

std::vector<Computation> group_answers(std::span<const Answering> slots) {
  std::vector<std::vector<std::size_t>> by_adapters;
  for (std::size_t index = 0; index < slots.size(); ++index) {
    if (slots[index].cache.empty()) continue;
    const auto same = std::ranges::find_if(by_adapters, [&](const auto& members) {
      return slots[members.front()].adapters == slots[index].adapters;
    });
    (same == by_adapters.end() ? by_adapters.emplace_back() : *same).push_back(index);
  }
  std::vector<Computation> out;
  for (auto& members : by_adapters) out.push_back(split(slots, std::move(members)));
  return out;
}

}  // namespace bastide::models::local
