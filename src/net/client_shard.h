// What a client keeps on one loop: idle connections, TLS sessions, and ways to make more of both.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/pool.h"
#include "net/client.h"
#include "net/link.h"
#include "net/socket.h"
#include "net/url.h"

namespace bastide::net::detail {

/// A way to post to a loop that may be gone: what threads outside hold instead of the loop.
class LoopRef {
 public:
  explicit LoopRef(Loop& loop) : loop_(&loop) {}
  /// Dropped when the loop is gone. Thread-safe.
  void post(Executor::Fn fn);
  void forget();

 private:
  std::mutex mutex_;
  Loop* loop_;
};

/// The stop token of one exchange, brought to its loop's thread. `on_stop` runs there at most once, and not
/// after `disarm`.
class StopRelay {
 public:
  StopRelay(std::shared_ptr<LoopRef> loop, std::stop_token stop);
  ~StopRelay() { disarm(); }
  StopRelay(const StopRelay&) = delete;
  StopRelay& operator=(const StopRelay&) = delete;

  [[nodiscard]] bool requested() const { return stop_.stop_requested(); }
  void arm(std::function<void()> on_stop) { state_->on_stop = std::move(on_stop); }
  void disarm() { state_->on_stop = nullptr; }

 private:
  struct State {
    std::function<void()> on_stop;  // its loop's thread only
  };
  struct Post {
    std::shared_ptr<LoopRef> loop;
    std::weak_ptr<State> state;
    void operator()() const;
  };
  std::stop_token stop_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::stop_callback<Post> callback_;
};

class ClientShard;

/// A connection to a server: busy with one exchange, or idle in its shard.
class Upstream final : private LinkWatcher, private SessionSink {
 public:
  Upstream(ClientShard& shard, std::string key, Fd fd);

  Link link;
  std::string in;  // received and not used yet
  bool reused = false;

  [[nodiscard]] const std::string& key() const { return key_; }
  /// Turns it to TLS for `host`.
  [[nodiscard]] bool begin_tls(SSL_CTX& context, const std::string& host);
  void set_idle(bool idle) { idle_ = idle; }
  /// Nothing is left to read and the other side is there: fit for another exchange.
  [[nodiscard]] bool is_quiet();

 private:
  friend class ClientShard;
  void on_unawaited(unsigned events) override;
  void offered(SslSession session) override;

  ClientShard& shard_;
  std::string key_;
  bool idle_ = false;
};

class ClientShard final : public std::enable_shared_from_this<ClientShard> {
 public:
  /// `tls` and `pool`, for what blocks, are the client's, which exchanges do not outlive.
  ClientShard(Loop& loop, const ClientOptions& options, ClientTls& tls, Pool& pool);

  [[nodiscard]] std::shared_ptr<LoopRef> loop_ref() const { return ref_; }
  [[nodiscard]] const ClientOptions& options() const { return options_; }

  /// The idle connection used last, or nothing.
  [[nodiscard]] std::unique_ptr<Upstream> take_idle(const std::string& key);
  /// Keeps it for the next exchange if it is fit for one, else closes it.
  void give_back(std::unique_ptr<Upstream> upstream);
  /// Connects, with TLS where the address says so.
  [[nodiscard]] Task<Result<std::unique_ptr<Upstream>>> connect(const Url& url, Millis timeout,
                                                                StopRelay& stop);
  /// The loop ends, or the client: closes what is idle.
  void close();

 private:
  friend class Upstream;
  [[nodiscard]] Task<Result<std::vector<Address>>> find(const Url& url, Deadline deadline, StopRelay& stop);
  [[nodiscard]] Task<Result<std::unique_ptr<Upstream>>> connect_one(const Url& url, Address address,
                                                                    Deadline deadline, StopRelay& stop);
  [[nodiscard]] Task<Result<void>> secure(Upstream& upstream, SSL_CTX& context, const Url& url,
                                          Deadline deadline, StopRelay& stop);
  [[nodiscard]] Task<Result<SSL_CTX*>> tls_context();
  void drop_idle(Upstream& upstream);

  Loop& loop_;
  ClientOptions options_;
  ClientTls& tls_;
  Pool& pool_;
  std::shared_ptr<LoopRef> ref_;
  std::map<std::string, std::vector<std::unique_ptr<Upstream>>> idle_;
  std::map<std::string, SslSession> sessions_;
  bool closed_ = false;
};

}  // namespace bastide::net::detail
