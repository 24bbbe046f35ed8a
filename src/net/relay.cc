#include "net/relay.h"

#include "net/client_shard.h"
#include "net/server_call.h"

namespace bastide::net {

RelayTarget::RelayTarget(std::unique_ptr<detail::Url> url)
    : url_(std::move(url)), key_(url_->key()), path_(url_->target) {
  if (auto query = path_.find('?'); query != std::string::npos) path_.resize(query);
  while (!path_.empty() && path_.back() == '/') path_.pop_back();
}
RelayTarget::~RelayTarget() = default;
const std::string& RelayTarget::authority() const { return url_->authority; }

Result<std::shared_ptr<const RelayTarget>> RelayTarget::parse(std::string_view base_url) {
  auto url = detail::parse_url(base_url);
  if (!url) return pass(url);
  return std::shared_ptr<const RelayTarget>(new RelayTarget(std::make_unique<detail::Url>(std::move(*url))));
}

namespace detail {
namespace {
constexpr std::size_t headers_max = 256;
constexpr int informational_max = 8;
constexpr int ok = 200;
constexpr Millis trickle_gap{5};  // between reads, or more: the answer trickles
constexpr std::size_t gathered_bytes_max = 32 * 1024;

Error broken_off(bool heard) {
  if (!heard)
    return {Code::upstream, "The server closed the connection without an answer.", "reset", "Try again."};
  return {Code::upstream, "The server ended its answer in the middle.", "truncated", "Try again."};
}
Error protocol(std::string_view reason) {
  return {Code::upstream, "The server's answer is not valid HTTP/1.1 (" + std::string(reason) + ").",
          "protocol", "Check that the address is that of an HTTP server."};
}
Error left() { return {Code::cancelled, "The client has left.", "left"}; }
}  // namespace

/// One attempt on one connection. Its coroutines are awaited at once by Call::relay, which owns it.
class Relay {
 public:
  Relay(Call& call, const RelayRequest& request, RelayWatcher& watcher, ClientShard& shard,
        std::unique_ptr<Upstream> upstream)
      : call_(call),
        request_(request),
        watcher_(watcher),
        shard_(shard),
        upstream_(std::move(upstream)),
        link_(upstream_->link),
        reused_(upstream_->reused) {
    call_.upstream_ = &link_;
    if (call_.left_) link_.stop();
  }
  ~Relay() { call_.upstream_ = nullptr; }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// A connection that died while it was idle says nothing of the server: another may be tried.
  [[nodiscard]] bool was_stale() const { return reused_ && !heard_ && !call_.left_ && !begun_; }
  /// The client's answer has begun, and what came is none: it must end as an error.
  [[nodiscard]] bool must_end(const Result<Relayed>& relayed) const {
    return begun_ && !(relayed && relayed->passed_on);
  }
  Task<Result<Relayed>> end_late(Result<Relayed> relayed) {
    Relayed out;
    out.passed_on = true;
    out.status = ok;
    out.broken = relayed ? watcher_.fault_of(*relayed) : std::move(relayed.error());
    if (out.broken->code == Code::cancelled) co_return out;
    const auto last = closing(watcher_.on_end(&*out.broken), true);
    auto written = co_await call_.put(Pieces(last));
    if (written) call_.answer_ = Call::Answer::complete;
    co_return out;
  }

  Task<Result<Relayed>> run() {
    co_await EndOfTurn{link_.loop()};
    auto sent = link_.write(pieces_);
    if (sent.what == Io::What::bytes) pieces_.consume(sent.size);
    if (pieces_.left() > 0) {
      auto rest = co_await send_rest();
      if (!rest) co_return pass(rest);
    }
    link_.set_timeout(patience(request_.first_byte_timeout));
    std::string_view bytes;
    for (;;) {
      if (link_.may_read()) co_await EndOfTurn{link_.loop()};  // as in read_more
      auto io = link_.read(scratch(), Loop::Impl::scratch_bytes - padding);
      if (io.what == Io::What::bytes) {
        heard_ = true;
        read_at_ = link_.impl().now;
        auto found = take_head({scratch(), io.size});
        if (!found) co_return pass(found);
        if (!*found) continue;
        bytes = **found;
        break;
      }
      if (io.what != Io::What::again) co_return end_early(broken_off(heard_));
      auto events = co_await link_.wait(io.wait_for | event_timeout | event_stop);
      if (is_silence(events, io.wait_for, request_.first_byte_timeout)) {
        auto told = co_await break_silence();
        if (!told) co_return pass(told);
        link_.set_timeout(patience(request_.first_byte_timeout));
        continue;
      }
      if (auto why = interrupted(events, io.wait_for, "first_byte")) co_return end_early(std::move(*why));
    }
    const auto verdict = watcher_.on_head(head_.status, head_.headers);
    if (verdict == RelayWatcher::Verdict::keep) {
      auto kept = co_await keep(bytes);
      co_return kept;
    }
    reframes_ = verdict == RelayWatcher::Verdict::rewrite || head_.framing.kind == Framing::Kind::until_close;
    rewrites_ = verdict == RelayWatcher::Verdict::rewrite;
    auto passed = co_await pass_on(bytes);
    co_return passed;
  }

