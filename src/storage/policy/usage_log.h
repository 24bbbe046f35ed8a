// The usage log of one process, on the disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>

#include "base/metrics.h"
#include "policy/usage.h"
#include "storage/policy/usage_days.h"
#include "storage/policy/usage_files.h"
#include "storage/policy/usage_words.h"

namespace bastide::storage {

struct UsageOptions {
  Millis fetch_every{200};
  Millis flush_every{1000};  // what a power cut may take
  Millis sum_every{5000};
  std::uint64_t segment_bytes_max = 128ULL * 1024 * 1024;
  int rows_kept_days = 90;
  int sums_kept_days = 400;
};

/// What start found of a stop that was none.
struct UsageGap {
  bool unclean = false;
  UnixMillis last_row_at = 0;
  std::uint64_t recovered = 0;  // rows that waited in memory and are in the log now
  std::uint64_t lost = 0;       // known to be missing or damaged
};

/// A thread fetches the rows that writers left, appends them to a segment in FOLDER, flushes it each second
/// and adds it up in the database, with how far. So what is spent is always the sums and the rows after them.
/// Several processes may have a folder open; each writes segments of its own.
class SqliteUsageLog final : public policy::UsageLog {
 public:
  /// Recovers and adds up what processes that were killed left behind. Blocks.
  static Result<std::unique_ptr<SqliteUsageLog>> open(const std::string& folder, Database& database,
                                                      UsageOptions options = {});
  /// Stores what waits.
  ~SqliteUsageLog() override;

  policy::Word word(std::string_view text) override { return words_->word(text); }
  policy::UsageWriter& writer() override;
  [[nodiscard]] bool full() const override;
  Result<std::vector<policy::Spent>> spent(UnixMillis wall) override;

  [[nodiscard]] UsageWords& words() { return *words_; }
  /// `watcher` gets the rows of this process once they stand in a segment, in batches, from the log's thread.
  using Watcher = std::function<void(std::span<const policy::UsageRow>)>;
  void watch(Watcher watcher);
  /// The row of an exchange that has ended, also one that a moment ago waited in memory. Reads the segments
  /// from the day before it began: some milliseconds a million rows. Blocks.
  Result<std::optional<policy::UsageRow>> find(std::string_view exchange);
  struct Place {
    policy::UsageRow row;
    std::string segment;
    std::int64_t number = 0;  // of the row within it
  };
  Result<std::optional<Place>> place_of(std::string_view exchange);
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// Returns once all that was appended before is on the disk and in the sums.
  Result<void> flush();
  [[nodiscard]] const UsageGap& gap() const { return gap_; }
  /// Rows that no writer could leave because nobody fetched.
  [[nodiscard]] std::uint64_t refused() const { return rings_->refused(); }

 private:
  SqliteUsageLog(std::string folder, Database& database, UsageOptions options)
      : folder_(std::move(folder)), database_(database), options_(options) {}
  Result<std::optional<Place>> find_in_segments(std::string_view exchange, std::string_view from_day);
  Result<void> recover();
  /// Adds up a segment of a process that is gone.
  Result<void> adopt(const std::string& segment);
  Result<void> keep_found(const UsageRings::Found& found);
  Result<void> begin_segment();
  Result<void> fetch();
  Result<void> sum(bool closed);
  Result<void> round(Steady::time_point now);
  void prune();
  void work();

  const std::string folder_;
  Database& database_;
  const UsageOptions options_;
  std::unique_ptr<UsageWords> words_;
  std::unique_ptr<UsageRings> rings_;
  UsageGap gap_;
  std::uint32_t found_run_ = 0;                   // of the process before, while recovering
  std::set<std::pair<int, std::uint64_t>> seen_;  // its rows by writer and sequence that stand in a segment

  std::mutex work_mutex_;  // around all below: a round of the thread, or a flush
  std::optional<UsageSegment> segment_;
  std::string segment_day_;
  UsageSums sums_;
  std::vector<Watcher> watchers_;
  bool dirty_ = false;
  Steady::time_point flushed_at_, summed_at_;

  std::mutex stop_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::atomic<bool> failing_ = false;
  std::thread thread_;
};

}  // namespace bastide::storage
