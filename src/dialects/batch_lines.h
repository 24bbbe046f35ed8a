// Lines of OpenAI's batches: what one asks, and what is written of its answer.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::dialects {

inline constexpr std::size_t custom_id_bytes_max = 512;

/// A call of a batch.
struct BatchLine {
  std::string custom_id;
  std::string body_json;  // an object, its fields in their order
};

/// What is wrong with a line: `code` is OpenAI's word.
struct LineFault {
  std::string code;
  std::string message;
  std::string param{};  // empty: none
};

/// Reads lines; keeps its memory between them. One thread at a time.
class BatchLineReader {
 public:
  BatchLineReader();
  ~BatchLineReader();
  /// Faults: invalid_json_line, missing_required_parameter, invalid_custom_id, invalid_method, url_mismatch
  /// (it asks elsewhere than `endpoint`), and batch_streams, where it asks for a stream or for the
  /// background.
  [[nodiscard]] std::expected<BatchLine, LineFault> read(std::string_view line, std::string_view endpoint);
  /// The custom_id of a line that was read before; empty when it cannot be read any more.
  [[nodiscard]] std::string custom_id_of(std::string_view line);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

/// What became of a line.
struct BatchResult {
  std::string id;  // of the result
  std::string custom_id;
  int status = 0;  // of the answer; 0: there is none, and `code` and `message` say why
  std::string exchange{};
  std::string body_json{};
  std::string code{}, message{};
};
/// As a line, without its end. A body that is no JSON is null.
[[nodiscard]] std::string batch_result_line(const BatchResult& result);
/// The other way. Code::invalid for what is no such line.
[[nodiscard]] Result<BatchResult> read_batch_result(std::string_view line);
/// The body of Anthropic's message batch, as lines.
struct MessageBatch {
  std::string lines;
  std::int64_t count = 0;
};
/// The lines ask `endpoint`. Code::invalid, invalid_requests, unless `body` holds a list of requests with
/// `custom_id` and `params`.
[[nodiscard]] Result<MessageBatch> read_message_batch(std::string_view body, std::string_view endpoint);
/// A line of Anthropic's results: succeeded, errored, canceled or expired.
[[nodiscard]] std::string message_batch_line(const BatchResult& result);

}  // namespace bastide::dialects
