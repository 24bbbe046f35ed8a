#include "net/server_connection.h"

#include <openssl/err.h>

#include "base/log.h"
#include "net/server_call.h"

namespace bastide::net::detail {
namespace {
constexpr std::size_t kept_bytes_max = 1024;
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;
constexpr Millis linger_time{2'000};
constexpr Millis refuse_time{2'000};
}  // namespace

Connection::Connection(Shard& shard, Fd fd, std::string peer, Purpose purpose)
    : shard_(shard),
      options_(shard.core.options),
      link_(shard.loop, std::move(fd)),
      peer_(std::move(peer)),
      purpose_(purpose) {
  shard_.connections.insert(this);
  shard_.core.connection_opened();
  if (purpose_ == Purpose::refuse) ++shard_.core.refused_open;
  link_.set_watcher(this);
}

Connection::~Connection() {
  link_.close();
  shard_.connections.erase(this);
  if (purpose_ == Purpose::refuse) --shard_.core.refused_open;
  shard_.core.connection_closed();
}

Task<void> Connection::live(std::unique_ptr<Connection> self) {
  auto& connection = *self;
  if (connection.shard_.core.tls) {
    bool shaken = co_await connection.shake_hands();
    if (!shaken) co_return;
  }
  for (;;) {
    RequestHead head;
    Refusal refusal;
    auto next = co_await connection.read_head(head, refusal);
    if (next == Next::ended) break;
    if (next == Next::request && connection.purpose_ == Purpose::refuse) {
      refusal = {503, "connections_max"};
      next = Next::refused;
    }
    if (next == Next::refused) {
      co_await connection.refuse(refusal);
      break;
    }
    bool again = co_await connection.answer_one(std::move(head));
    if (!again) break;
  }
  if (connection.must_linger_) co_await connection.linger();
}

Task<bool> Connection::shake_hands() {
  link_.set_tls(tls_accepting(*shard_.core.tls, link_.fd()));
  if (!link_.tls()) co_return false;
  link_.set_timeout(options_.header_timeout);
  for (;;) {
    auto io = link_.handshake();
    if (io.what == Io::What::bytes) {
      auto& metrics = shard_.core.metrics;
      (SSL_session_reused(link_.tls()) ? metrics.tls_resumed : metrics.tls_full).add();
      co_return true;
    }
    if (io.what != Io::What::again) break;
    auto events = co_await link_.wait(io.wait_for | event_timeout | event_stop);
    if (events & (event_timeout | event_stop)) break;
  }
  ERR_clear_error();
  shard_.core.metrics.rejected_malformed.add();
  co_return false;
}

Task<Connection::Next> Connection::read_head(RequestHead& head, Refusal& refusal) {
  HeadScanner scanner(options_.header_bytes_max, options_.headers_max);
  between_ = in_.empty();
  auto first_wait = purpose_ == Purpose::refuse ? refuse_time : options_.keep_alive_timeout;
  link_.set_timeout(between_ ? first_wait : options_.header_timeout);
  // A head that comes whole is read where it was received; only what lies behind it is copied.
  std::string_view bytes = in_;
  for (;;) {
    if (!bytes.empty()) {
      if (between_) link_.set_timeout(options_.header_timeout);
      between_ = false;
      auto state = scanner.scan(bytes);
      if (state == HeadScanner::State::refused) {
        refusal = scanner.refusal();
        co_return Next::refused;
      }
      if (state == HeadScanner::State::complete) break;
      if (in_.empty()) in_ = bytes;
    }
    if (between_ && shard_.draining) co_return Next::ended;
    auto io = link_.read(link_.impl().scratch(), Loop::Impl::scratch_bytes);
    if (io.what == Io::What::bytes) {
      bytes = {link_.impl().scratch(), io.size};
      if (!in_.empty()) bytes = in_ += bytes;
      burst_ = 0;
      continue;
    }
    if (io.what != Io::What::again) co_return Next::ended;
    auto events = co_await link_.wait(io.wait_for | event_timeout | event_stop);
    if (events & event_stop) co_return Next::ended;
    if (events & event_timeout) {
      if (between_ && (events & io.wait_for)) continue;  // it came in the last moment
      if (between_) co_return Next::ended;
      refusal = {408, "header_timeout"};
      co_return Next::refused;
    }
  }
  link_.clear_timeout();
  auto bad = parse_request(bytes.substr(0, scanner.size()), options_.headers_max, head);
  if (bad) {
    refusal = *bad;
    co_return Next::refused;
  }
  if (in_.empty()) {
    auto rest = bytes.substr(scanner.size());
    if (!rest.empty()) in_.reserve(rest.size() + body_slack);
    in_ = rest;
  } else {
    in_.erase(0, scanner.size());
  }
  if (in_.empty() && in_.capacity() > kept_bytes_max) std::string().swap(in_);
  head.request.peer = peer_;
  head.request.secure = link_.tls() != nullptr;
  co_return Next::request;
}

Task<bool> Connection::answer_one(RequestHead head) {
  const auto began = link_.impl().now;
  ++burst_;
  Call call(*this, std::move(head));
  call_ = &call;
  bool threw = false;
  try {
    auto handled = shard_.core.handler(call);
    co_await handled;
  } catch (const std::exception& error) {
    threw = true;
    log::error("http_handler_failed", {{"method", call.request().method}, {"what", error.what()}});
  } catch (...) {
    threw = true;
    log::error("http_handler_failed", {{"method", call.request().method}});
  }
  if (threw) shard_.core.metrics.handler_failures.add();
  if (call.answer() == Call::Answer::none) {
    auto status = threw ? 500 : call.missing_answer_status();
    if (status >= 500 && !threw && !link_.gone())
      log::error("http_handler_gave_no_answer", {{"method", call.request().method}});
    auto sent = co_await call.send(problem(status, status == 500 ? "internal" : "body"));
    if (!sent) call.close_after();
  }
  call_ = nullptr;
  auto seconds = std::chrono::duration<double>(Steady::now() - began).count();
  shard_.core.metrics.count_answer(call.status(), seconds);
  // A streamed answer that was not finished must look cut, so the connection ends without the last chunk.
  if (call.answer() != Call::Answer::complete) {
    must_linger_ = false;
    co_return false;
  }
  if (!call.keep_alive()) co_return false;
  must_linger_ = false;
  bool clean = co_await call.skip_rest();
  co_return clean;
}

Task<void> Connection::refuse(Refusal refusal) {
  must_linger_ = true;
  shard_.core.metrics.count_rejected(refusal.status);
  shard_.core.metrics.count_answer(refusal.status, 0);
  auto response = problem(refusal.status, refusal.reason);
  auto head = head_text(
      {refusal.status, {Framing::Kind::length, response.body.size()}, false, 1, link_.impl().date()},
      response.headers);
  if (!head) co_return;
  auto sent = co_await link_.write_all(Pieces(*head, response.body), refuse_time);
  if (!sent) must_linger_ = false;
}

Task<void> Connection::linger() {
  link_.end_writing();
  link_.set_timeout(linger_time);
  std::size_t dropped = 0;
  while (dropped < linger_bytes_max) {
    auto io = link_.read(link_.impl().scratch(), Loop::Impl::scratch_bytes);
    if (io.what == Io::What::bytes) {
      dropped += io.size;
      if (link_.had_its_turn()) co_await yield_turn(link_.loop());
      continue;
    }
    if (io.what != Io::What::again) break;
    auto events = co_await link_.wait(io.wait_for | event_timeout | event_stop);
    if (events & (event_timeout | event_stop)) break;
  }
}

void Connection::on_left() {
  if (call_) call_->leave();
}

void Connection::drain() {
  if (between_) link_.stop();
}

void Connection::ask_to_stop() {
  if (call_)
    on_left();
  else
    link_.stop();
}

}  // namespace bastide::net::detail