 private:
  static constexpr std::size_t padding = 64;
  char* scratch() { return link_.impl().scratch(); }

  std::optional<Error> interrupted(unsigned events, unsigned wanted, std::string_view what) {
    if (events & event_stop) return call_.cut_ ? *call_.cut_ : left();
    if ((events & event_timeout) && !(events & wanted))
      return Error{Code::timeout, "The server did not answer in time.", std::string(what), "Try again."};
    return std::nullopt;
  }

  // How long to wait before somebody must be told something.
  [[nodiscard]] Millis patience(Millis limit) const {
    return request_.silence_max.count() > 0 ? std::min(request_.silence_max, limit - silent_) : limit;
  }
  [[nodiscard]] bool is_silence(unsigned events, unsigned wanted, Millis limit) {
    if (request_.silence_max.count() == 0 || events != event_timeout || (wanted & event_timeout) != 0)
      return false;
    silent_ += request_.silence_max;
    return silent_ < limit;
  }
  Task<Result<void>> break_silence() {
    Headers headers;
    const auto text = watcher_.on_silence(headers);
    if (text.empty()) co_return Result<void>{};
    std::string bytes;
    if (!begun_) {
      auto head = call_.begin(ok, headers, {Framing::Kind::chunked, 0});
      if (!head) co_return pass(head);
      bytes = std::move(*head);
      begun_ = true;
    }
    bytes += chunk_line(text.size()) + text + "\r\n";
    auto written = co_await call_.put(Pieces(bytes));
    if (!written) co_return end_early(left());
    co_return Result<void>{};
  }

  // The request did not fit into the socket at once.
  Task<Result<void>> send_rest() {
    while (pieces_.left() > 0) {
      auto io = link_.write(pieces_);
      if (io.what == Io::What::bytes) {
        pieces_.consume(io.size);
        continue;
      }
      // A server may refuse a large request before it has read it, and close: its answer is there to be read.
      if (io.what != Io::What::again || link_.may_read()) break;
      link_.set_timeout(request_.idle_timeout);
      auto events = co_await link_.wait(io.wait_for | event_readable | event_timeout | event_stop);
      if (auto why = interrupted(events, io.wait_for | event_readable, "write"))
        co_return end_early(std::move(*why));
    }
    sent_all_ = pieces_.left() == 0;
    co_return Result<void>{};
  }

  // Bytes of the body that came with the head, or nothing when the head is not complete.
  Result<std::optional<std::string_view>> take_head(std::string_view bytes) {
    auto& in = upstream_->in;
    const bool in_place = in.empty();
    if (!in_place) in.append(bytes);
    for (;;) {
      const std::string_view all = in_place ? bytes : std::string_view(in);
      HeadScanner scanner(shard_.options().header_bytes_max, headers_max);
      auto state = scanner.scan(all);
      if (state == HeadScanner::State::refused) return end_early(protocol(scanner.refusal().reason));
      if (state == HeadScanner::State::more) {
        if (in_place) in.assign(bytes);
        return std::nullopt;
      }
      head_ = {};
      auto bad = parse_response(all.substr(0, scanner.size()), headers_max, "POST", head_);
      if (bad) return end_early(protocol(bad->reason));
      if (head_.status == 101) return end_early(protocol("informational"));
      if (head_.status >= 200) {
        if (in_place) return bytes.substr(scanner.size());
        // What lies behind is given from the scratch, where a watcher may read beyond its end.
        auto rest = all.substr(scanner.size());
        std::copy(rest.begin(), rest.end(), scratch());
        const auto size = rest.size();
        std::string().swap(in);
        return std::string_view(scratch(), size);
      }
      if (++informational_ > informational_max) return end_early(protocol("informational"));
      if (in_place)
        bytes.remove_prefix(scanner.size());
      else
        in.erase(0, scanner.size());
    }
  }

  // The upstream's answer has come to its proper end.
  void release() {
    link_.clear_timeout();
    call_.upstream_ = nullptr;
    if (head_.keep_alive && sent_all_ && !call_.left_) shard_.give_back(std::move(upstream_));
  }
  std::unexpected<Error> end_early(Error why) {
    call_.upstream_ = nullptr;
    if (call_.left_) why = left();
    link_.close();
    return std::unexpected(std::move(why));
  }

