// Reads along with one answer: what it cost, whether it ended as its dialect ends, and what the client must
// not see.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/scan.h"
#include "gateway/answer_reader.h"

namespace bastide::gateway {

/// One thread, one answer.
class Meter final : public AnswerReader {
 public:
  enum class UsageEvent {
    show,  // the client asked for it, or its dialect always tells
    hide,  // asked by us: it is counted and taken out of the stream
  };
  static constexpr std::size_t line_bytes_max = 4 * 1024 * 1024;  // longer lines pass unread
  static constexpr std::size_t body_bytes_max = 8 * 1024 * 1024;  // so much of a whole answer is read

  /// `scanner` outlives it. `own_lines` are header lines of the house that the answer carries besides.
  Meter(dialects::Dialect dialect, bool stream, UsageEvent usage_event, std::string own_lines,
        dialects::Scanner& scanner);

  Verdict on_head(int status, net::Headers& headers) override;
  void on_body(std::string_view content) override;
  std::string_view rewritten() override;
  std::string on_end(const Error* broken) override;

  [[nodiscard]] std::optional<Copy> take_copy() override;

 private:
  void read_lines(std::string_view content);
  void read_line(std::string_view line);
  void read_whole(std::string_view body, std::size_t readable_bytes);

  dialects::Dialect dialect_;
  bool stream_;
  bool hides_;
  std::string own_lines_;
  dialects::Scanner& scanner_;
  dialects::StreamMeter meter_;
  std::optional<std::uint64_t> length_{};
  std::string partial_;  // a line that has not ended, or a whole answer that came in pieces
  bool unread_ = false;  // too long to be read
  bool skips_blank_ = false;
  std::string out_, shown_;
};

/// The event that ends a stream of `dialect` by an error.
[[nodiscard]] std::string stream_error(dialects::Dialect dialect, const Error& error);

}  // namespace bastide::gateway
