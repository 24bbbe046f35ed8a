#include "net/client_shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace bastide::net::detail {
namespace {
constexpr std::size_t sessions_max = 256;

std::unexpected<Error> cancelled() { return fail(Code::cancelled, "The call was stopped.", "stopped"); }
std::unexpected<Error> connect_timeout(const Url& url) {
  return fail(Code::timeout, fmt::format("{} did not take the connection in time.", url.authority), "connect",
              "Check the address and that the server runs.");
}

// A name being looked up on another thread, and the coroutine that waits for it, for its time or for a stop.
struct Lookup {
  std::coroutine_handle<> waiter;  // its loop's thread only
  bool over = false;
  std::optional<Result<std::vector<Address>>> found;

  void end() {
    if (std::exchange(over, true)) return;
    if (waiter) std::exchange(waiter, nullptr).resume();
  }
  struct Wait {
    Lookup& lookup;
    [[nodiscard]] bool await_ready() const { return lookup.over; }
    void await_suspend(std::coroutine_handle<> handle) const { lookup.waiter = handle; }
    void await_resume() const {}
  };
};
}  // namespace

void LoopRef::post(Executor::Fn fn) {
  std::lock_guard lock(mutex_);
  if (loop_) loop_->post(std::move(fn));
}

void LoopRef::forget() {
  std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

StopRelay::StopRelay(std::shared_ptr<LoopRef> loop, std::stop_token stop)
    : stop_(stop), callback_(std::move(stop), Post{std::move(loop), state_}) {}

void StopRelay::Post::operator()() const {
  loop->post([weak = state] {
    auto there = weak.lock();
    if (!there || !there->on_stop) return;
    auto run = std::exchange(there->on_stop, nullptr);
    run();
  });
}

Upstream::Upstream(ClientShard& shard, std::string key, Fd fd)
    : link(shard.loop_, std::move(fd)), shard_(shard), key_(std::move(key)) {
  link.set_watcher(this);
}

bool Upstream::begin_tls(SSL_CTX& context, const std::string& host) {
  auto known = shard_.sessions_.find(key_);
  auto* session = known == shard_.sessions_.end() ? nullptr : known->second.get();
  link.set_tls(tls_connecting(context, link.fd(), host, session, this));
  return link.tls() != nullptr;
}

bool Upstream::is_quiet() {
  if (!link.valid() || link.gone() || link.stopped() || !in.empty()) return false;
  if (!link.may_read()) return true;
  char byte = 0;
  return link.read(&byte, 1).what == Io::What::again;
}

void Upstream::on_unawaited(unsigned events) {
  if (events & event_stop) {
    link.close();  // the exchange finds it closed when it reads on
    return;
  }
  if (!idle_) return;
  if ((events & event_timeout) || !is_quiet()) shard_.drop_idle(*this);
}

void Upstream::offered(SslSession session) {
  if (shard_.sessions_.size() >= sessions_max) shard_.sessions_.clear();
  shard_.sessions_[key_] = std::move(session);
}

ClientShard::ClientShard(Loop& loop, const ClientOptions& options, ClientTls& tls, Pool& pool)
    : loop_(loop), options_(options), tls_(tls), pool_(pool), ref_(std::make_shared<LoopRef>(loop)) {}

std::unique_ptr<Upstream> ClientShard::take_idle(const std::string& key) {
  auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& list = found->second;
  std::unique_ptr<Upstream> upstream;
  while (!list.empty() && !upstream) {
    upstream = std::move(list.back());
    list.pop_back();
    upstream->set_idle(false);
    if (!upstream->is_quiet()) upstream.reset();
  }
  if (list.empty()) idle_.erase(found);
  if (!upstream) return nullptr;
  upstream->link.clear_timeout();
  upstream->reused = true;
  return upstream;
}

void ClientShard::give_back(std::unique_ptr<Upstream> upstream) {
  if (closed_ || !upstream->is_quiet()) return;
  auto& list = idle_[upstream->key()];
  if (list.size() >= options_.idle_per_host_max) list.erase(list.begin());
  if (upstream->in.capacity() > 0) std::string().swap(upstream->in);
  upstream->set_idle(true);
  upstream->link.set_timeout(options_.idle_timeout);
  list.push_back(std::move(upstream));
}

void ClientShard::drop_idle(Upstream& upstream) {
  auto found = idle_.find(upstream.key());
  if (found == idle_.end()) return;
  std::erase_if(found->second, [&](const auto& one) { return one.get() == &upstream; });
  if (found->second.empty()) idle_.erase(found);
}

void ClientShard::close() {
  closed_ = true;
  ref_->forget();
  idle_.clear();
}

Task<Result<std::vector<Address>>> ClientShard::find(const Url& url, Deadline deadline, StopRelay& stop) {
  if (!url.unix_socket.empty()) {
    auto address = unix_address(url.unix_socket);
    if (!address) co_return pass(address);
    co_return std::vector{*address};
  }
  if (auto literal = literal_address(url.host, url.port)) co_return std::vector{*literal};
  auto lookup = std::make_shared<Lookup>();
  bool accepted = pool_.try_post([lookup, ref = ref_, host = url.host, port = url.port] {
    auto found = resolve(host, port);
    ref->post([lookup, found = std::move(found)]() mutable {
      lookup->found = std::move(found);
      lookup->end();
    });
  });
  if (!accepted)
    co_return fail(Code::overloaded, "Too many names are being looked up.", "dns", "Try again in a moment.");
  loop_.post_at(deadline.at(), [lookup] { lookup->end(); });
  stop.arm([lookup] { lookup->end(); });
  co_await Lookup::Wait{*lookup};
  stop.disarm();
  if (stop.requested()) co_return cancelled();
  if (!lookup->found)
    co_return fail(Code::timeout, fmt::format("The address of {} was not found in time.", url.host),
                   "connect");
  co_return std::move(*lookup->found);
}

Task<Result<std::unique_ptr<Upstream>>> ClientShard::connect(const Url& url, Millis timeout,
                                                             StopRelay& stop) {
  SSL_CTX* context = nullptr;
  if (url.tls) {
    auto made = co_await tls_context();
    if (!made) co_return pass(made);
    context = *made;
  }
  auto deadline = Deadline::in(timeout);
  if (stop.requested()) co_return cancelled();
  auto addresses = co_await find(url, deadline, stop);
  if (!addresses) co_return pass(addresses);
  Result<std::unique_ptr<Upstream>> last = connect_timeout(url);
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    // An address that swallows packets must leave time for the others.
    auto share = deadline.left() / static_cast<int>(addresses->size() - i);
    if (share <= Millis(0)) break;
    last = co_await connect_one(url, (*addresses)[i], Deadline::in(share), stop);
    if (last || last.error().code == Code::cancelled) break;
  }
  if (!last || !url.tls) co_return last;
  auto secured = co_await secure(**last, *context, url, deadline, stop);
  if (!secured) co_return pass(secured);
  co_return last;
}

