#include "net/server.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/cores.h"
#include "base/log.h"
#include "net/server_connection.h"
#include "net/socket.h"

namespace bastide::net {
namespace detail {

ServerMetrics::ServerMetrics(Metrics& metrics)
    : seconds(metrics.histogram("bastide_http_request_seconds",
                                "From a request's head to the end of its answer.")),
      handler_failures(
          metrics.counter("bastide_http_handler_failures_total", "Handlers that ended by an exception.")),
      rejected_malformed(metrics.counter("bastide_http_rejected_total",
                                         "Requests refused before any handler.", "reason=\"malformed\"")),
      rejected_large(metrics.counter("bastide_http_rejected_total", "", "reason=\"too_large\"")),
      rejected_slow(metrics.counter("bastide_http_rejected_total", "", "reason=\"too_slow\"")),
      rejected_full(metrics.counter("bastide_http_rejected_total", "", "reason=\"connections_max\"")),
      tls_full(
          metrics.counter("bastide_http_tls_handshakes_total", "TLS handshakes done.", "resumed=\"no\"")),
      tls_resumed(metrics.counter("bastide_http_tls_handshakes_total", "", "resumed=\"yes\"")) {
  metrics.gauge("bastide_http_connections", "Connections of clients that are open.",
                [count = open] { return static_cast<double>(count->load(std::memory_order_relaxed)); });
  for (std::size_t i = 1; i < by_class.size(); ++i)
    by_class[i] = &metrics.counter("bastide_http_requests_total", "Requests answered, by class of status.",
                                   fmt::format("status=\"{}xx\"", i));
}

void ServerMetrics::count_answer(int status, double duration) {
  auto group = static_cast<std::size_t>(status / 100);
  if (group >= 1 && group < by_class.size()) by_class[group]->add();
  if (duration > 0) seconds.observe(duration);
}

void ServerMetrics::count_rejected(int status) {
  switch (status) {
    case 408:
      return rejected_slow.add();
    case 413:
    case 414:
    case 431:
      return rejected_large.add();
    case 503:
      return rejected_full.add();
    default:
      return rejected_malformed.add();
  }
}

void ServerCore::connection_opened() { metrics.open->fetch_add(1, std::memory_order_relaxed); }

void ServerCore::connection_closed() {
  std::lock_guard lock(empty_mutex);
  if (metrics.open->fetch_sub(1, std::memory_order_acq_rel) == 1) empty.notify_all();
}

bool ServerCore::wait_empty(Millis span) {
  std::unique_lock lock(empty_mutex);
  return empty.wait_for(lock, span, [this] { return metrics.open->load(std::memory_order_acquire) == 0; });
}

namespace {

// One loop's listening socket.
class Listener final : public Pollable {
 public:
  Listener(Shard& shard, Fd fd) : shard_(shard), fd_(std::move(fd)) {}
  ~Listener() { close(); }

  void open() { ticket_ = shard_.loop.impl().join(fd_.get(), EPOLLIN, *this); }

  void close() {
    if (!fd_.valid()) return;
    shard_.loop.impl().leave(ticket_);
    fd_.reset();
  }

  void on_events(std::uint32_t /*events*/) override { accept_some(); }

  void accept_some() {
    for (int i = 0; i < accepts_a_turn && fd_.valid(); ++i) {
      Address address;
      address.size = sizeof address.storage;
      Fd fd(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.valid()) {
        if (errno == ECONNABORTED || errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) pause();
        return;
      }
      if (address.is_loopback()) set_within_machine(fd.get());
      take(std::move(fd), address.ip());
    }
  }

 private:
  static constexpr int accepts_a_turn = 64;

  void take(Fd fd, std::string peer) {
    // Telling those that there is no room takes connections too: they do not count as served, and are
    // bounded.
    auto refused = shard_.core.refused_open.load();
    auto served = shard_.core.metrics.open->load() - refused;
    auto limit = static_cast<std::int64_t>(shard_.core.options.connections_max);
    auto purpose = served < limit ? Purpose::serve : Purpose::refuse;
    if (purpose == Purpose::refuse && refused >= limit / 8 + 64) {
      shard_.core.metrics.rejected_full.add();
      return;
    }
    auto connection = std::make_unique<Connection>(shard_, std::move(fd), std::move(peer), purpose);
    if (!connection->valid()) return;
    spawn("http_connection", Connection::live(std::move(connection)));
  }

  // Out of file descriptors or memory: asked again at once, the kernel would say the same.
  void pause() {
    log::warn("http_accept_paused", {{"errno", errno}});
    auto& impl = shard_.loop.impl();
    impl.leave(ticket_);
    ::epoll_ctl(impl.epoll.get(), EPOLL_CTL_DEL, fd_.get(), nullptr);
    ticket_ = Loop::Impl::no_ticket;
    shard_.loop.post_at(impl.now + Millis(100), [self = std::weak_ptr<Listener*>(alive_)] {
      auto listener = self.lock();
      if (listener && (*listener)->fd_.valid()) (*listener)->open();
    });
  }

