// Reads along with one answer: what it cost, whether it ended as its dialect ends, and what the client must
// not see.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dialects/scan.h"
#include "net/relay.h"

namespace bastide::gateway {

/// One thread, one answer.
class Meter final : public net::RelayWatcher {
 public:
  enum class UsageEvent {
    show,  // the client asked for it, or its dialect always tells
    hide,  // asked by us: it is counted and taken out of the stream
  };
  static constexpr std::size_t line_bytes_max = 4 * 1024 * 1024;  // longer lines pass unread
  /// Detail of the fault that a server streams although it was not asked to.
  static constexpr std::string_view streams_only = "streams_only";
  static constexpr std::size_t body_bytes_max = 8 * 1024 * 1024;  // so much of a whole answer is read

  /// `scanner` and `exchange`, the id for x-bastide-exchange, outlive it. `own_lines` are header lines of the
  /// house that the answer carries besides.
  Meter(dialects::Dialect dialect, bool stream, UsageEvent usage_event, std::string_view exchange,
        std::string own_lines, dialects::Scanner& scanner);

  /// Keeps a copy of what the client gets, for the cache. Before the relay.
  void keep_copy(std::size_t bytes_max) { copy_bytes_max_ = bytes_max; }
  /// The copy with its media type; nothing when it is not whole.
  struct Copy {
    std::string content_type, body;
  };
  [[nodiscard]] std::optional<Copy> take_copy();

  Verdict on_head(int status, net::Headers& headers) override;
  void on_body(std::string_view content) override;
  bool refused() override;
  std::string_view rewritten() override;
  std::string on_end(const Error* broken) override;

  /// Nothing when nobody told it.
  [[nodiscard]] const std::optional<dialects::Usage>& usage() const { return usage_; }
  /// Pieces that a stream came in, for an estimate where nobody counts.
  [[nodiscard]] std::int64_t events() const { return events_; }
  [[nodiscard]] std::int64_t content_bytes() const { return content_bytes_; }
  /// The upstream's answer does not keep to its dialect, though its status is 200.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }
  [[nodiscard]] Steady::time_point first_byte() const { return first_byte_; }

 private:
  void copy(std::string_view shown);
  void read_lines(std::string_view content);
  void read_line(std::string_view line);
  void read_whole(std::string_view body, std::size_t readable_bytes);

  dialects::Dialect dialect_;
  bool stream_;
  bool hides_;
  bool is_events_ = false;
  std::string_view exchange_;
  std::string own_lines_;
  dialects::Scanner& scanner_;
  dialects::StreamMeter meter_;
  std::optional<dialects::Usage> usage_{};
  std::optional<Error> fault_{};
  std::optional<std::uint64_t> length_{};
  std::int64_t events_ = 0;
  std::int64_t content_bytes_ = 0;
  Steady::time_point first_byte_{};
  std::string partial_;  // a line that has not ended, or a whole answer that came in pieces
  bool unread_ = false;  // too long to be read
  bool skips_blank_ = false;
  std::string out_, shown_;
  std::size_t copy_bytes_max_ = 0;  // 0: none is kept
  std::string copy_;
};

/// The event that ends a stream of `dialect` by an error.
[[nodiscard]] std::string stream_error(dialects::Dialect dialect, const Error& error);

}  // namespace bastide::gateway
