// What src/net's own parts see of a loop.
#pragma once

#include <any>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "net/wheel.h"

namespace bastide::net {

namespace detail {

/// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// Something with a file descriptor on a loop. `on_events` takes epoll's bits; it may destroy its object.
class Pollable {
 public:
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

}  // namespace detail

struct Loop::Impl {
  Impl(detail::Fd epoll_fd, detail::Fd wake_fd);
  ~Impl();

  /// Registers once for life; the ticket names the registration and is never used again after `leave`, so
  /// that an event of a closed descriptor that was already fetched reaches nobody.
  using Ticket = std::uint64_t;
  static constexpr Ticket no_ticket = ~Ticket(0);
  Ticket join(int fd, std::uint32_t events, detail::Pollable& who);
  void leave(Ticket ticket);
  [[nodiscard]] bool joined(Ticket ticket) const;

  /// Bytes that live until the next suspension: read into it, use it at once, copy what must stay.
  static constexpr std::size_t scratch_bytes = 64 * 1024;
  char* scratch() { return scratch_.get(); }
  /// A second one, where a TLS record is put together.
  static constexpr std::size_t record_bytes = 16 * 1024;
  char* record() { return record_.get(); }

  /// The value of a Date header, made once a second.
  [[nodiscard]] std::string_view date();

  struct Later {
    Steady::time_point when;
    std::uint64_t order;
    Executor::Fn fn;
  };

  void wake();
  void post_later(Later later);
  void take_posted();
  void run_due();
  void dispatch(std::uint32_t events, Ticket ticket);
  [[nodiscard]] int wait_ms() const;

  detail::Fd epoll;
  detail::Fd waker;
  Steady::time_point now = Steady::now();  // read once a turn
  std::uint64_t turn = 0;
  int events_this_turn = 0;  // 0 once all of them were looked at
  detail::Wheel wheel{now};
  /// What others keep on this loop, by their own number: destroyed with it.
  std::map<std::uint64_t, std::shared_ptr<void>> attachments;

  std::atomic<bool> stopping{false};
  std::vector<Executor::Fn> ready;  // posted by this thread, or taken over from the others'
  std::vector<Later> later;         // a heap, the earliest first
  std::uint64_t later_count = 0;

  std::mutex mutex;  // of what other threads touch
  std::vector<Executor::Fn> posted;
  std::vector<Later> posted_later;
  bool woken = false;

 private:
  struct Slot {
    detail::Pollable* who = nullptr;
    std::uint32_t generation = 0;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unique_ptr<char[]> scratch_;
  std::unique_ptr<char[]> record_;
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace bastide::net
