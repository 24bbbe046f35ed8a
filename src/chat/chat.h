// Conversations: asking, branching, stopping, going on, following.
#pragma once

#include <cstdint>
#include <functional>
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
  /// The same key again gives the same answer, and nothing is asked twice; empty: none.
  std::string idempotency_key;
  std::string request_hash;  // of all that was asked: the same key for something else is Code::conflict
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
  /// Forgets what is kept elsewhere of a conversation that was removed. Blocks.
  using OnRemoved = std::function<Result<void>(std::string_view conversation)>;

  Chat(ConversationStore& store, const exchange::Pipeline& pipeline, const policy::Labels& labels,
       const policy::Router& router, Pool& pool, Metrics& metrics, OnRemoved on_removed);
  ~Chat();

  [[nodiscard]] ConversationStore& store() { return store_; }
  [[nodiscard]] StreamHub& hub() { return hub_; }
  [[nodiscard]] Pool& pool() { return pool_; }

  /// Question and answer are durable when this returns; the answer then streams by itself. Under an
  /// idempotency key that was used within a day it gives what was begun then, after a restart too.
  [[nodiscard]] Task<Result<Asked>> ask(identity::Principal who, std::string conversation, Turn turn);
  /// What would happen, without any of it.
  [[nodiscard]] Task<Result<void>> preview(identity::Principal who, std::string conversation, Turn turn,
                                           exchange::Exchange& out);
  /// Code::not_found when it does not run or is not theirs.
  Result<void> stop(std::string_view person, std::string_view stream);

  /// Stops all answers that are being written for somebody who may ask no more. What was shown stays.
  void stop_all(std::string_view person);

  /// Stops its answers and removes a conversation with all that is kept of it. Code::not_found. Blocks.
  Result<void> remove(std::string_view person, std::string_view conversation);
  /// The same with all that a person has; gives how many. Blocks.
  Result<std::int64_t> remove_all(std::string_view person);

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
    std::string conversation;
    std::stop_source stop;
    bool removed = false;  // its conversation is no more: what the answer kept meanwhile goes at its end
  };
  struct Prepared {
    ConversationStore::Turn turn;
    exchange::Ask ask;
    std::string begin_with;
  };
  /// What was begun under the turn's key; nothing when it has none or a new one.
  [[nodiscard]] Task<Result<std::optional<Asked>>> asked_before(std::string person, const Turn& turn);
  [[nodiscard]] Result<Prepared> prepare(const identity::Principal& who, const std::string& conversation,
                                         const Turn& turn);
  enum class Kept { yes, no };  // what was shown of the answers
  // Stops those answers of `person` in `conversation`; in all when it is empty.
  void stop_in(std::string_view person, std::string_view conversation, Kept kept);
  [[nodiscard]] Task<void> answer(identity::Principal who, Prepared prepared, std::stop_token stop);

  ConversationStore& store_;
  const exchange::Pipeline& pipeline_;
  const policy::Labels& labels_;
  const policy::Router& router_;
  Pool& pool_;
  OnRemoved on_removed_;
  StreamHub hub_;
  mutable std::mutex mutex_;
  std::map<std::string, Running, std::less<>> running_;  // by stream
};

}  // namespace bastide::chat
