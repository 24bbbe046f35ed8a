// Frames of a stream that differ in their text only, rewritten without being read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bastide::gateway {

/// What stands around a piece of text in a frame of the provider's dialect, and in the caller's. A JSON
/// string without escapes says the same in both, so its bytes are carried over. One thread at a time.
class FrameStencil {
 public:
  /// `read` became `written`, because of the piece `text` and nothing else. Both end with an empty line.
  /// Nothing is learnt where the text's place is not certain.
  void learn(std::string_view read, std::string_view written, std::string_view text);
  void forget() { read_before_.clear(); }

  struct Match {
    std::string_view text;  // valid UTF-8, not empty; views the content
    std::size_t frame_bytes = 0;
  };
  /// The frame that `content` begins with, if it is like the one that was learnt.
  [[nodiscard]] std::optional<Match> match(std::string_view content) const;
  /// Appends the frame that says `text`.
  void write(std::string_view text, std::string& out) const;

 private:
  std::string read_before_, read_after_;  // the text's quotes included; empty: nothing is known
  std::string written_before_, written_after_;
};

/// Bytes of the first frame in `content`, its empty line included; all of it when none ends there.
[[nodiscard]] std::size_t first_frame_bytes(std::string_view content);

}  // namespace bastide::gateway
