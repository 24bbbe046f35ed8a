// Threads that take leased jobs and walk documents from bytes to searchable passages.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "exchange/ports.h"
#include "knowledge/ingest/parser.h"
#include "knowledge/retrieval/live_index.h"
#include "knowledge/store.h"
#include "storage/blobs.h"

namespace bastide::knowledge::ingest {

struct WorkerParts {
  LibraryStore& store;
  storage::Blobs& blobs;
  exchange::Models& models;
  retrieval::LiveIndex& live;
  Metrics& metrics;
  Parser parser;
  std::string model;  // whose vectors are made; empty for none
  Executor* embedding = nullptr;
  std::chrono::seconds parse_max{120};
  std::function<void(const std::string& blob)> on_blob_removed;
  std::function<bool(const std::string& blob)> is_kept_elsewhere;
};

/// Thread-safe.
class Workers {
 public:
  explicit Workers(WorkerParts parts);
  ~Workers();

  void start(int threads);
  /// Gives back what is being done; it will be done again, from where it was stored.
  void stop();
  /// There may be something to do.
  void wake();

 private:
  void work(const std::stop_token& stop);
  void keep_house();
  bool take_one(const std::stop_token& stop);
  void run_parse(const Job& job, const std::stop_token& stop);
  void run_embed(const Job& job, const std::stop_token& stop);
  void run_purge(const Job& job);
  void remove_blob(const std::string& blob);
  void give_up(const Job& job, const Error& error);
  [[nodiscard]] bool can_embed() const;
  [[nodiscard]] UnixMillis lease() const;

  WorkerParts parts_;
  const std::string owner_;
  Counter& documents_;
  Counter& failures_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::uint64_t wakes_ = 0;
  std::atomic<std::int64_t> housekeeping_due_{0};
  std::vector<std::jthread> threads_;
};

/// This process, such that another one on this machine can tell whether it still lives.
[[nodiscard]] std::string process_owner();
/// Whether `owner` was a process of this machine that is gone.
[[nodiscard]] bool is_dead_here(const std::string& owner);

}  // namespace bastide::knowledge::ingest
