// What those who wait are told: their place, and about how long.
#include <algorithm>
#include <cmath>

#include "models/local/chat_scheduler.h"

namespace bastide::models::local {
namespace {

constexpr std::chrono::seconds between_places{1};
constexpr double newest = 0.2;              // of the mean that answers take
constexpr double wait_s_max = 3600;         // more is no estimate
constexpr std::int64_t wait_s_unknown = 5;  // before any answer has ended

}  // namespace

/// Seconds until so many slots have become free. 0: not known.
std::int64_t ChatScheduler::wait_s(std::size_t place) const {
  const double all = static_cast<double>(place) * service_s_ / static_cast<double>(slots_.size());
  return service_s_ > 0 ? static_cast<std::int64_t>(std::ceil(std::clamp(all, 1.0, wait_s_max))) : 0;
}

void ChatScheduler::note_service(double seconds) {
  const std::lock_guard lock(mutex_);
  service_s_ = service_s_ > 0 ? service_s_ + newest * (seconds - service_s_) : seconds;
}

Error ChatScheduler::refusal(FairQueue::Refused why) const {
  const bool own = why == FairQueue::Refused::person_full;
  const auto waiting = own ? FairQueue::person_max : waiting_.size();
  auto out = error_with(
      {{"waiting", static_cast<std::int64_t>(waiting)}}, Code::rate_limited,
      own ? "You have {waiting} questions waiting for this model: it takes no more."
          : "This model has {waiting} questions waiting: it takes no more.",
      own ? "person_queue_full" : "queue_full",
      own ? "Wait for some of them to be answered." : "Try again in a moment, or choose another model.");
  const auto wait = wait_s(waiting);
  out.retry_after_s = wait > 0 ? wait : wait_s_unknown;
  return out;
}

/// To those whose place has changed: once a second, and as soon as somebody new waits.
void ChatScheduler::tell_places() {
  const auto now = Steady::now();
  std::vector<std::pair<std::uint64_t, QueuedBody>> news;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() || (!newcomers_ && now - places_told_ < between_places)) return;
    newcomers_ = false;
    places_told_ = now;
    const auto order = waiting_.order([&](const std::string& person) { return running_of(person); }, now);
    for (std::size_t each = 0; each < order.size(); ++each) {
      const auto place = static_cast<std::uint32_t>(each + 1);
      if (auto& told = places_[order[each]]; std::exchange(told, place) != place)
        news.emplace_back(order[each], QueuedBody{place, static_cast<std::uint32_t>(wait_s(place))});
    }
  }
  for (const auto& [call, body] : news) send_(FrameKind::queued, call, encode(body));
}

/// It waits no longer.
void ChatScheduler::leave_queue(std::uint64_t call) {
  if (places_.erase(call) > 0) send_(FrameKind::queued, call, encode(QueuedBody{}));
}

}  // namespace bastide::models::local
