// What was used, for those who may know: the port that storage/policy implements.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/purse.h"

namespace bastide::policy {

/// The sum of some calls.
struct UsageSum {
  std::int64_t requests = 0;
  std::int64_t errors = 0;  // of the requests
  std::int64_t input_tokens = 0, cached_input_tokens = 0, cache_write_tokens = 0;
  std::int64_t output_tokens = 0, reasoning_tokens = 0;
  std::int64_t nano_money = 0;
  std::int64_t micro_wh_low = 0, micro_wh_high = 0;
};

/// Days are "2026-11-22", the first and the last included.
struct UsageSpan {
  std::string from;
  std::string to;
};

struct UsageOfDay {
  std::string day;
  std::string model;  // empty: none was called
  UsageSum sum;
};

struct UsageOfScope {
  std::string scope;
  UsageSum sum;
};

struct KeptWarning {
  std::string scope;
  Budget budget;
  std::int64_t spent = 0;
  UnixMillis begins_at = 0;
  UnixMillis at = 0;
};

struct UsageGapNote {
  UnixMillis last_row_at = 0;
  UnixMillis found_at = 0;
  std::int64_t recovered = 0;
  std::int64_t lost = 0;
};

/// Thread-safe; all members block. Figures are at most some seconds old.
class UsageReports {
 public:
  virtual ~UsageReports() = default;
  /// Of one scope, by day and model, oldest first; at most `limit`.
  virtual Result<std::vector<UsageOfDay>> days(std::string_view scope, const UsageSpan& span,
                                               std::size_t limit) = 0;
  /// All scopes whose name begins with `kind` ("person:", "organisation"), the dearest first, then those that
  /// asked most; at most `limit`.
  virtual Result<std::vector<UsageOfScope>> scopes(std::string_view kind, const UsageSpan& span,
                                                   std::size_t limit) = 0;
  /// Keeps what is new, and gives that back: a budget's warning is kept once a period.
  virtual Result<std::vector<Warning>> keep(const std::vector<Warning>& warnings, UnixMillis now) = 0;
  /// Newest first. Of `scopes`; of all when it is empty.
  virtual Result<std::vector<KeptWarning>> warnings(const std::vector<std::string>& scopes,
                                                    std::size_t limit) = 0;
  virtual Result<std::vector<UsageGapNote>> gaps(std::size_t limit) = 0;
};

}  // namespace bastide::policy
