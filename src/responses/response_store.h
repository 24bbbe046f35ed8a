// Responses that are kept: the port. storage/responses implements it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::responses {

/// Of one that runs by itself; all others have ended.
enum class State : std::uint8_t { ended = 0, queued = 1, running = 2 };

/// What belongs to a conversation, in the order in which it was said.
struct ConversationItem {
  std::string id;
  std::string json;   // as the next call gives it to a model: without an id that this house made
  std::string label;  // of the turn that brought it; empty: nothing was read for it
};

struct StoredResponse {
  std::string id;
  std::string chain;     // id of its first response, or of the conversation that it belongs to
  std::string previous;  // empty: it is the first
  std::string person;
  UnixMillis created_at = 0;
  std::string label;       // highest of what was read up to here
  std::string items_json;  // a list: what this call added
  std::string response_json;
  State state = State::ended;
  bool in_background = false;
  std::string call_json{};  // what runs, until it has ended
  // For `add` and `finish` only:
  std::vector<std::string> item_ids{};   // of what it holds
  std::vector<ConversationItem> said{};  // what goes into the conversation that `chain` is
};

/// Of a conversation, a response is neither the first of its chain nor does it go on from another.
[[nodiscard]] inline bool is_in_conversation(const StoredResponse& response) {
  return response.previous.empty() && response.chain != response.id;
}

/// An event of a response's stream, as the dialect frames it.
struct StreamFrame {
  std::int64_t number = 0;  // from 0
  std::string text;
};

/// How much of a conversation is read.
struct ChainBounds {
  std::size_t responses_max = 0;
  std::size_t bytes_max = 0;
};

/// Everything is of one person: another's id is Code::not_found, detail no_response, as one that does not
/// exist. Blocking, thread-safe; what returned is on the disk.
class ResponseStore {
 public:
  virtual ~ResponseStore() = default;

  /// Its chain begins with it, or goes on; its stream begins with `frames`. Code::not_found, no_conversation,
  /// when the conversation that it belongs to is not there any more.
  virtual Result<void> add(const StoredResponse& response, std::span<const StreamFrame> frames) = 0;
  virtual Result<StoredResponse> find(std::string_view id, std::string_view person) = 0;
  /// The responses up to `id`, the first one first. Code::not_found when one of them is not there any more;
  /// Code::too_large beyond the bounds.
  virtual Result<std::vector<StoredResponse>> chain(std::string_view id, std::string_view person,
                                                    ChainBounds bounds) = 0;

  /// The newest that holds an item of this id. Code::not_found, detail no_item.
  virtual Result<StoredResponse> holding(std::string_view item, std::string_view person) = 0;

  /// A chain whose last response went is gone with it, unless it is a conversation.
  struct Removed {
    std::string chain;
    bool was_last = false;
  };
  virtual Result<Removed> remove(std::string_view id, std::string_view person) = 0;
  /// All of a person's; gives how many there were.
  virtual Result<std::int64_t> remove_all(std::string_view person) = 0;
  /// Removes at most `limit` chains that did not go on since `before`; gives their ids.
  virtual Result<std::vector<std::string>> sweep(UnixMillis before, std::size_t limit) = 0;

  // Of responses that run by themselves.
  /// It runs: from here on `response_json` is what it looks like.
  virtual Result<void> set_running(std::string_view id, std::string_view person,
                                   std::string_view response_json) = 0;
  /// It has ended, with the last events of its stream: its response and its label count.
  virtual Result<void> finish(const StoredResponse& response, std::span<const StreamFrame> frames) = 0;
  /// Survives the death of the process, not a power cut.
  virtual Result<void> append(std::string_view id, std::string_view person,
                              std::span<const StreamFrame> frames) = 0;
  /// Events whose number is above `after`, in their order.
  virtual Result<std::vector<StreamFrame>> frames(std::string_view id, std::string_view person,
                                                  std::int64_t after, std::size_t limit) = 0;
  /// The number of the next event: 0 when there is none.
  virtual Result<std::int64_t> next_number(std::string_view id, std::string_view person) = 0;
  struct Waiting {
    std::string id;
    std::string person;
  };
  /// Those that have not ended, the oldest first.
  virtual Result<std::vector<Waiting>> waiting() = 0;
};

}  // namespace bastide::responses
