// Conversations: asking, branching, stopping, going on, following.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/pool.h"
#include "chat/conversation_store.h"
#include "chat/stream_hub.h"
#include "exchange/pipeline.h"
#include "identity/principal.h"

namespace bastide::chat {

/// One turn asked of a conversation. Exactly one of `content`, `retry`, `go_on` is given.
struct Turn {
  std::string content;
  std::optional<std::string>
      parent;         // a message of the conversation, or "" for a new first message; none: the leaf
  std::string retry;  // an answer to make anew
  std::string go_on;  // an interrupted or stopped answer to continue
  std::string model;
  std::optional<std::string> label;
  std::vector<std::string> collections;
  bool quote_only = false;
  std::string language = "en";
};

struct Asked {
  std::string message;   // the answer
  std::string question;  // empty when none was added
  std::string stream;
  std::string exchange;
};

/// Thread-safe. Store work runs on `pool`; exchanges run on the executor that asked and outlive its request.
class Chat {
 public:
  Chat(ConversationStore& store, const exchange::Pipeline& pipeline, const policy::Labels& labels,
       const policy::Router& router, Pool& pool, Metrics& metrics);
  ~Chat();

  [[nodiscard]] ConversationStore& store() { return store_; }
  [[nodiscard]] StreamHub& hub() { return hub_; }
  [[nodiscard]] Pool& pool() { return pool_; }

  /// Question and answer are durable when this returns; the answer then streams by itself.
  [[nodiscard]] Task<Result<Asked>> ask(identity::Principal who, std::string conversation, Turn turn);
  /// What would happen, without any of it.
  [[nodiscard]] Task<Result<void>> preview(identity::Principal who, std::string conversation, Turn turn,
                                           exchange::Exchange& out);
  /// Code::not_found when it does not run or is not theirs.
  Result<void> stop(std::string_view person, std::string_view stream);

  /// Events of a stream after `after`: stored ones at once, new ones as they come, until `deadline`.
  [[nodiscard]] Task<Result<StreamHub::Batch>> follow(std::string person, std::string stream,
                                                      std::uint64_t after, Deadline deadline);

  /// At start: answers that were running when the last process died become interrupted, with what was shown.
  Result<std::size_t> recover();
  /// Answers being written now.
  [[nodiscard]] std::size_t running() const;
  /// Stops all running answers and waits for their ends to be stored, at most `patience`. Blocks; not on a
  /// loop.
  void drain(Millis patience);

 private:
  struct Running {
    std::string person;
    std::stop_source stop;
  };
  struct Prepared {
    ConversationStore::Turn turn;
    exchange::Ask ask;
    std::string begin_with;
  };
  [[nodiscard]] Result<Prepared> prepare(const identity::Principal& who, const std::string& conversation,
                                         const Turn& turn);
  [[nodiscard]] Task<void> answer(identity::Principal who, Prepared prepared, std::stop_token stop);

  ConversationStore& store_;
  const exchange::Pipeline& pipeline_;
  const policy::Labels& labels_;
  const policy::Router& router_;
  Pool& pool_;
  StreamHub hub_;
  mutable std::mutex mutex_;
  std::map<std::string, Running, std::less<>> running_;  // by stream
};

}  // namespace bastide::chat
