// The one thread that writes, and group commit.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "storage/sqlite/connection.h"

namespace bastide::storage::detail {

struct WriterLimits {
  std::size_t group_max = 256;   // bodies in one transaction
  std::size_t queue_max = 4096;  // callers that may wait
  int checkpoint_pages =
      1000;  // size of the WAL from which it is copied into the database, after the callers left
  int restart_pages =
      16 * 1024;  // from here on the writer waits a moment for readers so that the WAL starts anew
};

/// Bodies that are waiting are run together in one transaction, each in a savepoint, and their callers are
/// released once it is committed: one fsync for all of them. Thread-safe.
class Writer {
 public:
  Writer(std::unique_ptr<SqliteConnection> connection, WriterLimits limits);
  /// Finishes what was accepted.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Blocks until `body` is committed, or not: then nothing of it is stored. Code::overloaded when too many
  /// wait.
  Result<void> run(const std::function<void(Connection&)>& body, Durability durability);

 private:
  struct Job {
    const std::function<void(Connection&)>& body;
    Durability durability;
    std::optional<Error> error{};
    std::exception_ptr bug{};
    bool done = false;
    std::condition_variable woken{};
  };
  void work();
  void run_group(const std::vector<Job*>& group);
  void run_job(Job& job);
  void begin(Durability durability);
  void checkpoint();

  std::unique_ptr<SqliteConnection> connection_;
  WriterLimits limits_;
  Durability synchronous_ = Durability::flushed;
  int wal_pages_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job*> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::storage::detail
