// The usage log: one row a call, from any door, exactly once.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "policy/amounts.h"
#include "policy/price.h"
#include "policy/purse.h"

namespace bastide::policy {

/// A short text that many rows name, as a number: see UsageLog::word. 0 is the empty text.
using Word = std::uint32_t;

namespace usage_flag {
inline constexpr std::uint8_t cost_estimated = 1;    // the model has no price of its own
inline constexpr std::uint8_t tokens_estimated = 2;  // the model did not say
inline constexpr std::uint8_t cache_hit = 4;
inline constexpr std::uint8_t own_machine = 8;  // nothing is billed
inline constexpr std::uint8_t streamed = 16;
inline constexpr std::uint8_t batch = 32;
inline constexpr std::uint8_t warned = 64;   // the answer's head says what the model was not told
inline constexpr std::uint8_t masked = 128;  // the provider got tokens in the place of what was found
}  // namespace usage_flag

/// The error word of a model that was given up because one asked beside it answered first. Such a row goes
/// beside the answer's own, of the same exchange, with status 499.
inline constexpr std::string_view hedge_lost = "hedge_lost";

/// As it stands in memory, in the ring and on the disk: three cache lines, little-endian. No content, ids
/// only.
struct UsageRow {
  std::uint64_t checksum = 0;  // of what follows; set by `append`, as are the next three
  std::uint64_t sequence = 0;  // within the writer
  std::uint32_t run = 0;       // of the program
  std::uint16_t writer = 0;
  std::uint16_t found_low = 0;  // with found_high: see `found`
  std::int64_t at_ms = 0;       // when the call was admitted: the day that it counts in
  std::array<char, 32> exchange{};

  Word person = 0, key = 0, groups = 0, assistant = 0;  // groups: ids with a space between
  Word model_asked = 0, model = 0, provider = 0, label = 0;
  Word zone = 0, reason = 0, error = 0, door = 0;  // reason: of the route; error: the code's name

  std::uint32_t input = 0, cached_input = 0, cache_write = 0, audio_input = 0, image_input = 0;
  std::uint32_t output = 0, reasoning = 0, audio_output = 0, image_output = 0, images = 0;

  std::int64_t nano_money = 0;
  std::int64_t micro_wh_low = 0, micro_wh_high = 0;
  std::uint32_t latency_us = 0, first_token_us = 0;  // 0: none came
  std::uint16_t status = 0;                          // as HTTP
  std::uint8_t dialect_in = 0, dialect_out = 0;      // 1 + base/config.h's Dialect; 0: the house's own
  std::uint8_t failovers = 0;
  std::uint8_t flags = 0;
  std::uint16_t found_high = 0;

  /// The types of data that the guard found in the call, of a masked one those that were replaced: a bit
  /// each, as the guard numbers them.
  [[nodiscard]] std::uint32_t found() const {
    return static_cast<std::uint32_t>(found_high) << 16U | found_low;
  }
  void set_found(std::uint32_t types) {
    found_low = static_cast<std::uint16_t>(types);
    found_high = static_cast<std::uint16_t>(types >> 16U);
  }
  void set_exchange(std::string_view id);
  [[nodiscard]] std::string_view exchange_id() const;
  /// Each saturates rather than wraps.
  void set_tokens(const TokenClasses& tokens);
  [[nodiscard]] TokenClasses tokens() const;
  /// What the budgets count of it.
  [[nodiscard]] Amounts amounts() const;
  [[nodiscard]] bool is_whole() const;
};
static_assert(sizeof(UsageRow) == 192 && std::is_trivially_copyable_v<UsageRow>);

/// Where one thread leaves its rows for the log to fetch: in memory that outlives the process, so that kill
/// -9 loses none. One thread at a time appends.
class UsageWriter {
 public:
  /// The part of the ring that two threads share, in the memory that the log provides, zeroed.
  struct Ends {
    alignas(64) std::atomic<std::uint64_t> head{0};  // rows appended
    alignas(64) std::atomic<std::uint64_t> tail{0};  // rows fetched
    alignas(64) std::atomic<std::uint64_t> refused{0};
  };
  UsageWriter(Ends& ends, UsageRow* rows, std::size_t capacity, std::uint32_t run, std::uint16_t writer)
      : ends_(ends), rows_(rows), capacity_(capacity), run_(run), writer_(writer) {}

  /// Some 50 ns, never blocks. False, and counted, when nobody fetched for long (a full disk): admit nothing
  /// while `UsageLog::full`.
  bool append(UsageRow row);

 private:
  Ends& ends_;
  UsageRow* const rows_;
  const std::size_t capacity_;  // a power of two
  const std::uint32_t run_;
  const std::uint16_t writer_;
};

/// What one scope has spent in the current periods.
struct Spent {
  std::string scope;
  Opening opening;
};

/// Thread-safe. The port that storage/policy implements.
class UsageLog {
 public:
  static constexpr std::size_t word_bytes_max = 4000;  // longer ones are cut
  virtual ~UsageLog() = default;
  /// The number of a text: a few microseconds, so ask once for a caller or a model and keep it. Texts come
  /// from the house (ids, names of models, codes), never as they are from a caller's request: the table only
  /// grows.
  virtual Word word(std::string_view text) = 0;
  /// For the calling thread to keep: there are 32. Lives as long as the log.
  virtual UsageWriter& writer() = 0;
  /// Whether so many rows wait for the disk that nothing more should be spent.
  [[nodiscard]] virtual bool full() const = 0;
  /// What every scope has spent in the periods of `wall`, all rows that were appended before included.
  /// Blocks.
  virtual Result<std::vector<Spent>> spent(UnixMillis wall) = 0;
};

}  // namespace bastide::policy
