// Link: a connected socket, plain or TLS, and the one place where a coroutine waits for it.
#pragma once

#include <sys/types.h>

#include <array>
#include <coroutine>
#include <string_view>

#include "base/task.h"
#include "net/loop_impl.h"
#include "net/tls.h"

namespace bastide::net::detail {

/// What a coroutine may wait for, as bits of a mask.
enum Event : unsigned {
  event_readable = 1,
  event_writable = 2,
  event_hangup = 4,   // the other side closed, or will send no more; stays
  event_timeout = 8,  // the deadline of `set_timeout`
  event_stop = 16,    // `stop` was called; stays
};

/// What one attempt to read or to write gave.
struct Io {
  enum class What {
    bytes,   // `size` of them
    again,   // nothing now: wait for `wait_for`
    closed,  // the other side ended properly
    failed,  // reset, or broken TLS
  };
  What what = What::again;
  std::size_t size = 0;
  unsigned wait_for = 0;
};

/// Up to four pieces to be written one after another; what they refer to must outlive the write.
class Pieces {
 public:
  explicit Pieces(std::string_view first, std::string_view second = {}, std::string_view third = {},
                  std::string_view fourth = {})
      : parts_{first, second, third, fourth} {}
  void consume(std::size_t bytes);
  [[nodiscard]] std::size_t left() const {
    return parts_[0].size() + parts_[1].size() + parts_[2].size() + parts_[3].size();
  }
  [[nodiscard]] const std::array<std::string_view, 4>& parts() const { return parts_; }

 private:
  std::array<std::string_view, 4> parts_;
};

/// Told what happens on a link besides its waiter.
class LinkWatcher {
 public:
  /// The other side has left, whatever is waited for. May end the link.
  virtual void on_left() {}
  /// Something came that nobody waits for, as bits of Event. May end the link.
  virtual void on_unawaited(unsigned /*events*/) {}

 protected:
  ~LinkWatcher() = default;
};

/// Edge-triggered and registered once. Used on its loop's thread; one coroutine waits at a time.
class Link final : public Pollable, private Timer {
 public:
  Link(Loop& loop, Fd fd);
  ~Link();

  [[nodiscard]] bool valid() const { return fd_.valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool gone() const { return (pending_ & event_hangup) != 0; }
  /// Whether a read may give something: false only when it would surely give `again`.
  [[nodiscard]] bool may_read() const { return (pending_ & event_readable) != 0; }
  [[nodiscard]] bool stopped() const { return (pending_ & event_stop) != 0; }
  void set_watcher(LinkWatcher* watcher) { watcher_ = watcher; }
  void set_tls(SslPtr ssl) { ssl_ = std::move(ssl); }
  [[nodiscard]] SSL* tls() const { return ssl_.get(); }

  Io read(char* into, std::size_t size);
  Io write(const Pieces& pieces);
  /// One step of the TLS handshake: bytes when done, else again or failed.
  Io handshake();

  /// From now; replaces the one before.
  void set_timeout(Millis span);
  void clear_timeout();
  /// Wakes the waiter with event_stop, now and at every later wait for it.
  void stop();
  /// Ends both directions: waiters see a hangup.
  void abort();
  /// Ends our direction, after what was written.
  void end_writing();
  void close();

  struct Wait {
    Link& link;
    unsigned mask;
    [[nodiscard]] bool await_ready() const { return (link.pending_ & mask) != 0; }
    void await_suspend(std::coroutine_handle<> handle) const { link.set_waiter(handle, mask); }
    unsigned await_resume() const { return link.take(mask); }
  };
  /// Suspends until one of `mask` is there and gives those that are. Writable and timeout are used up by
  /// this.
  [[nodiscard]] Wait wait(unsigned mask) { return {*this, mask}; }

  /// Writes all. Each bit of progress starts `patience` anew. Code::cancelled when the other side has left or
  /// `stop` was called, Code::timeout when it takes nothing.
  [[nodiscard]] Task<Result<void>> write_all(Pieces pieces, Millis patience);

  /// Whether this link has done so much in this turn of the loop that others should have theirs first.
  [[nodiscard]] bool had_its_turn();
  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] Loop::Impl& impl() { return loop_.impl(); }

 private:
  void on_events(std::uint32_t events) override;
  void on_timer() override;
  void post_event(unsigned event);
  void set_waiter(std::coroutine_handle<> handle, unsigned mask);
  unsigned take(unsigned mask);
  Io tls_outcome(int result);

  Loop& loop_;
  Fd fd_;
  SslPtr ssl_;
  Loop::Impl::Ticket ticket_ = Loop::Impl::no_ticket;
  unsigned pending_ = 0;
  unsigned wanted_ = 0;
  std::coroutine_handle<> waiter_;
  LinkWatcher* watcher_ = nullptr;
  std::uint64_t turn_ = 0;
  int steps_ = 0;
};

/// Suspends until all events of this turn were looked at; at once when there is no other. Writes that wait
/// for it leave one after another: who is woken by the first is still awake for the rest, and a wake-up costs
/// more than the bytes.
struct EndOfTurn {
  Loop& loop;
  [[nodiscard]] bool await_ready() const { return loop.impl().events_this_turn <= 1; }
  void await_suspend(std::coroutine_handle<> handle) const {
    loop.post([handle] { handle.resume(); });
  }
  void await_resume() const {}
};

/// Lets the others of this loop have their turn.
[[nodiscard]] Task<void> yield_turn(Loop& loop);

}  // namespace bastide::net::detail
