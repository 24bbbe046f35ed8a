// What the parts of the server share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "base/metrics.h"
#include "base/pool.h"
#include "net/link.h"
#include "net/server.h"
#include "net/tls.h"

namespace bastide::net::detail {

class Connection;

/// Counters of one server. The gauge that reads `open` may outlive the server, hence the shared pointer.
struct ServerMetrics {
  explicit ServerMetrics(Metrics& metrics);
  void count_answer(int status, double seconds);
  void count_rejected(int status);

  std::shared_ptr<std::atomic<std::int64_t>> open = std::make_shared<std::atomic<std::int64_t>>(0);
  std::array<Counter*, 6> by_class{};  // [2] is 2xx
  Histogram& seconds;
  Counter& handler_failures;
  Counter& rejected_malformed;
  Counter& rejected_large;
  Counter& rejected_slow;
  Counter& rejected_full;
  Counter& tls_full;
  Counter& tls_resumed;
};

struct ServerCore {
  ServerCore(ServerOptions given, Handler given_handler, Metrics& registry)
      : options(std::move(given)),
        handler(std::move(given_handler)),
        metrics(registry),
        files("http_files", 2, 4096) {}

  void connection_opened();
  void connection_closed();
  /// False when connections are still open after `span`. Blocks.
  bool wait_empty(Millis span);

  ServerOptions options;
  Handler handler;
  ServerMetrics metrics;
  SslContext tls;
  Pool files;                                 // reads of files that are not in memory
  std::atomic<std::int64_t> refused_open{0};  // of the open connections, those that are being refused
  std::mutex empty_mutex;
  std::condition_variable empty;
};

/// One loop's share of the server. Touched on its loop's thread only.
struct Shard {
  Shard(ServerCore& core_in, Loop& loop_in) : core(core_in), loop(loop_in) {}
  ServerCore& core;
  Loop& loop;
  std::unordered_set<Connection*> connections;
  bool draining = false;
};

}  // namespace bastide::net::detail
