// Conversations and the events of their answers, as they are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::chat {

struct Conversation {
  std::string id;
  std::string organisation;
  std::string person;
  std::string title;
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;
  std::string leaf;           // empty: no message yet
  std::string label;          // highest label of what was read in it; empty: none
  std::string settings_json;  // an object: collections, model, label
};

enum class MessageState { complete, streaming, stopped, interrupted, failed, refused };
enum class Speaker { user, assistant };

/// Messages form a tree: `parent` is empty for a first message; edit and retry make siblings.
struct StoredMessage {
  std::string id;
  std::string conversation;
  std::string parent;
  Speaker speaker = Speaker::user;
  MessageState state = MessageState::complete;
  UnixMillis created_at = 0;
  std::string exchange;
  std::string stream;
  std::string content;
  std::string meta_json = "{}";
};

struct StreamEvent {
  std::string stream;
  std::uint64_t seq = 0;  // from 1
  std::string name;
  std::string data_json;
};

struct StreamInfo {
  std::string id;
  std::string message;
  std::string person;
  bool ended = false;
};

struct ConversationPage {
  std::vector<Conversation> conversations;  // newest first
  std::vector<std::string> snippets;        // of searches: one a conversation, else empty
  std::string next;                         // cursor; empty at the end
};

/// Everything is of one person: asking with another person's id is Code::not_found. Blocking, thread-safe.
/// What returned is on the disk, except append_events, which survives the death of the process only.
class ConversationStore {
 public:
  virtual ~ConversationStore() = default;

  virtual Result<void> create(const Conversation& conversation) = 0;
  virtual Result<Conversation> find(std::string_view id, std::string_view person) = 0;
  virtual Result<ConversationPage> list(std::string_view person, std::string_view after,
                                        std::size_t limit) = 0;
  /// Conversations whose title or messages hold every word of `words`, accents and case aside.
  virtual Result<ConversationPage> search(std::string_view person, std::string_view words,
                                          std::string_view after, std::size_t limit) = 0;
  virtual Result<void> update(std::string_view id, std::string_view person, std::optional<std::string> title,
                              std::optional<std::string> leaf) = 0;
  virtual Result<void> remove(std::string_view id, std::string_view person) = 0;
  /// All of a person's; gives how many there were.
  virtual Result<std::int64_t> remove_all(std::string_view person) = 0;

  /// In order of making.
  virtual Result<std::vector<StoredMessage>> messages(std::string_view conversation,
                                                      std::string_view person) = 0;
  virtual Result<StoredMessage> message(std::string_view id, std::string_view person) = 0;

  /// Under which a client may send the same turn again: SHA-256 of its key, and of what it asks.
  struct TurnKey {
    std::string key;
    std::string request;
  };
  /// A turn that was added under a key.
  struct KeptTurn {
    std::string request;
    std::string question;  // empty when none was added
    StoredMessage answer;  // ids and states only
  };
  /// Keys are remembered for a day at least.
  virtual Result<std::optional<KeptTurn>> turn_of_key(std::string_view person, std::string_view key) = 0;

  struct Turn {
    std::optional<StoredMessage> question;  // none on retry and continue
    StoredMessage answer;                   // state streaming, with its stream
    std::optional<std::string> title;       // of a conversation that had none
    std::string settings_json;
    std::optional<TurnKey> key;
  };
  /// Question, answer and stream appear together; the answer becomes the leaf. Code::conflict, detail
  /// turn_exists, when there is one under its key.
  virtual Result<void> add_turn(std::string_view person, const Turn& turn) = 0;

  virtual Result<void> append_events(std::span<const StreamEvent> events) = 0;
  /// The answer in its final state, the last event of its stream, and the conversation's label, together.
  virtual Result<void> finish(const StoredMessage& answer, const StreamEvent& last,
                              std::string_view label) = 0;
  virtual Result<StreamInfo> stream(std::string_view id) = 0;
  virtual Result<std::vector<StreamEvent>> events(std::string_view stream, std::uint64_t after,
                                                  std::size_t limit) = 0;

  /// Answers that were running when the process before this one ended.
  virtual Result<std::vector<StoredMessage>> running() = 0;
  /// Forgets the events of streams that ended before `before`; their messages stay.
  virtual Result<void> purge_events(UnixMillis before) = 0;
};

}  // namespace bastide::chat
