// One dialect: bytes of the wire to neutral values and back. Pure functions of their arguments.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/answer.h"
#include "dialects/events.h"
#include "dialects/request.h"

namespace bastide::dialects {

/// What the address of a call says beside its body (Gemini: models/{model}:streamGenerateContent).
struct RequestPath {
  std::string model{};
  bool stream = false;
};

struct EncodeOptions {
  std::string model;  // what the target calls it; empty: leave it out
  /// Whether signatures and sealed reasoning in the conversation come from this very model: others drop them.
  bool same_model = false;
  enum class LimitField : std::uint8_t { max_tokens, max_completion_tokens };
  LimitField limit = LimitField::max_tokens;  // how the server names the limit (openai)
  bool ask_usage = true;                      // stream_options.include_usage (openai)
  bool continues_prefix = false;  // the server goes on where the last assistant message stops (openai)
  std::int64_t max_tokens_default = 4096;  // where the dialect demands a limit and none was said
};

struct HttpError {
  int status = 500;
  std::string body;                                            // application/json
  std::vector<std::pair<std::string, std::string>> headers{};  // retry-after and the like
};

/// The headers of a refused call, by lower-case name; empty when absent.
using HeaderLookup = std::function<std::string_view(std::string_view name)>;

/// Reads one stream. Give whole events, as net::SseParser frames them. One thread at a time.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  /// Appends to `out` what the event says. Unknown events become RawEvent. Code::upstream with detail
  /// invalid_json when it is not of the dialect, too_large beyond a limit; nothing may be fed after an error.
  [[nodiscard]] virtual Result<void> feed(std::string_view event, std::string_view data,
                                          std::vector<StreamEvent>& out) = 0;
  /// The connection has ended. Appends End if that is how the dialect ends and all has come; Code::upstream,
  /// truncated, when the stream was cut. Nothing after End or Failure.
  [[nodiscard]] virtual Result<void> finish(std::vector<StreamEvent>& out) = 0;
};

/// What an encoder says of its own answer. `id` without the dialect's prefix.
struct StreamIdentity {
  std::string id;
  std::string model;
  std::int64_t created_s = 0;
  bool include_usage = true;
};

/// Writes one stream. One thread at a time.
class StreamEncoder {
 public:
  virtual ~StreamEncoder() = default;
  /// Appends the SSE frames of `event` to `out`; none where the dialect has no word for it, which is told in
  /// `losses`. After Failure nothing may follow.
  virtual void feed(const StreamEvent& event, std::string& out, Losses& losses) = 0;
  /// Whether a TextDelta that follows another one of its choice is written as that one but for the text, and
  /// changes nothing of what is written later.
  [[nodiscard]] virtual bool repeats_texts() const { return false; }
  [[nodiscard]] virtual std::string_view media_type() const { return "text/event-stream"; }
};

/// Thread-safe: holds no state.
class Codec {
 public:
  virtual ~Codec() = default;
  [[nodiscard]] virtual Dialect dialect() const = 0;

  /// Code::invalid names the field that is wrong (detail "invalid_FIELD"), Code::too_large a limit.
  [[nodiscard]] virtual Result<ChatRequest> decode_request(std::string_view body,
                                                           const RequestPath& path) const = 0;
  /// Appends what cannot be said to `losses`; the caller refuses or warns (refuse_losses, warning_of).
  /// Code::invalid when a raw text within is no JSON where JSON is needed.
  [[nodiscard]] virtual Result<std::string> encode_request(const ChatRequest& request,
                                                           const EncodeOptions& options,
                                                           Losses& losses) const = 0;
  /// The path below base_url, with its query: "/chat/completions".
  [[nodiscard]] virtual std::string request_path(std::string_view model, bool stream) const = 0;

  /// Code::upstream, invalid_json, when it is not of the dialect; an error object within a 200 is that error.
  [[nodiscard]] virtual Result<ChatAnswer> decode_answer(std::string_view body) const = 0;
  [[nodiscard]] virtual std::string encode_answer(const ChatAnswer& answer, Losses& losses) const = 0;

  [[nodiscard]] virtual std::unique_ptr<StreamDecoder> stream_decoder() const = 0;
  [[nodiscard]] virtual std::unique_ptr<StreamEncoder> stream_encoder(
      const StreamIdentity& identity) const = 0;

  /// `exchange` is the id for x-bastide-exchange; may be empty.
  [[nodiscard]] virtual HttpError encode_error(const Error& error, std::string_view exchange) const = 0;
  /// What a refused call means for us, retry_after_s filled where it was said. Never holds the body's text:
  /// it may repeat the question or a key; only plain words (codes) are taken.
  [[nodiscard]] virtual Error decode_error(int status, std::string_view body,
                                           const HeaderLookup& headers) const = 0;
};

[[nodiscard]] const Codec& openai_codec();
[[nodiscard]] const Codec& responses_codec();
[[nodiscard]] const Codec& anthropic_codec();
[[nodiscard]] const Codec& gemini_codec();
/// Gemini as it streams without alt=sse: one JSON list that grows. All else is gemini_codec.
[[nodiscard]] const Codec& gemini_list_codec();
[[nodiscard]] const Codec& mistral_codec();
[[nodiscard]] const Codec& codec_of(Dialect dialect);

}  // namespace bastide::dialects
