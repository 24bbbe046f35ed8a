// Notices: what a person is told in the workspace and, where letters are sent, by mail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::notices {

/// A budget that is nearly spent, in words that hold nothing of what it was spent on.
struct BudgetNotice {
  std::string scope;   // person:ID group:ID key:ID assistant:ID model:ID organisation
  std::string name;    // of its owner, for people
  std::string unit;    // money tokens requests energy
  std::string period;  // day week month
  double limit = 0, spent = 0;
  UnixMillis begins_at = 0;  // of the period
  friend bool operator==(const BudgetNotice&, const BudgetNotice&) = default;
};

struct Notice {
  std::string id;  // ntc_…
  std::string person;
  UnixMillis at = 0;
  BudgetNotice budget;
};

/// A notice that is to be sent as a letter.
struct DueLetter {
  Notice notice;
  int tries = 0;  // that failed
};

/// Thread-safe; all members block.
class NoticeStore {
 public:
  virtual ~NoticeStore() = default;
  enum class Letters : std::uint8_t { none, send };
  /// Keeps those that the person was not told before: one a person, budget and period; gives how many. Of a
  /// person at most `kept_max` are kept, the newest. With Letters::send each is due as a letter too.
  virtual Result<std::size_t> add(const std::vector<Notice>& notices, Letters letters) = 0;
  /// Those that were not read, newest first.
  virtual Result<std::vector<Notice>> unread(std::string_view person, std::size_t limit) = 0;
  /// Code::not_found for one of another person, in the same words as for one that does not exist; one that
  /// was read already is read.
  virtual Result<void> read(std::string_view person, std::string_view id, UnixMillis now) = 0;
  /// Oldest first.
  virtual Result<std::vector<DueLetter>> due(UnixMillis now, std::size_t limit) = 0;
  virtual Result<void> letter_sent(std::string_view id, UnixMillis now) = 0;
  /// Due again at `next_at`; 0: never.
  virtual Result<void> letter_failed(std::string_view id, UnixMillis next_at) = 0;
  /// All of a person.
  virtual Result<void> remove_all(std::string_view person) = 0;
  /// Removes those older than `before`; gives how many.
  virtual Result<std::size_t> sweep(UnixMillis before) = 0;

  static constexpr std::size_t kept_max = 100;
};

}  // namespace bastide::notices
