// PrefixStore: what was computed for the beginnings of prompts, as a tree of blocks of tokens: in memory with
// a budget, and on the disk, where it survives restarts.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "models/local/llama_engine.h"

namespace bastide::models::local {

struct PrefixStoreOptions {
  std::string folder;                  // made when missing; empty: memory only
  std::string key;                     // 32 bytes: seals the files and names them
  std::string model;                   // hash of the model's file: states of another model never match
  std::uint64_t memory_bytes_max = 0;  // 0: nothing is kept
  std::uint64_t disk_bytes_max = 0;    // 0: nothing is written
};

/// A block's place in the tree: it names the model, the rights under which it may be read, its own tokens and
/// all tokens before it. A keyed hash, so that a file's name tells nothing.
using BlockKey = Sha256;

/// Thread-safe. Files are written by a thread of its own, sealed (XChaCha20-Poly1305), the oldest used
/// removed first. A file that is damaged or of another key is a miss and is removed.
class PrefixStore {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  /// What waits to be written; more is not written.
  static constexpr std::uint64_t unwritten_max_bytes = 512ULL << 20;

  explicit PrefixStore(PrefixStoreOptions options);
  /// Writes what waits.
  ~PrefixStore();
  PrefixStore(const PrefixStore&) = delete;
  PrefixStore& operator=(const PrefixStore&) = delete;

  /// Keys of the whole blocks of `tokens`, in order. A block that lies within the instructions belongs to the
  /// organisation; the others belong to those of the same rights.
  [[nodiscard]] std::vector<BlockKey> keys_of(std::span<const Token> tokens, const CacheScope& scope) const;
  /// How many of `keys`, from the first on, are kept.
  [[nodiscard]] std::size_t known(std::span<const BlockKey> keys) const;
  /// Brings the first blocks into memory, as far as they are kept and fit; returns how many. Reads files.
  std::size_t fetch(std::span<const BlockKey> keys);
  /// The first blocks that are in memory, at most `count`. Reads no files.
  [[nodiscard]] std::vector<Bytes> take(std::span<const BlockKey> keys, std::size_t count);
  /// Of the last of `keys`; those before it are the blocks that it goes on from.
  void put(std::span<const BlockKey> keys, std::string bytes);

  [[nodiscard]] std::uint64_t memory_bytes() const;
  [[nodiscard]] std::uint64_t disk_bytes() const;
  /// Returns when everything that was put is on the disk.
  void flush();

 private:
  struct HashOfKey {
    std::size_t operator()(const BlockKey& key) const;
  };
  struct Entry {
    Bytes bytes;                   // null: on the disk only
    std::uint64_t file_bytes = 0;  // 0: not on the disk
    std::uint64_t used = 0;        // turn of the last use
    bool is_written_soon = false;  // stays, whatever leaves the memory
  };

  /// Under the lock. The last was used first: without a beginning, what goes on from it is of no use.
  void touch(std::span<const BlockKey> keys);
  void scan();
  void write_files();
  void shrink_memory();                    // under the lock
  std::vector<std::string> shrink_disk();  // under the lock; the files to remove
  [[nodiscard]] Bytes read_file(const BlockKey& key) const;
  [[nodiscard]] std::string path(const BlockKey& key) const;

  const PrefixStoreOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable written_;
  std::unordered_map<BlockKey, Entry, HashOfKey> entries_;
  std::uint64_t turn_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t disk_bytes_ = 0;
  std::deque<std::pair<BlockKey, Bytes>> unwritten_;
  std::uint64_t unwritten_bytes_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::models::local
