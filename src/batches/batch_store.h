// Batches and their lines as they are kept: the port. storage/batches implements it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace bastide::batches {

/// The first three have not ended. Stored as numbers.
enum class State : std::uint8_t {
  validating = 0,
  in_progress = 1,
  finalizing = 2,
  completed = 3,
  failed = 4,
  expired = 5,
  cancelled = 6
};
[[nodiscard]] constexpr bool has_ended(State state) { return state >= State::completed; }

/// What is wrong with the input, or why all ended.
struct Fault {
  std::string code;
  std::string message;
  std::string param{};    // empty: none
  std::int64_t line = 0;  // of the input, from 1; 0: none
};

/// Times are Unix milliseconds; 0: not yet.
struct Batch {
  std::string id;
  std::string person;
  std::string door;  // whose clients see it: openai, anthropic, mistral
  UnixMillis created_at = 0;
  State state = State::validating;
  UnixMillis cancelling_at = 0;                       // somebody asked for its end
  std::int64_t total = 0, completed = 0, failed = 0;  // lines

  State ends_as = State::completed;  // from finalizing on
  std::string endpoint;
  std::string model{};  // of lines that name none
  std::string input_file;
  std::string output_file{};  // also of one that is not written yet, or is not to be
  std::string error_file{};
  UnixMillis expires_at = 0;
  UnixMillis in_progress_at = 0, finalizing_at = 0, ended_at = 0;
  std::int64_t output_kept_s = 0;  // 0: as other files of batches
  std::vector<Fault> faults{};
  std::vector<std::pair<std::string, std::string>> metadata{};
  // Who asked.
  std::string key{};  // id of the API key; empty: none
  std::string email{};
  std::string language{};
};

/// Where a line stands in the input.
struct Line {
  std::int64_t number = 0;  // from 1
  std::int64_t place = 0;   // of its first byte
  std::int64_t bytes = 0;
};

enum class Verdict : std::uint8_t { answered = 1, refused = 2 };
struct Answer {
  std::int64_t number = 0;
  Verdict verdict = Verdict::answered;
  std::string json{};  // a line of the output, without its end
};

struct BatchQuery {
  std::string door;
  std::string after{};  // id of a batch; empty: from the newest on
  std::size_t limit = 20;
  std::size_t skip = 0;  // so many of those
};

/// Everything is of one person: another's id is Code::not_found, detail no_batch, as one that does not exist.
/// Blocking, thread-safe; what returned is on the disk.
class BatchStore {
 public:
  virtual ~BatchStore() = default;

  virtual Result<void> add(const Batch& batch) = 0;
  virtual Result<Batch> find(std::string_view id, std::string_view person) = 0;
  /// The newest first.
  virtual Result<std::vector<Batch>> list(std::string_view person, const BatchQuery& query) = 0;
  virtual Result<std::int64_t> count(std::string_view person, std::string_view door) = 0;
  /// Ids of those that have not ended, with their persons, the oldest first.
  virtual Result<std::vector<std::pair<std::string, std::string>>> unfinished() = 0;
  virtual Result<void> set_cancelling(std::string_view id, std::string_view person, UnixMillis at) = 0;

  /// Everything but who asked for its end and how many lines are answered.
  virtual Result<void> update(const Batch& batch) = 0;
  /// The same, with its lines.
  virtual Result<void> begin(const Batch& batch, std::span<const Line> lines) = 0;
  /// The same, when it has ended: its lines go.
  virtual Result<void> finish(const Batch& batch) = 0;

  /// Lines above `after` that are not answered, in their order.
  virtual Result<std::vector<Line>> waiting(std::string_view id, std::int64_t after, std::size_t limit) = 0;
  /// Once a line: what comes later changes nothing.
  virtual Result<void> answer(std::string_view id, std::string_view person, const Answer& answer) = 0;
  /// Answers of lines above `after`, in their order: at least one if there is any, and no more than
  /// `bytes_max` otherwise.
  virtual Result<std::vector<Answer>> answers(std::string_view id, std::string_view person,
                                              std::int64_t after, std::size_t bytes_max) = 0;

  virtual Result<void> remove(std::string_view id, std::string_view person) = 0;
  /// Gives how many there were.
  virtual Result<std::int64_t> remove_all(std::string_view person) = 0;
  /// At most `limit` that ended and were made before; gives how many.
  virtual Result<std::size_t> sweep(UnixMillis before, std::size_t limit) = 0;
};

}  // namespace bastide::batches
