// Where the log is kept: the port, which storage/governance joins to the database.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "governance/merkle.h"

namespace bastide::governance {

/// What the tree covers of an entry. The payload itself may be erased later; its salted hash stays.
struct EntryBody {
  std::string kind;  // exchange, sign_in, key_created ...
  UnixMillis at = 0;
  std::string actor;    // id of who did it; empty: the program
  std::string subject;  // id of what it was done to
  Hash commitment{};    // SHA-256(salt || payload)
};

/// The canonical bytes of which the leaf is the hash: one line of JSON with the fields in this order.
[[nodiscard]] std::string canonical(const EntryBody& body);

struct Entry {
  std::int64_t position = 0;
  Hash leaf{};
  EntryBody body;
};

/// salt || payload, sealed under the key of `owner` (empty: the log's own).
struct Payload {
  std::string owner;
  std::string sealed;
};

struct Found {
  Entry entry;
  std::optional<Payload> payload;  // none: erased
};

struct Checkpoint {
  std::int64_t size = 0;
  UnixMillis at = 0;
  std::string note;
};

/// Signs the root of `size` entries.
using SignCheckpoint = std::function<Checkpoint(std::int64_t size, const Hash& root)>;

/// Entries from a position on, and the inner nodes that they complete.
struct LogPage {
  std::vector<Found> entries;
  std::vector<Node> nodes;
};

/// Thread-safe; everything blocks. Other processes may append too. `at` finds any complete subtree.
class LogStore : public NodeSource {
 public:
  /// One transaction: entry, payload, the nodes that it completes, and each `checkpoint_every` entries a
  /// checkpoint. Durable on return. Gives the position. Code::conflict for a second receipt of one exchange.
  virtual Result<std::int64_t> append(const EntryBody& body, const Payload& payload,
                                      const SignCheckpoint& sign) = 0;
  virtual Result<std::int64_t> size() = 0;
  /// At most `count` entries from position `from`, in order.
  virtual Result<LogPage> page(std::int64_t from, std::int64_t count) = 0;
  /// The newest of this kind and subject. Code::not_found.
  virtual Result<Found> find(std::string_view kind, std::string_view subject) = 0;
  /// Those of more than `after` entries, smallest first, at most `count`.
  virtual Result<std::vector<Checkpoint>> checkpoints(std::int64_t after, std::int64_t count) = 0;
  virtual Result<std::optional<Checkpoint>> latest_checkpoint() = 0;
  virtual Result<void> add_checkpoint(const Checkpoint& checkpoint) = 0;
  /// Erases the payloads of `owner`; gives how many.
  virtual Result<std::int64_t> forget(std::string_view owner) = 0;

  static constexpr std::int64_t checkpoint_every = 1024;
};

}  // namespace bastide::governance
