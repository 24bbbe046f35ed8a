// The files of the usage log: segments of rows, and the rings in which rows wait for them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "policy/usage.h"
#include "storage/files.h"

namespace bastide::storage {

/// A segment begins with a header of one row's length; rows follow. Its name is the day of its making and a
/// number.
namespace usage_segment {
inline constexpr std::uint64_t head_bytes = sizeof(policy::UsageRow);
struct Scanned {
  std::uint64_t whole_bytes = 0;  // up to the end of the last whole row
  std::uint64_t damaged = 0;      // rows before that whose checksum is wrong
};
/// Gives every whole row from the one that begins at `from_bytes`, and where in the file it ends.
/// Code::corrupt for a header of another version.
Result<Scanned> scan(const std::string& path,
                     const std::function<void(const policy::UsageRow&, std::uint64_t end_bytes)>& row,
                     std::uint64_t from_bytes = head_bytes);
/// The number of the row that ends there, from 0.
[[nodiscard]] constexpr std::int64_t row_at(std::uint64_t end_bytes) {
  return static_cast<std::int64_t>((end_bytes - head_bytes) / sizeof(policy::UsageRow)) - 1;
}
[[nodiscard]] constexpr std::uint64_t begin_of(std::int64_t row) {
  return head_bytes + static_cast<std::uint64_t>(row) * sizeof(policy::UsageRow);
}
/// Names in the order of their making.
Result<std::vector<std::string>> list(const std::string& folder);
}  // namespace usage_segment

/// The segment that this process writes: locked while it lives, so that others know whose it is. One thread.
class UsageSegment {
 public:
  static Result<UsageSegment> create(const std::string& folder, std::string_view day);
  /// All of `rows` or none: a part that was written is cut off again.
  Result<void> append(const policy::UsageRow* rows, std::size_t count);
  Result<void> flush();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  UsageSegment(std::string name, Fd file) : name_(std::move(name)), file_(std::move(file)) {}
  std::string name_;
  Fd file_;
  std::uint64_t bytes_ = usage_segment::head_bytes;
};

/// The rings of one process: a file in memory, which the kernel keeps when the process is killed.
class UsageRings {
 public:
  static constexpr std::size_t writers_max = 32;
  static constexpr std::size_t capacity = 32'768;  // rows, a power of two: some seconds of a slow disk

  /// Takes the first file of `folder` that no living process holds. `found` gets what the process before left
  /// in it: rows that are whole and not in a segment, as far as their `run` and `sequence` tell.
  struct Found {
    bool unclean = false;
    std::uint32_t run = 0;
    std::vector<policy::UsageRow> rows;
    std::uint64_t lost = 0;  // rows that were appended and cannot be read
  };
  static Result<std::unique_ptr<UsageRings>> open(const std::string& folder, Found& found);
  ~UsageRings();
  UsageRings(const UsageRings&) = delete;
  UsageRings& operator=(const UsageRings&) = delete;

  /// Empties the file for this process. Before `writer`, after what was found is safe.
  void begin(std::uint32_t run);
  /// Null when all are given out. Thread-safe.
  policy::UsageWriter* writer();
  /// Gives what waits in each ring to `take`, in at most two pieces, and frees it when that succeeds.
  Result<void> fetch(const std::function<Result<void>(const policy::UsageRow*, std::size_t)>& take);
  /// The fullest ring, 0 to 1.
  [[nodiscard]] double filled() const;
  [[nodiscard]] std::uint64_t refused() const;
  /// Nothing waits and nobody appends: the next process finds nothing.
  void end();

 private:
  struct Head;
  struct Ring;
  UsageRings(Fd file, Head* head) : file_(std::move(file)), head_(head) {}
  [[nodiscard]] Ring& ring(std::size_t index) const;
  void read_found(Found& found) const;

  Fd file_;
  Head* head_;
  std::atomic<std::size_t> used_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<policy::UsageWriter>> writers_;
};

}  // namespace bastide::storage
