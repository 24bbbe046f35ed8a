#include "net/loop.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "base/log.h"
#include "net/loop_impl.h"

namespace bastide::net {
namespace {
thread_local Loop* current_loop = nullptr;

// std::push_heap keeps the greatest first; "greater" here is "earlier".
bool later_than(const Loop::Impl::Later& a, const Loop::Impl::Later& b) {
  return a.when != b.when ? a.when > b.when : a.order > b.order;
}

// Exceptions are bugs: a loop logs them and serves the others.
void run_guarded(Executor::Fn& fn) {
  try {
    fn();
  } catch (const std::exception& error) {
    log::error("loop_task_failed", {{"what", error.what()}});
  }
}
}  // namespace

void detail::Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Loop::Impl::Impl(detail::Fd epoll_fd, detail::Fd wake_fd)
    : epoll(std::move(epoll_fd)),
      waker(std::move(wake_fd)),
      scratch_(new char[scratch_bytes]),
      record_(new char[record_bytes]) {}

Loop::Impl::~Impl() { attachments.clear(); }

Loop::Impl::Ticket Loop::Impl::join(int fd, std::uint32_t events, detail::Pollable& who) {
  std::uint32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[index].who = &who;
  auto ticket = (static_cast<Ticket>(slots_[index].generation) << 32) | index;
  epoll_event event{};
  event.events = events;
  event.data.u64 = ticket;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    slots_[index].who = nullptr;
    free_slots_.push_back(index);
    return no_ticket;
  }
  return ticket;
}

void Loop::Impl::leave(Ticket ticket) {
  if (!joined(ticket)) return;
  auto index = static_cast<std::uint32_t>(ticket);
  slots_[index].who = nullptr;
  ++slots_[index].generation;
  free_slots_.push_back(index);
}

bool Loop::Impl::joined(Ticket ticket) const {
  auto index = static_cast<std::uint32_t>(ticket);
  return index < slots_.size() && slots_[index].who && slots_[index].generation == ticket >> 32;
}

void Loop::Impl::dispatch(std::uint32_t events, Ticket ticket) {
  if (joined(ticket)) slots_[static_cast<std::uint32_t>(ticket)].who->on_events(events);
}

std::string_view Loop::Impl::date() {
  const std::int64_t second = std::time(nullptr);
  if (second != date_second_) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::time_t time = second;
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    date_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(utc.tm_wday)],
                        utc.tm_mday, months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                        utc.tm_hour, utc.tm_min, utc.tm_sec);
    date_second_ = second;
  }
  return date_;
}

void Loop::Impl::wake() {
  std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] auto written = ::write(waker.get(), &one, sizeof one);
}

void Loop::Impl::post_later(Later entry) {
  entry.order = later_count++;
  later.push_back(std::move(entry));
  std::ranges::push_heap(later, later_than);
}

void Loop::Impl::take_posted() {
  std::vector<Later> laters;
  {
    std::lock_guard lock(mutex);
    woken = false;
    if (ready.empty()) {
      ready.swap(posted);
    } else {
      std::ranges::move(posted, std::back_inserter(ready));
      posted.clear();
    }
    laters.swap(posted_later);
  }
  for (auto& entry : laters) post_later(std::move(entry));
}

void Loop::Impl::run_due() {
  while (!later.empty() && later.front().when <= now) {
    std::ranges::pop_heap(later, later_than);
    auto fn = std::move(later.back().fn);
    later.pop_back();
    run_guarded(fn);
  }
}

int Loop::Impl::wait_ms() const {
  if (!ready.empty()) return 0;
  auto until = Steady::time_point::max();
  if (!later.empty()) until = later.front().when;
  if (auto tick = wheel.next()) until = std::min(until, *tick);
  if (until == Steady::time_point::max()) return -1;
  auto span = std::chrono::ceil<Millis>(until - Steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(span, 0, 60'000));
}

Result<std::unique_ptr<Loop>> Loop::create() {
  // OpenSSL writes with write(2), which would kill the process when the other side has left.
  std::signal(SIGPIPE, SIG_IGN);
  detail::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  detail::Fd waker(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !waker.valid())
    return fail(Code::unavailable, "No event loop could be made: too many files are open.", "files_max",
                "Raise the limit of open files (ulimit -n).");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = Impl::no_ticket;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, waker.get(), &event) != 0)
    return fail(Code::unavailable, "No event loop could be made.", "epoll");
  return std::unique_ptr<Loop>(new Loop(std::make_unique<Impl>(std::move(epoll), std::move(waker))));
}

Loop::Loop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Loop::~Loop() {
  // Attachments leave while posting still works; what they post then is dropped with the queues.
  impl_->attachments.clear();
}

Loop* Loop::current() { return current_loop; }

void Loop::post(Fn fn) {
  if (current_loop == this) {
    impl_->ready.push_back(std::move(fn));
    return;
  }
  bool wake = false;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(fn));
    wake = !std::exchange(impl_->woken, true);
  }
  if (wake) impl_->wake();
}

void Loop::post_at(Steady::time_point when, Fn fn) {
  if (current_loop == this) {
    impl_->post_later({when, 0, std::move(fn)});
    return;
  }
  bool wake = false;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->posted_later.push_back({when, 0, std::move(fn)});
    wake = !std::exchange(impl_->woken, true);
  }
  if (wake) impl_->wake();
}

void Loop::run() {
  Running running(this);
  auto* before = std::exchange(current_loop, this);
  std::array<epoll_event, 256> events{};
  std::vector<Fn> batch;
  auto run_ready = [&] {
    impl_->take_posted();
    batch.swap(impl_->ready);
    for (auto& fn : batch) run_guarded(fn);
    batch.clear();
  };
  while (!impl_->stopping.load(std::memory_order_acquire)) {
    int count =
        ::epoll_wait(impl_->epoll.get(), events.data(), static_cast<int>(events.size()), impl_->wait_ms());
    impl_->now = Steady::now();
    ++impl_->turn;
    impl_->events_this_turn = count;
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == Impl::no_ticket) {
        std::uint64_t value = 0;
        [[maybe_unused]] auto got = ::read(impl_->waker.get(), &value, sizeof value);
        continue;
      }
      impl_->dispatch(event.events, event.data.u64);
    }
    impl_->events_this_turn = 0;
    impl_->wheel.advance(impl_->now);
    impl_->run_due();
    run_ready();
  }
  // Those who ended during the last turn may still have something to put away.
  for (int round = 0; round < 100; ++round) {
    run_ready();
    if (impl_->ready.empty()) break;
  }
  current_loop = before;
}

void Loop::stop() {
  impl_->stopping.store(true, std::memory_order_release);
  impl_->wake();
}

Result<std::unique_ptr<LoopThread>> LoopThread::start(std::string name) {
  auto loop = Loop::create();
  if (!loop) return pass(loop);
  auto self = std::unique_ptr<LoopThread>(new LoopThread());
  self->loop_ = std::move(*loop);
  self->thread_ = std::thread([target = self->loop_.get(), label = name.substr(0, 15)] {
    ::pthread_setname_np(::pthread_self(), label.c_str());
    target->run();
  });
  return self;
}

LoopThread::~LoopThread() {
  if (!loop_) return;
  loop_->stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace bastide::net