  // Content of `bytes` goes to the watcher; gives how many of them may be forwarded.
  template <class F>
  std::size_t digest(std::string_view bytes, F&& content) {
    switch (head_.framing.kind) {
      case Framing::Kind::length: {
        auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(head_.framing.length - taken_, bytes.size()));
        content(bytes.substr(0, size));
        taken_ += size;
        if (size < bytes.size()) head_.keep_alive = false;  // it says more than it announced
        ended_ = taken_ == head_.framing.length;
        return size;
      }
      case Framing::Kind::chunked: {
        auto used = chunks_.walk(bytes, content);
        ended_ = chunks_.state() == ChunkDecoder::State::done;
        if (ended_ && used < bytes.size()) head_.keep_alive = false;
        return chunks_.within_chunk() ? used : chunks_.between();
      }
      case Framing::Kind::until_close:
        content(bytes);
        return bytes.size();
      case Framing::Kind::none:
        ended_ = true;
        return 0;
    }
    return 0;
  }
  [[nodiscard]] bool has_body() const {
    const auto& framing = head_.framing;
    return framing.kind != Framing::Kind::none &&
           (framing.kind != Framing::Kind::length || framing.length > 0);
  }
  [[nodiscard]] bool malformed() const { return chunks_.state() == ChunkDecoder::State::malformed; }

  Task<Result<Relayed>> keep(std::string_view bytes) {
    Relayed out;
    out.status = head_.status;
    out.headers = std::move(head_.headers);
    const auto most = request_.kept_bytes_max;
    auto take = [&](std::string_view content) {
      out.body.append(content.substr(0, most - std::min(most, out.body.size())));
    };
    for (;;) {
      digest(bytes, take);
      if (malformed()) co_return end_early(protocol("chunk"));
      if (ended_) break;
      if (out.body.size() >= most) {
        end_early(left());
        co_return out;
      }
      auto more = co_await read_more();
      if (!more) co_return pass(more);
      if (more->empty()) break;  // its end was the connection's
      bytes = *more;
    }
    release();
    co_return out;
  }

  // The next bytes; none when the connection ended as it may.
  Task<Result<std::string_view>> read_more() {
    for (;;) {
      if (link_.had_its_turn()) co_await yield_turn(link_.loop());
      // Read where the writes are: what comes meanwhile goes along, and nothing has to be kept until then. To
      // a trickle nothing comes meanwhile: it is read at once, so that all writes of a turn follow each
      // other.
      if (link_.may_read() && !trickles_) co_await EndOfTurn{link_.loop()};
      if (call_.cut_) co_return end_early(*call_.cut_);  // also while bytes keep coming
      auto io = link_.read(scratch(), Loop::Impl::scratch_bytes - padding);
      if (io.what == Io::What::bytes) {
        silent_ = {};
        const auto now = link_.impl().now;
        trickles_ = now - read_at_ >= trickle_gap;
        read_at_ = now;
        co_return std::string_view(scratch(), io.size);
      }
      if (io.what != Io::What::again) {
        if (io.what == Io::What::closed && head_.framing.kind == Framing::Kind::until_close) {
          head_.keep_alive = false;
          co_return std::string_view();
        }
        co_return end_early(broken_off(true));
      }
      link_.set_timeout(patience(request_.idle_timeout));
      auto events = co_await link_.wait(io.wait_for | event_timeout | event_stop);
      if (is_silence(events, io.wait_for, request_.idle_timeout)) {
        auto told = co_await break_silence();
        if (!told) co_return pass(told);
        continue;
      }
      if (auto why = interrupted(events, io.wait_for, "idle")) co_return end_early(std::move(*why));
    }
  }

