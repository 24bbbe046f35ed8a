// One client's connection: a coroutine that reads a head, has it answered, and begins again.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "net/framing.h"
#include "net/link.h"
#include "net/server_core.h"

namespace bastide::net::detail {

class Call;

/// Why a connection is taken: to be served, or to be told that there are too many.
enum class Purpose { serve, refuse };

class Connection final : private LinkWatcher {
 public:
  Connection(Shard& shard, Fd fd, std::string peer, Purpose purpose);
  ~Connection();

  /// The whole life of a connection; owns it.
  static Task<void> live(std::unique_ptr<Connection> self);

  [[nodiscard]] bool valid() const { return link_.valid(); }
  /// Ends it when it is between two requests, else after the answer that is under way.
  void drain();
  /// Asks the running handler to stop.
  void ask_to_stop();
  void abort() { link_.abort(); }

 private:
  friend class Call;

  enum class Next { request, refused, ended };
  Task<bool> shake_hands();
  Task<Next> read_head(RequestHead& head, Refusal& refusal);
  Task<bool> answer_one(RequestHead head);
  Task<void> refuse(Refusal refusal);
  /// Reads and drops what still comes for a moment, so that the last answer is not lost to a reset.
  Task<void> linger();
  void on_left() override;

  Shard& shard_;
  const ServerOptions& options_;
  Link link_;
  std::string in_;  // received and not used yet
  std::string peer_;
  Purpose purpose_;
  Call* call_ = nullptr;  // the request being answered
  bool between_ = true;   // waits for the first byte of a request
  bool must_linger_ = false;
  std::size_t burst_ = 0;  // requests answered since bytes were last read
};

}  // namespace bastide::net::detail
