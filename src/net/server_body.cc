// The request's body as a handler reads it.
#include <algorithm>

#include "net/server_call.h"

namespace bastide::net::detail {
namespace {
constexpr std::size_t piece_bytes_max = 64 * 1024;
// What is read and dropped for a handler that answered without reading everything.
constexpr std::uint64_t skip_bytes_max = 256 * 1024;
// Memory that an empty input buffer may keep, so that small requests need no allocation.
constexpr std::size_t kept_bytes_max = 1024;

void drop_front(std::string& in, std::size_t bytes) {
  in.erase(0, bytes);
  if (in.empty() && in.capacity() > kept_bytes_max) std::string().swap(in);
}
}  // namespace

Call::Call(Connection& connection, RequestHead head)
    : connection_(connection),
      head_(std::move(head)),
      body_max_(connection.options_.body_bytes_max),
      keep_alive_(head_.keep_alive) {
  left_ = connection_.link_.gone();
}

std::stop_token Call::gone() const {
  if (!stop_) {
    stop_.emplace();
    if (left_) stop_->request_stop();
  }
  return stop_->get_token();
}

void Call::leave() {
  left_ = true;
  std::optional<std::stop_source> source = stop_;  // a copy: those who are told may end the call
  if (upstream_) upstream_->stop();
  if (source) source->request_stop();
}

std::optional<std::uint64_t> Call::body_length() const {
  if (head_.framing.kind == Framing::Kind::chunked) return std::nullopt;
  return head_.framing.length;
}

bool Call::body_ended() const {
  switch (head_.framing.kind) {
    case Framing::Kind::length:
      return received_ == head_.framing.length;
    case Framing::Kind::chunked:
      return chunks_.state() == ChunkDecoder::State::done;
    default:
      return true;
  }
}

std::unexpected<Error> Call::body_error(Code code, std::string message, std::string detail) {
  body_failed_ = Error{code, std::move(message), std::move(detail)};
  if (code != Code::cancelled) connection_.shard_.core.metrics.count_rejected(missing_answer_status());
  keep_alive_ = false;
  connection_.must_linger_ = true;
  return std::unexpected(*body_failed_);
}

Result<bool> Call::take_buffered(std::string& out) {
  auto& in = connection_.in_;
  if (in.empty()) return false;
  if (head_.framing.kind == Framing::Kind::length) {
    auto left = head_.framing.length - received_;
    auto size = static_cast<std::size_t>(std::min<std::uint64_t>({left, in.size(), piece_bytes_max}));
    if (size == in.size()) {
      out = std::exchange(in, {});
    } else {
      out = in.substr(0, size);
      drop_front(in, size);
    }
    received_ += size;
    return true;
  }
  auto used = chunks_.feed(std::string_view(in).substr(0, piece_bytes_max), out);
  drop_front(in, used);
  if (chunks_.state() == ChunkDecoder::State::malformed)
    return body_error(Code::invalid, "The chunks of the request body are malformed.", "chunk");
  received_ += out.size();
  if (received_ > body_max_)
    return body_error(Code::too_large, "The request body is larger than allowed.", "body");
  return !out.empty() || body_ended();
}

Task<Result<void>> Call::wait_for_body() {
  auto& link = connection_.link_;
  const auto& options = connection_.options_;
  auto before = link.impl().now;
  auto window_left = std::chrono::ceil<Millis>(options.body_rate_window - waited_);
  link.set_timeout(std::clamp(window_left, Millis(1), options.body_idle_timeout));
  auto events = co_await link.wait(event_readable | event_timeout | event_stop);
  auto span = link.impl().now - before;
  waited_ += span;
  idle_ += span;
  if (events & event_stop) co_return body_error(Code::cancelled, "The server stops.", "drain");
  if (!(events & event_readable) && idle_ >= options.body_idle_timeout)
    co_return body_error(Code::timeout, "The request body stopped arriving.", "body_idle");
  if (waited_ >= options.body_rate_window) {
    auto seconds = std::chrono::duration<double>(waited_).count();
    auto rate = static_cast<double>(window_bytes_) / seconds;
    if (rate < static_cast<double>(options.body_bytes_per_second_min))
      co_return body_error(Code::timeout, "The request body arrives too slowly.", "body_slow");
    waited_ = {};
    window_bytes_ = 0;
  }
  co_return Result<void>{};
}

Task<Result<std::string>> Call::read() {
  auto& link = connection_.link_;
  if (body_failed_) co_return std::unexpected(*body_failed_);
  if (head_.framing.kind == Framing::Kind::length && head_.framing.length > body_max_)
    co_return body_error(Code::too_large, "The request body is larger than allowed.", "body");
  std::string out;
  for (;;) {
    if (body_ended()) co_return out;
    auto taken = take_buffered(out);
    if (!taken) co_return pass(taken);
    if (*taken) co_return out;
    if (head_.expects_continue && !continue_sent_) {
      continue_sent_ = true;
      auto sent = co_await link.write_all(Pieces("HTTP/1.1 100 Continue\r\n\r\n"),
                                          connection_.options_.write_timeout);
      if (!sent) co_return body_error(Code::invalid, "The request body was cut.", "body_cut");
    }
    if (link.had_its_turn()) co_await yield_turn(link.loop());
    auto want = Loop::Impl::scratch_bytes;
    if (head_.framing.kind == Framing::Kind::length)
      want = static_cast<std::size_t>(std::min<std::uint64_t>(want, head_.framing.length - received_));
    auto io = link.read(link.impl().scratch(), want);
    if (io.what == Io::What::bytes) {
      connection_.in_.assign(link.impl().scratch(), io.size);
      window_bytes_ += io.size;
      idle_ = {};
      continue;
    }
    if (io.what != Io::What::again)
      co_return body_error(Code::invalid, "The request body was cut.", "body_cut");
    auto waited = co_await wait_for_body();
    if (!waited) co_return pass(waited);
  }
}

std::optional<std::string> Call::take_whole(std::size_t bytes_max) {
  const auto most = std::min<std::uint64_t>({bytes_max, body_max_, connection_.in_.size(), piece_bytes_max});
  if (head_.framing.kind != Framing::Kind::length || head_.framing.length > most || received_ > 0 ||
      body_failed_)
    return std::nullopt;
  std::string whole;
  if (!take_buffered(whole)) return std::nullopt;
  return whole;
}

Task<Result<std::string>> Call::read_all(std::size_t bytes_max) {
  auto too_large = [this] {
    return body_error(Code::too_large, "The request body is larger than allowed.", "body");
  };
  if (head_.framing.kind == Framing::Kind::length && head_.framing.length > bytes_max) co_return too_large();
  if (auto whole = take_whole(bytes_max)) co_return std::move(*whole);
  auto first = co_await read();
  if (!first || first->empty()) co_return first;
  std::string all = std::move(*first);
  if (all.size() > bytes_max) co_return too_large();
  while (!body_ended()) {
    // What the socket holds goes straight to its place; memory grows with what came, not with what was
    // announced.
    if (head_.framing.kind == Framing::Kind::length && connection_.in_.empty() && !body_failed_ &&
        connection_.link_.may_read()) {
      const auto had = all.size();
      const auto left = head_.framing.length - received_;
      const auto step =
          static_cast<std::size_t>(std::min<std::uint64_t>(left, std::max(had, piece_bytes_max)));
      all.reserve(had + step + body_slack);
      all.resize(had + step);
      auto io = connection_.link_.read(all.data() + had, all.size() - had);
      all.resize(had + (io.what == Io::What::bytes ? io.size : 0));
      received_ += all.size() - had;
      window_bytes_ += all.size() - had;
      if (io.what == Io::What::bytes) idle_ = {};
      if (io.what == Io::What::bytes && !connection_.link_.had_its_turn()) continue;
    }
    auto piece = co_await read();
    if (!piece) co_return pass(piece);
    if (all.size() + piece->size() > bytes_max) co_return too_large();
    all += *piece;
  }
  co_return all;
}

bool Call::rest_can_be_skipped() const {
  if (body_failed_) return false;
  if (body_ended()) return true;
  if (head_.expects_continue && !continue_sent_) return false;  // the client waits, and may send it or not
  return head_.framing.kind == Framing::Kind::chunked || head_.framing.length - received_ <= skip_bytes_max;
}

Task<bool> Call::skip_rest() {
  body_max_ = received_ + skip_bytes_max;
  if (head_.framing.kind == Framing::Kind::length) body_max_ = head_.framing.length;
  while (!body_ended()) {
    auto piece = co_await read();
    if (!piece) co_return false;
  }
  co_return true;
}

int Call::missing_answer_status() const {
  if (!body_failed_) return 500;
  switch (body_failed_->code) {
    case Code::too_large:
      return 413;
    case Code::timeout:
      return 408;
    case Code::invalid:
      return 400;
    default:
      return 503;
  }
}

}  // namespace bastide::net::detail
