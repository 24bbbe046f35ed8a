#include "models/local/fair_queue.h"

#include <algorithm>
#include <tuple>

namespace bastide::models::local {

FairQueue::Refused FairQueue::push(Waiting& waiting) {
  if (waiting_.size() >= size_max) return Refused::full;
  const auto of_person = std::ranges::count(waiting_, waiting.person, &Waiting::person);
  if (static_cast<std::size_t>(of_person) >= person_max) return Refused::person_full;
  waiting_.push_back(std::move(waiting));
  return Refused::no;
}

std::optional<Waiting> FairQueue::pop(const std::function<std::size_t(const std::string&)>& running_of,
                                      Steady::time_point now) {
  if (waiting_.empty()) return std::nullopt;
  const auto rank = [&](const Waiting& each) {
    const bool gives_way = each.priority == Priority::batch && now - each.since < batch_patience;
    const auto served = served_.find(each.person);
    return std::tuple(gives_way, running_of(each.person), served == served_.end() ? 0 : served->second);
  };
  // The first of equals, which came first.
  const auto best = std::ranges::min_element(waiting_, {}, rank);
  Waiting out = std::move(*best);
  waiting_.erase(best);
  served_[out.person] = ++turn_;
  if (served_.size() > 2 * size_max)
    std::erase_if(served_, [&](const auto& each) { return each.second + size_max < turn_; });
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
