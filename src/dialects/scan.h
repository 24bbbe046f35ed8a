// A quick look into bytes that pass through unchanged: what a call asks, what an answer cost. Reads each byte
// once and allocates only until its buffers have grown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dialects/answer.h"

namespace bastide::dialects {

struct ChatHead {
  /// Names with escapes are refused, so this is the value itself. Points into the body or the path.
  std::string_view model{};
  /// Where the model's JSON string stands in the body, quotes included; 0 bytes when it is in the path.
  std::size_t model_at = 0, model_bytes = 0;
  bool stream = false;
  std::optional<bool> include_usage{};
  std::int64_t max_tokens = 0;  // 0: not said
  std::int64_t choices = 1;     // n, candidateCount
  /// An upper estimate: a token for two bytes of text, 2,000 for each image or file sent along.
  std::int64_t input_tokens_max = 0;
  bool has_bastide = false;
  bool names_file = false;  // a string in it is the id of a file that was left here
};

/// What one event of a stream says to a meter.
struct EventScan {
  std::optional<Usage> usage{};  // counts so far; merge them with StreamMeter
  bool ends = false;             // the dialect's proper end
  bool fails = false;            // an error within the stream
};

/// Holds parsers and their buffers. One thread at a time.
class Scanner {
 public:
  Scanner();
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  /// `path` as asked (Gemini's holds model and method). `readable_bytes`: how many bytes from body.data() on
  /// may be read; with body.size() + 64 or more nothing is copied. Only what is named in ChatHead is checked:
  /// Code::invalid, json_malformed or not_an_object; duplicate_field when one of these fields stands twice,
  /// since two readers would then disagree; invalid_FIELD when one has the wrong type.
  [[nodiscard]] Result<ChatHead> head_of_request(Dialect dialect, std::string_view path,
                                                 std::string_view body, std::size_t readable_bytes = 0);
  /// Counts of a whole answer; nothing when it holds none.
  [[nodiscard]] std::optional<Usage> usage_of_answer(Dialect dialect, std::string_view body,
                                                     std::size_t readable_bytes = 0);
  /// Data of one server-sent event.
  [[nodiscard]] EventScan scan_event(Dialect dialect, std::string_view data, std::size_t readable_bytes = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What one stream came to.
class StreamMeter {
 public:
  explicit StreamMeter(Dialect dialect) : dialect_(dialect) {}
  void take(const EventScan& event);
  /// The counts, as far as they were told.
  [[nodiscard]] const std::optional<Usage>& usage() const { return usage_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// Whether the stream ended as its dialect ends; ask when the connection has closed.
  [[nodiscard]] bool ended() const { return ended_ && !failed_; }

 private:
  Dialect dialect_;
  std::optional<Usage> usage_{};
  bool ended_ = false, failed_ = false;
};

}  // namespace bastide::dialects
