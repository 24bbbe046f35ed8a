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

/// What all lines of a batch ask.
struct BatchAsk {
  std::string endpoint;  // "/v1/chat/completions"
  enum class Shape : std::uint8_t {
    openai,  // each line says its method and its url
    mistral  // neither; `custom_id` may be missing
  };
  Shape shape = Shape::openai;
  std::string model{};  // of lines that name none
};

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
  /// (it asks elsewhere), and batch_streams, where it asks for a stream or for the
  /// background.
  [[nodiscard]] std::expected<BatchLine, LineFault> read(std::string_view line, const BatchAsk& ask);
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
/// Requests that came in a body, as lines.
struct BatchRequests {
  std::string lines;
  std::int64_t count = 0;
};
/// Anthropic's, as lines that ask `endpoint`. Code::invalid, invalid_requests, unless `body` holds a list of
/// requests with `custom_id` and `params`.
[[nodiscard]] Result<BatchRequests> read_message_batch(std::string_view body, std::string_view endpoint);
/// Mistral's, as they are. Code::invalid, invalid_requests, unless `body` holds a list of requests.
[[nodiscard]] Result<BatchRequests> read_job_requests(std::string_view body);
/// A line of Anthropic's results: succeeded, errored, canceled or expired.
[[nodiscard]] std::string message_batch_line(const BatchResult& result);

}  // namespace bastide::dialects
