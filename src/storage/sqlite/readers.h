// The pool of reading connections.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "storage/sqlite/connection.h"

namespace bastide::storage::detail {

struct ReaderLimits {
  std::size_t connections_max = 8;
  Millis wait_max{10'000};  // for a free one
  ConnectionLimits connection{.cache_kib = 1024, .statements_max = 48};
};

/// Opens connections as they are needed and gives the most recently used one first, so that an idle server
/// keeps few warm. Each body sees one snapshot. Thread-safe.
class Readers {
 public:
  Readers(std::string path, ReaderLimits limits) : path_(std::move(path)), limits_(limits) {}
  /// Runs `body` on the calling thread. Code::overloaded when no connection becomes free in time.
  Result<void> run(const std::function<void(Connection&)>& body);

 private:
  Result<std::unique_ptr<SqliteConnection>> take();
  void give_back(std::unique_ptr<SqliteConnection> connection);
  void forget();

  const std::string path_;
  const ReaderLimits limits_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<SqliteConnection>> free_;
  std::size_t open_ = 0;
};

}  // namespace bastide::storage::detail
