// Reads an answer in the provider's dialect and writes it in the caller's, as it comes, with values in the
// place of tokens.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/codec.h"
#include "exchange/restored_events.h"
#include "gateway/answer_reader.h"
#include "gateway/frame_stencil.h"
#include "net/sse.h"

namespace bastide::gateway {

/// One thread, one answer.
class Translator final : public AnswerReader {
 public:
  static constexpr std::size_t event_bytes_max = 8 * 1024 * 1024;  // an image may come in one
  static constexpr std::size_t answer_bytes_max = 32 * 1024 * 1024;

  struct Wanted {
    bool stream = false;
    bool include_usage = true;
    std::string exchange;
    std::string model;                    // as the caller knows it
    std::string own_lines;                // header lines of the house
    std::int64_t input_tokens_guess = 0;  // where the provider does not count
    std::int64_t created_s = 0;
  };
  /// `restorer`: of the tokens in the call; null when there are none. It outlives this.
  Translator(const dialects::Codec& theirs, const dialects::Codec& callers, Wanted wanted,
             exchange::Restorer* restorer);

  Verdict on_head(int status, net::Headers& headers) override;
  void on_body(std::string_view content) override;
  std::string_view rewritten() override;
  std::string on_end(const Error* broken) override;
  std::string on_silence(net::Headers& headers) override;
  [[nodiscard]] Error fault_of(const net::Relayed& kept) override;
  [[nodiscard]] std::optional<Copy> take_copy() override;

  /// A whole answer, which the relay kept, in the caller's dialect; Code::upstream when it is none.
  [[nodiscard]] Result<std::string> whole(std::string_view body);
  /// The head of an answer that is not streamed.
  [[nodiscard]] net::Headers headers() const;
  /// What a refusal of the provider means.
  [[nodiscard]] static Error error_of(const dialects::Codec& theirs, const net::Relayed& kept);

 private:
  [[nodiscard]] dialects::Usage guess(std::int64_t output_tokens) const;
  void begin();
  /// Takes the frame that `content` begins with, if it repeats the one before but for its text; gives its
  /// bytes, else 0.
  std::size_t repeat(std::string_view content);
  /// `content` holds one frame, or pieces of frames.
  void read(std::string_view content);
  void hear(dialects::StreamEvent& event);
  void take(dialects::StreamEvent& event);
  void write(const dialects::StreamEvent& event) { encoder_->feed(event, out_, lost_); }
  void fail(Error error);

  const dialects::Codec& theirs_;
  const dialects::Codec& callers_;
  Wanted wanted_;
  exchange::Restorer* restorer_;
  std::optional<exchange::RestoredEvents> restoring_;
  std::unique_ptr<dialects::StreamDecoder> decoder_;
  std::unique_ptr<dialects::StreamEncoder> encoder_;
  net::SseParser sse_{event_bytes_max};
  FrameStencil stencil_;
  bool repeats_ = false;  // what the encoder writes for a text
  int text_choice_ = -1;  // of the last event, when it was a piece of text
  std::vector<net::SseEvent> frames_;
  std::vector<dialects::StreamEvent> events_read_, events_restored_;
  dialects::Losses lost_;  // of the answer: its head has gone, nobody can be told
  bool begun_ = false, over_ = false;
  std::string out_, shown_;
};

}  // namespace bastide::gateway
