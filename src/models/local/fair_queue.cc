#include "models/local/fair_queue.h"

#include <algorithm>
#include <compare>
#include <utility>

namespace bastide::models::local {

FairQueue::Refused FairQueue::push(Waiting& waiting) {
  if (waiting_.size() >= size_max) return Refused::full;
  const auto of_person = std::ranges::count(waiting_, waiting.person, &Waiting::person);
  if (static_cast<std::size_t>(of_person) >= person_max) return Refused::person_full;
  waiting_.push_back(std::move(waiting));
  return Refused::no;
}

struct FairQueue::Rank {
  bool gives_way = false;
  std::size_t running = 0;
  std::uint64_t served = 0;
  auto operator<=>(const Rank&) const = default;
};

FairQueue::Rank FairQueue::rank(const Waiting& each, std::size_t running, Steady::time_point now) const {
  const auto served = served_.find(each.person);
  return {each.priority == Priority::batch && now - each.since < batch_patience, running,
          served == served_.end() ? 0 : served->second};
}

std::optional<Waiting> FairQueue::pop(const std::function<std::size_t(const std::string&)>& running_of,
                                      Steady::time_point now, Takes takes) {
  const auto is_left = [&](const Waiting& each) {
    return takes == Takes::interactive && each.priority == Priority::batch;
  };
  // The first of equals, which came first.
  const auto best = std::ranges::min_element(waiting_, {}, [&](const Waiting& each) {
    return std::pair(is_left(each), rank(each, running_of(each.person), now));
  });
  if (best == waiting_.end() || is_left(*best)) return std::nullopt;
  Waiting out = std::move(*best);
  waiting_.erase(best);
  served_[out.person] = ++turn_;
  if (served_.size() > 2 * size_max)
    std::erase_if(served_, [&](const auto& each) { return each.second + size_max < turn_; });
  return out;
}

std::vector<std::uint64_t> FairQueue::order(const std::function<std::size_t(const std::string&)>& running_of,
                                            Steady::time_point now) const {
  std::map<std::string, std::size_t> running;  // with those of the person's that come before
  struct Ranked {
    Rank rank;
    std::size_t arrived = 0;
    std::uint64_t call = 0;
    auto operator<=>(const Ranked&) const = default;
  };
  std::vector<Ranked> ranked;
  for (const Priority priority : {Priority::interactive, Priority::batch})
    for (std::size_t at = 0; at < waiting_.size(); ++at) {
      const auto& each = waiting_[at];
      if (each.priority != priority) continue;
      const auto counted = running.try_emplace(each.person, 0);
      if (counted.second) counted.first->second = running_of(each.person);
      ranked.push_back({rank(each, counted.first->second++, now), at, each.call});
    }
  std::ranges::sort(ranked);
  std::vector<std::uint64_t> out;
  for (const auto& each : ranked) out.push_back(each.call);
  return out;
}

std::optional<Waiting> FairQueue::remove(std::uint64_t call) {
  const auto found = std::ranges::find(waiting_, call, &Waiting::call);
  if (found == waiting_.end()) return std::nullopt;
  Waiting out = std::move(*found);
  waiting_.erase(found);
  return out;
}

}  // namespace bastide::models::local