  Task<Result<Relayed>> pass_on(std::string_view bytes) {
    Relayed out;
    out.passed_on = true;
    out.status = head_.status;
    const bool chunked = reframes_ || head_.framing.kind == Framing::Kind::chunked;
    // A head alone is not handed on: what follows may show that it heads no answer, or never come.
    if (bytes.empty() && has_body()) {
      auto first = co_await read_more();
      if (!first) co_return pass(first);
      bytes = *first;
    }
    auto watch = [this](std::string_view content) { watcher_.on_body(content); };
    auto size = digest(bytes, watch);
    if (!begun_ && watcher_.refused()) {
      out.passed_on = false;
      if (ended_) release();
      co_return out;
    }
    Result<std::string> head;
    if (!std::exchange(begun_, true))
      head = call_.begin(head_.status, head_.headers,
                         reframes_ ? Framing{Framing::Kind::chunked, 0} : head_.framing);
    if (!head) co_return pass(head);
    std::string held;  // framing that goes before the next bytes
    for (;;) {
      if (malformed()) {
        out.broken = protocol("chunk");
        break;
      }
      auto forwarded = rewrites_ ? watcher_.rewritten() : bytes.substr(0, size);
      std::string after;
      if (reframes_ && !forwarded.empty()) {
        held = chunk_line(forwarded.size());
        after = "\r\n";
      }
      if (ended_ && !reframes_) held.clear();  // it belongs to the last chunk, which is ours
      if (ended_) after += closing(watcher_.on_end(nullptr), chunked);
      const EndOfTurn end_of_turn{link_.loop()};
      bool gathers = false;
      std::string unsent;
      if (!head->empty() || !forwarded.empty() || ended_) {
        const bool only_head = forwarded.empty() && !ended_;
        const Pieces pieces(*head, only_head ? std::string_view() : std::string_view(held), forwarded, after);
        gathers = trickles_ && !end_of_turn.await_ready() && pieces.left() <= gathered_bytes_max;
        unsent = gathers ? copy_of(pieces) : send_now(pieces);
        head->clear();
        if (!only_head) held.clear();
      }
      // Framing between two chunks waits until it is known what comes next.
      if (!ended_ && !reframes_) held += bytes.substr(size);
      if (ended_) release();
      if (gathers) {
        co_await end_of_turn;
        unsent = send_now(Pieces(unsent));
      }
      if (!unsent.empty()) {
        auto written = co_await call_.put(Pieces(unsent));
        if (!written) {
          out.broken = left();
          break;
        }
      }
      if (ended_) {
        call_.answer_ = Call::Answer::complete;
        break;
      }
      auto more = co_await read_more();
      if (!more) {
        out.broken = std::move(more.error());
        break;
      }
      bytes = *more;
      size = digest(bytes, watch);
      if (bytes.empty()) ended_ = true;
    }
    if (out.broken && upstream_) link_.close();
    if (!out.broken || out.broken->code == Code::cancelled) co_return out;
    // Within a chunk nothing can be added: the connection ends, and the answer is seen to be cut.
    auto last = watcher_.on_end(&*out.broken);
    if (last.empty() || !chunked || (!reframes_ && chunks_.within_chunk())) co_return out;
    last = closing(std::move(last), chunked);
    auto written = co_await call_.put(Pieces(last));
    if (written) call_.answer_ = Call::Answer::complete;
    co_return out;
  }

  // What ends an answer, with `last` before it.
  static std::string closing(std::string last, bool chunked) {
    if (!chunked) return {};
    if (last.empty()) return "0\r\n\r\n";
    return chunk_line(last.size()) + last + "\r\n0\r\n\r\n";
  }

  // Writes what the client takes at once and gives a copy of the rest: the scratch, where bytes lie, is
  // another's as soon as this suspends.
  std::string send_now(Pieces pieces) {
    auto& client = call_.client_link();
    if (!client.gone()) {
      auto io = client.write(pieces);
      if (io.what == Io::What::bytes) pieces.consume(io.size);
    }
    return pieces.left() == 0 ? std::string() : copy_of(pieces);
  }
  static std::string copy_of(const Pieces& pieces) {
    std::string out;
    out.reserve(pieces.left());
    for (auto part : pieces.parts()) out += part;
    return out;
  }

  Call& call_;
  const RelayRequest& request_;
  RelayWatcher& watcher_;
  ClientShard& shard_;
  std::unique_ptr<Upstream> upstream_;
  Link& link_;
  bool reused_;
  bool heard_ = false;
  bool begun_ = false;  // the client's answer
  bool trickles_ = false;
  Millis silent_{0};  // since something was heard, in whole silences
  Steady::time_point read_at_;
  bool sent_all_ = true;
  bool ended_ = false;
  bool rewrites_ = false;
  bool reframes_ = false;  // the chunks that the client gets are ours
  int informational_ = 0;
  std::uint64_t taken_ = 0;
  Pieces pieces_{request_.head, request_.body[0], request_.body[1], request_.body[2]};
  ResponseHead head_;
  ChunkDecoder chunks_;
};
}  // namespace detail

void detail::Call::break_off(Error why) {
  if (!upstream_) return;
  cut_ = std::move(why);
  upstream_->stop();
}

Task<Result<Relayed>> detail::Call::relay(Client& client, RelayRequest request, RelayWatcher& watcher) {
  cut_.reset();
  auto shard = client.shard(connection_.link_.loop());
  for (bool may_reuse = true;; may_reuse = false) {
    auto upstream = may_reuse ? shard->take_idle(request.target.key()) : nullptr;
    if (!upstream) {
      StopRelay stop(shard->loop_ref(), gone());
      auto connected = co_await shard->connect(request.target.url(), request.connect_timeout, stop);
      if (!connected) co_return pass(connected);
      upstream = std::move(*connected);
    }
    Relay attempt(*this, request, watcher, *shard, std::move(upstream));
    auto relayed = co_await attempt.run();
    if (attempt.must_end(relayed)) {
      auto ended = co_await attempt.end_late(std::move(relayed));
      co_return ended;
    }
    if (relayed || !attempt.was_stale()) co_return relayed;
  }
}

}  // namespace bastide::net
