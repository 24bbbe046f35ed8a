#include "net/wheel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace bastide::net::detail {
namespace {
constexpr auto never = std::numeric_limits<std::int64_t>::max();
}

void Timer::unlink() {
  if (!wheel_) return;
  if (before_)
    before_->next_ = next_;
  else
    wheel_->heads_[Wheel::index(slot_tick_)] = next_;
  if (next_) next_->before_ = before_;
  --wheel_->count_;
  wheel_ = nullptr;
  next_ = before_ = nullptr;
}

Wheel::~Wheel() {
  for (auto* head : heads_)
    while (head) {
      auto* timer = head;
      head = head->next_;
      timer->wheel_ = nullptr;
      timer->next_ = timer->before_ = nullptr;
    }
}

void Wheel::arm(Timer& timer, Steady::time_point when) {
  timer.due_tick_ = tick_of(when) + 1;
  if (timer.wheel_ && timer.slot_tick_ <= timer.due_tick_) return;  // its slot comes first and moves it on
  timer.unlink();
  link(timer);
}

void Wheel::disarm(Timer& timer) { timer.due_tick_ = never; }

void Wheel::link(Timer& timer) {
  timer.slot_tick_ = std::clamp(timer.due_tick_, current_ + 1, current_ + slots - 1);
  auto i = index(timer.slot_tick_);
  timer.before_ = nullptr;
  timer.next_ = heads_[i];
  if (timer.next_) timer.next_->before_ = &timer;
  heads_[i] = &timer;
  timer.wheel_ = this;
  used_[i / 64] |= 1ULL << (i % 64);
  ++count_;
}

void Wheel::advance(Steady::time_point now) {
  auto now_tick = tick_of(now);
  if (count_ == 0) {
    current_ = std::max(current_, now_tick);
    return;
  }
  while (current_ < now_tick) {
    ++current_;
    auto i = index(current_);
    // Taken from the head one by one, since what fires may unlink or destroy any other. What is moved on
    // lands in another slot: link() never chooses the current one.
    while (auto* timer = heads_[i]) {
      timer->unlink();
      if (timer->due_tick_ == never) continue;
      if (timer->due_tick_ > current_)
        link(*timer);
      else
        timer->on_timer();
    }
    used_[i / 64] &= ~(1ULL << (i % 64));
  }
}

std::optional<Steady::time_point> Wheel::next() const {
  if (count_ == 0) return std::nullopt;
  auto first = index(current_ + 1);
  for (std::size_t step = 0; step <= used_.size(); ++step) {
    auto word = (first / 64 + step) % used_.size();
    auto bits = used_[word];
    if (step == 0) bits &= ~0ULL << (first % 64);
    if (step == used_.size()) bits &= (1ULL << (first % 64)) - 1;
    if (bits == 0) continue;
    auto i = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    auto ahead = static_cast<std::int64_t>((i + slots - first) % slots) + 1;
    return Steady::time_point(Millis((current_ + ahead) * tick.count()));
  }
  return std::nullopt;
}

}  // namespace bastide::net::detail
