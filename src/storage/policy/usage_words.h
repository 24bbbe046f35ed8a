// The short texts that rows of usage name by number, one table a data folder.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "policy/usage.h"
#include "storage/files.h"

namespace bastide::storage {

/// An append-only file and the same in memory. A number is in the kernel's hands before it is given out, so a
/// row that names it can be read after kill -9. Thread-safe; several processes may have it open.
class UsageWords {
 public:
  /// Cuts a torn end off.
  static Result<std::unique_ptr<UsageWords>> open(const std::string& path);

  /// Texts beyond 4,000 bytes are cut. 0, and an error in the log, when the file cannot be written to or is
  /// full.
  policy::Word word(std::string_view text);
  /// Empty for a number that was never given out.
  [[nodiscard]] std::string text(policy::Word word);
  Result<void> flush();

 private:
  explicit UsageWords(Fd file) : file_(std::move(file)) {}
  /// Reads what other processes appended. Under both locks.
  Result<void> read_on();
  policy::Word append(const std::string& text);

  static constexpr std::size_t words_max = 4'000'000;
  std::mutex mutex_;
  Fd file_;
  std::uint64_t read_bytes_ = 0;
  bool dirty_ = false;
  std::deque<std::string> texts_;  // by number - 1; views of it are keys below
  std::unordered_map<std::string_view, policy::Word> words_;
};

}  // namespace bastide::storage