  Shard& shard_;
  Fd fd_;
  Loop::Impl::Ticket ticket_ = Loop::Impl::no_ticket;
  std::shared_ptr<Listener*> alive_ = std::make_shared<Listener*>(this);
};

class ServerImpl final : public Server {
 public:
  ServerImpl(ServerOptions options, Handler handler, Metrics& metrics)
      : core_(std::move(options), std::move(handler), metrics) {}

  ~ServerImpl() override {
    drain(Millis(0));
    // A handler that does not end when asked still uses this server: there is nothing to do but wait for it.
    while (!core_.wait_empty(Millis(5'000)))
      log::warn("http_handlers_still_running", {{"connections", core_.metrics.open->load()}});
    on_each_loop([](Shard& /*shard*/, std::unique_ptr<Listener>& listener) { listener.reset(); });
    threads_.clear();
  }

  Result<void> start() {
    auto& options = core_.options;
    if (options.tls) {
      auto tls = server_tls(*options.tls);
      if (!tls) return pass(tls);
      core_.tls = std::move(*tls);
    }
    auto count = options.loops > 0 ? static_cast<std::size_t>(options.loops)
                                   : static_cast<std::size_t>(usable_cores());
    auto sockets = listen_group(options.host, options.port, count);
    if (!sockets) return pass(sockets);
    port_ = bound_port(sockets->front().get());
    for (std::size_t i = 0; i < count; ++i) {
      set_accepted_options((*sockets)[i].get(), options.write_timeout);
      auto thread = LoopThread::start(fmt::format("http-{}", i));
      if (!thread) return pass(thread);
      threads_.push_back(std::move(*thread));
      shards_.push_back(std::make_unique<Shard>(core_, threads_.back()->loop()));
      listeners_.push_back(std::make_unique<Listener>(*shards_.back(), std::move((*sockets)[i])));
    }
    on_each_loop([](Shard& /*shard*/, std::unique_ptr<Listener>& listener) { listener->open(); });
    return {};
  }

  [[nodiscard]] int port() const override { return port_; }
  [[nodiscard]] std::vector<Loop*> loops() override {
    std::vector<Loop*> all;
    for (auto& thread : threads_) all.push_back(&thread->loop());
    return all;
  }
  [[nodiscard]] std::size_t connections() const override {
    return static_cast<std::size_t>(std::max<std::int64_t>(core_.metrics.open->load(), 0));
  }

  void drain(Millis patience) override {
    on_each_loop([](Shard& shard, std::unique_ptr<Listener>& listener) {
      if (!shard.draining && listener) {
        listener->accept_some();  // who has connected already is not cut off
        listener->close();
      }
      shard.draining = true;
      for_each_connection(shard, [](Connection& connection) { connection.drain(); });
    });
    if (core_.wait_empty(patience)) return;
    on_each_loop([](Shard& shard, std::unique_ptr<Listener>& /*listener*/) {
      for_each_connection(shard, [](Connection& connection) { connection.ask_to_stop(); });
    });
    if (core_.wait_empty(Millis(500))) return;
    on_each_loop([](Shard& shard, std::unique_ptr<Listener>& /*listener*/) {
      for_each_connection(shard, [](Connection& connection) { connection.abort(); });
    });
    core_.wait_empty(Millis(500));
  }

 private:
  // `visit` may end connections, this one and others.
  template <class Visit>
  static void for_each_connection(Shard& shard, Visit visit) {
    std::vector<Connection*> all(shard.connections.begin(), shard.connections.end());
    for (auto* connection : all)
      if (shard.connections.contains(connection)) visit(*connection);
  }

  // Runs `visit` on each loop's thread and waits for all.
  template <class Visit>
  void on_each_loop(Visit visit) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      auto run = [](Visit call, Shard& shard, std::unique_ptr<Listener>& listener) -> Task<bool> {
        call(shard, listener);
        co_return true;
      };
      run_blocking(threads_[i]->loop(), run(visit, *shards_[i], listeners_[i]));
    }
  }

  ServerCore core_;
  int port_ = 0;
  std::vector<std::unique_ptr<LoopThread>> threads_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};
}  // namespace
}  // namespace detail

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler, Metrics& metrics) {
  auto server = std::make_unique<detail::ServerImpl>(std::move(options), std::move(handler), metrics);
  auto started = server->start();
  if (!started) return pass(started);
  return server;
}

}  // namespace bastide::net
