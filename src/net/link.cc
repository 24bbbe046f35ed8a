#include "net/link.h"

#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bastide::net::detail {
namespace {
constexpr int steps_a_turn = 32;

struct Yield {
  Loop& loop;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) const {
    loop.post([handle] { handle.resume(); });
  }
  void await_resume() const {}
};
}  // namespace

Task<void> yield_turn(Loop& loop) { co_await Yield{loop}; }

void Pieces::consume(std::size_t bytes) {
  for (auto& part : parts_) {
    auto taken = std::min(bytes, part.size());
    part.remove_prefix(taken);
    bytes -= taken;
  }
}

Link::Link(Loop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {
  ticket_ = impl().join(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
  if (ticket_ == Loop::Impl::no_ticket) fd_.reset();
}

Link::~Link() { close(); }

void Link::close() {
  if (!fd_.valid()) return;
  // A polite end lets a session be resumed; whether it arrives does not matter.
  if (ssl_ && SSL_is_init_finished(ssl_.get()) && !gone()) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ssl_.reset();
  impl().leave(ticket_);
  fd_.reset();
}

void Link::abort() {
  if (fd_.valid()) ::shutdown(fd_.get(), SHUT_RDWR);
}

void Link::end_writing() {
  if (!fd_.valid()) return;
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

Io Link::tls_outcome(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      if (!gone()) pending_ &= ~event_readable;
      return {Io::What::again, 0, event_readable};
    case SSL_ERROR_WANT_WRITE:
      return {Io::What::again, 0, event_writable};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::What::closed};
    default:
      return {Io::What::failed};
  }
}

Io Link::read(char* into, std::size_t size) {
  if (!fd_.valid()) return {Io::What::failed};
  if (ssl_) {
    std::size_t total = 0;
    while (total < size) {
      ERR_clear_error();
      std::size_t got = 0;
      auto result = SSL_read_ex(ssl_.get(), into + total, size - total, &got);
      if (result == 1) {
        total += got;
        continue;
      }
      if (total > 0) break;  // the next read meets the same end again
      auto outcome = tls_outcome(0);
      // With the peer's FIN there and no record left, nothing more will come: that is a cut, not a pause.
      if (outcome.what == Io::What::again && outcome.wait_for == event_readable && gone())
        return {Io::What::failed};
      return outcome;
    }
    return {Io::What::bytes, total};
  }
  if (!may_read() && !gone()) return {Io::What::again, 0, event_readable};
  for (;;) {
    auto got = ::recv(fd_.get(), into, size, 0);
    if (got > 0) {
      // A short read means that the socket is empty: the next bytes will be an edge of their own.
      if (static_cast<std::size_t>(got) < size && !gone()) pending_ &= ~event_readable;
      return {Io::What::bytes, static_cast<std::size_t>(got)};
    }
    if (got == 0) return {Io::What::closed};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {Io::What::failed};
    pending_ &= ~event_readable;
    return {Io::What::again, 0, event_readable};
  }
}

Io Link::write(const Pieces& pieces) {
  if (!fd_.valid()) return {Io::What::failed};
  pending_ &= ~event_writable;
  if (ssl_) {
    auto* record = impl().record();
    std::size_t size = 0;
    for (auto part : pieces.parts()) {
      auto taken = std::min(part.size(), Loop::Impl::record_bytes - size);
      if (taken > 0) std::memcpy(record + size, part.data(), taken);
      size += taken;
    }
    ERR_clear_error();
    std::size_t sent = 0;
    if (SSL_write_ex(ssl_.get(), record, size, &sent) == 1) return {Io::What::bytes, sent};
    return tls_outcome(0);
  }
  std::array<iovec, 4> vector{};
  std::size_t count = 0;
  for (auto part : pieces.parts())
    if (!part.empty()) vector[count++] = {const_cast<char*>(part.data()), part.size()};
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = count;
  for (;;) {
    // One piece, as most answers are, costs the kernel less without a header around it.
    auto sent = count == 1 ? ::send(fd_.get(), vector[0].iov_base, vector[0].iov_len, MSG_NOSIGNAL)
                           : ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (sent >= 0) return {Io::What::bytes, static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {Io::What::failed};
    return {Io::What::again, 0, event_writable};
  }
}

Io Link::handshake() {
  if (!fd_.valid()) return {Io::What::failed};
  pending_ &= ~event_writable;
  ERR_clear_error();
  auto result = SSL_do_handshake(ssl_.get());
  if (result == 1) return {Io::What::bytes};
  return tls_outcome(result);
}

void Link::set_timeout(Millis span) {
  pending_ &= ~event_timeout;
  impl().wheel.arm(*this, impl().now + span);
}

void Link::clear_timeout() {
  pending_ &= ~event_timeout;
  Wheel::disarm(*this);
}

void Link::stop() { post_event(event_stop); }

void Link::set_waiter(std::coroutine_handle<> handle, unsigned mask) {
  if (waiter_) throw std::logic_error("two coroutines wait for one connection");
  waiter_ = handle;
  wanted_ = mask;
}

unsigned Link::take(unsigned mask) {
  auto there = pending_ & mask;
  wanted_ = 0;
  pending_ &= ~(there & (event_writable | event_timeout));
  return there;
}

void Link::post_event(unsigned event) {
  pending_ |= event;
  // Resuming may destroy this link: nothing is touched afterwards.
  if (waiter_ && (pending_ & wanted_))
    std::exchange(waiter_, nullptr).resume();
  else if (!waiter_ && watcher_)
    watcher_->on_unawaited(event);
}

void Link::on_timer() { post_event(event_timeout); }

void Link::on_events(std::uint32_t events) {
  unsigned what = 0;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) what |= event_readable;
  if (events & EPOLLOUT) what |= event_writable;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    what |= event_hangup;
    if (watcher_ && !gone()) {
      pending_ |= what;
      auto& loop = impl();
      auto ticket = ticket_;
      watcher_->on_left();
      if (!loop.joined(ticket)) return;  // those who were told ended this connection
    }
  }
  post_event(what);
}

bool Link::had_its_turn() {
  if (std::exchange(turn_, impl().turn) != impl().turn) steps_ = 0;
  return ++steps_ > steps_a_turn;
}

Task<Result<void>> Link::write_all(Pieces pieces, Millis patience) {
  auto left = [] { return fail(Code::cancelled, "The other side has left.", "left"); };
  while (pieces.left() > 0) {
    if (gone() || stopped()) co_return left();
    auto done = write(pieces);
    if (done.what == Io::What::bytes) {
      pieces.consume(done.size);
      continue;
    }
    if (done.what != Io::What::again) co_return left();
    set_timeout(patience);
    auto events = co_await wait(done.wait_for | event_hangup | event_timeout | event_stop);
    if (events & event_timeout && !(events & done.wait_for)) {
      co_return fail(Code::timeout, "The other side takes no data.", "write_timeout");
    }
  }
  co_return Result<void>{};
}

}  // namespace bastide::net::detail
