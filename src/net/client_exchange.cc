#include "net/client_exchange.h"

#include <algorithm>

namespace bastide::net::detail {
namespace {
constexpr int informational_max = 8;
constexpr std::size_t headers_max = 256;

Error truncated() {
  return {Code::upstream, "The server ended its answer in the middle.", "truncated", "Try again."};
}
Error reset() {
  return {Code::upstream, "The server closed the connection without an answer.", "reset", "Try again."};
}
Error protocol(std::string_view reason) {
  return {Code::upstream, "The server's answer is not valid HTTP/1.1 (" + std::string(reason) + ").",
          "protocol", "Check that the address is that of an HTTP server."};
}
Error stopped() { return {Code::cancelled, "The call was stopped.", "stopped"}; }
}  // namespace

ClientExchange::ClientExchange(std::shared_ptr<ClientShard> shard, std::unique_ptr<Upstream> upstream,
                               const ClientRequest& request, std::stop_token stop)
    : shard_(std::move(shard)),
      upstream_(std::move(upstream)),
      stop_(shard_->loop_ref(), std::move(stop)),
      method_(request.method),
      first_byte_timeout_(request.first_byte_timeout),
      idle_timeout_(request.idle_timeout),
      reused_(upstream_->reused) {
  stop_.arm([link = &upstream_->link] { link->stop(); });
}

ClientExchange::~ClientExchange() {
  stop_.disarm();
  if (upstream_) upstream_->link.set_watcher(nullptr);
}

std::unexpected<Error> ClientExchange::broken(Error error) {
  stop_.disarm();
  upstream_.reset();
  // A connection that a stop has closed looks like a reset, and is not one.
  failed_ = stop_.requested() ? stopped() : std::move(error);
  return std::unexpected(*failed_);
}

void ClientExchange::complete() {
  done_ = true;
  stop_.disarm();
  auto upstream = std::move(upstream_);
  if (head_.keep_alive && sent_all_ && !stop_.requested()) shard_->give_back(std::move(upstream));
}

Task<Result<void>> ClientExchange::begin(std::string_view head, std::string_view body) {
  auto sent = co_await send(Pieces(head, body));
  if (!sent) co_return pass(sent);
  auto answered = co_await read_head();
  co_return answered;
}

Task<Result<void>> ClientExchange::send(Pieces pieces) {
  auto& link = upstream_->link;
  while (pieces.left() > 0) {
    if (stop_.requested()) co_return broken(stopped());
    auto io = link.write(pieces);
    if (io.what == Io::What::bytes) {
      pieces.consume(io.size);
      continue;
    }
    // A server may refuse a large request before it has read it, and close: its answer is still there to be
    // read.
    if (io.what != Io::What::again) co_return Result<void>{};
    if (link.may_read()) {
      auto got = link.read(link.impl().scratch(), Loop::Impl::scratch_bytes);
      if (got.what == Io::What::bytes) {
        heard_ = true;
        upstream_->in.append(link.impl().scratch(), got.size);
      }
      if (got.what != Io::What::again) co_return Result<void>{};
    }
    link.set_timeout(idle_timeout_);
    auto events = co_await link.wait(io.wait_for | event_readable | event_timeout | event_stop);
    if (events & event_stop) co_return broken(stopped());
    if ((events & event_timeout) && !(events & (event_writable | event_readable)))
      co_return broken({Code::timeout, "The server does not take the request.", "idle", "Try again."});
  }
  sent_all_ = true;
  co_return Result<void>{};
}

Task<Result<ClientExchange::Got>> ClientExchange::receive(std::string_view timeout_detail) {
  for (;;) {
    auto& link = upstream_->link;
    if (link.stopped() || stop_.requested()) co_return broken(stopped());
    if (link.had_its_turn()) co_await yield_turn(link.loop());
    auto io = link.read(link.impl().scratch(), Loop::Impl::scratch_bytes);
    if (io.what == Io::What::bytes) {
      heard_ = true;
      upstream_->in.append(link.impl().scratch(), io.size);
      co_return Got::bytes;
    }
    if (io.what == Io::What::closed) co_return Got::end;
    if (io.what == Io::What::failed) {
      if (!heard_) co_return broken(reset());
      co_return broken(truncated());
    }
    auto events = co_await link.wait(io.wait_for | event_timeout | event_stop);
    if (events & event_stop) co_return broken(stopped());
    if ((events & event_timeout) && !(events & io.wait_for))
      co_return broken(
          {Code::timeout, "The server did not answer in time.", std::string(timeout_detail), "Try again."});
  }
}

Task<Result<void>> ClientExchange::read_head() {
  upstream_->link.set_timeout(first_byte_timeout_);
  int informational = 0;
  HeadScanner scanner(shard_->options().header_bytes_max, headers_max);
  for (;;) {
    auto& in = upstream_->in;
    auto state = scanner.scan(in);
    if (state == HeadScanner::State::refused) co_return broken(protocol(scanner.refusal().reason));
    if (state == HeadScanner::State::more) {
      auto got = co_await receive("first_byte");
      if (!got) co_return pass(got);
      if (*got == Got::end) {
        if (!heard_) co_return broken(reset());
        co_return broken(truncated());
      }
      continue;
    }
    head_ = {};
    auto bad = parse_response(std::string_view(in).substr(0, scanner.size()), headers_max, method_, head_);
    if (bad) co_return broken(protocol(bad->reason));
    in.erase(0, scanner.size());
    if (head_.status >= 200) break;
    if (head_.status == 101 || ++informational > informational_max)
      co_return broken(protocol("informational"));
    scanner = HeadScanner(shard_->options().header_bytes_max, headers_max);
  }
  upstream_->link.clear_timeout();
  left_ = head_.framing.length;
  if (head_.framing.kind == Framing::Kind::none) complete();
  co_return Result<void>{};
}

Result<void> ClientExchange::take_body(std::string& out) {
  auto& in = upstream_->in;
  switch (head_.framing.kind) {
    case Framing::Kind::length: {
      auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      if (size == in.size()) {
        out = std::exchange(in, {});
      } else {
        out = in.substr(0, size);
        in.erase(0, size);
      }
      left_ -= size;
      if (left_ == 0) complete();
      return {};
    }
    case Framing::Kind::chunked: {
      auto used = chunks_.feed(in, out);
      in.erase(0, used);
      if (in.empty() && in.capacity() > 1024) std::string().swap(in);
      if (chunks_.state() == ChunkDecoder::State::malformed) return broken(protocol("chunk"));
      if (chunks_.state() == ChunkDecoder::State::done) complete();
      return {};
    }
    default:
      out = std::exchange(in, {});
      return {};
  }
}

Task<Result<std::string>> ClientExchange::read() {
  if (failed_) co_return std::unexpected(*failed_);
  std::string out;
  while (!done_) {
    if (!upstream_->in.empty()) {
      auto taken = take_body(out);
      if (!taken) co_return pass(taken);
      if (!out.empty()) break;
      continue;
    }
    upstream_->link.set_timeout(idle_timeout_);
    auto got = co_await receive("idle");
    if (!got) co_return pass(got);
    if (*got == Got::bytes) continue;
    if (head_.framing.kind != Framing::Kind::until_close) co_return broken(truncated());
    head_.keep_alive = false;
    complete();
  }
  co_return out;
}

Task<Result<std::string>> ClientExchange::read_all(std::size_t bytes_max) {
  std::string all;
  for (;;) {
    auto piece = co_await read();
    if (!piece) co_return pass(piece);
    if (piece->empty()) co_return all;
    if (all.size() + piece->size() > bytes_max) {
      stop_.disarm();
      upstream_.reset();
      failed_ = Error{Code::too_large, "The server's answer is larger than expected.", "body"};
      co_return std::unexpected(*failed_);
    }
    if (all.empty())
      all = std::move(*piece);
    else
      all += *piece;
  }
}

}  // namespace bastide::net::detail