Task<Result<std::unique_ptr<Upstream>>> ClientShard::connect_one(const Url& url, Address address,
                                                                 Deadline deadline, StopRelay& stop) {
  if (stop.requested()) co_return cancelled();
  auto fd = begin_connect(address);
  int error = fd.valid() ? 0 : errno;
  std::unique_ptr<Upstream> upstream;
  if (error == 0) {
    upstream = std::make_unique<Upstream>(*this, url.key(), std::move(fd));
    auto& link = upstream->link;
    if (!link.valid()) co_return fail(Code::unavailable, "Too many files are open.", "files_max");
    link.set_timeout(deadline.left());
    stop.arm([&link] { link.stop(); });
    auto events = co_await link.wait(event_writable | event_hangup | event_timeout | event_stop);
    stop.disarm();
    if (stop.requested()) co_return cancelled();
    if (!(events & (event_writable | event_hangup))) co_return connect_timeout(url);
    error = connect_outcome(link.fd());
  }
  if (error == ECONNREFUSED || error == ENOENT)
    co_return fail(Code::upstream, fmt::format("{} refuses connections.", url.authority), "connect_refused",
                   "Check the address and that the server runs.");
  if (error != 0)
    co_return fail(
        Code::upstream,
        fmt::format("{} cannot be reached: {}.", url.authority, std::generic_category().message(error)),
        "connect_failed", "Check the address and the network.");
  co_return upstream;
}

Task<Result<SSL_CTX*>> ClientShard::tls_context() {
  if (auto* ready = tls_.ready()) co_return ready;
  auto make = [this] { return tls_.make(); };
  auto made = co_await run_on(pool_, make);
  co_return made;
}

Task<Result<void>> ClientShard::secure(Upstream& upstream, SSL_CTX& context, const Url& url,
                                       Deadline deadline, StopRelay& stop) {
  auto& link = upstream.link;
  if (stop.requested()) co_return cancelled();
  auto tls_error = [&url](std::string why) {
    return fail(Code::upstream, fmt::format("No secure connection to {}: {}.", url.authority, why), "tls",
                "Check the server's certificate; a private CA is trusted through ca_file.");
  };
  if (!upstream.begin_tls(context, url.host)) co_return tls_error("TLS could not be set up");
  link.set_timeout(deadline.left());
  stop.arm([&link] { link.stop(); });
  for (;;) {
    auto io = link.handshake();
    if (io.what == Io::What::bytes) break;
    if (io.what != Io::What::again) {
      sessions_.erase(upstream.key());
      co_return tls_error(tls_failure(*link.tls()));
    }
    auto events = co_await link.wait(io.wait_for | event_timeout | event_stop);
    if (events & event_stop) co_return cancelled();
    if (events & event_timeout) co_return connect_timeout(url);
  }
  stop.disarm();
  link.clear_timeout();
  co_return Result<void>{};
}

}  // namespace bastide::net::detail
