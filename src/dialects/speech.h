// Text into speech, in OpenAI's and Mistral's words. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialects/request.h"
#include "dialects/told_usage.h"

namespace bastide::dialects {

struct SpeechRequest {
  /// How the caller takes the sound: OpenAI's as plain bytes, Mistral's within a JSON answer, or either in
  /// events.
  enum class Delivery : std::uint8_t { bytes, json, events };

  Dialect from = Dialect::openai;
  std::string model{};
  std::string input{};
  std::string instructions{};
  std::string voice{};
  std::string format{};  // mp3 opus aac flac wav pcm; empty: not said
  Delivery delivery = Delivery::bytes;
  std::optional<double> speed{};
  std::optional<BastideOptions> bastide{};
  Others others{};
};

/// Mistral's callers are known by fields that only they have. Code::invalid with invalid_FIELD.
[[nodiscard]] Result<SpeechRequest> decode_speech(Dialect from, std::string_view body);

struct SpeechCall {
  std::string path;
  std::string body;
};
/// Another dialect's server is asked for events, whatever the caller wants: they come while it still speaks.
[[nodiscard]] Result<SpeechCall> encode_speech(Dialect to, const SpeechRequest& request,
                                               std::string_view upstream, Losses& losses);

/// One event of a provider.
struct SpeechEvent {
  std::string sound{};  // bytes
  bool is_end = false;
  std::optional<ToldUsage> usage{};
};
/// Code::upstream, invalid_json, when its sound is not base64. Unknown events are empty.
[[nodiscard]] Result<SpeechEvent> decode_speech_event(Dialect from, std::string_view data);
/// Frames of the caller's dialect.
[[nodiscard]] std::string encode_speech_event(Dialect to, const SpeechEvent& event);
/// Mistral's whole answer.
[[nodiscard]] std::string encode_speech_json(std::string_view sound);
/// The sound of Mistral's whole answer. Code::upstream, invalid_json.
[[nodiscard]] Result<std::string> decode_speech_json(std::string_view json);
/// "audio/mpeg" and its like, for `format` as the caller wrote it.
[[nodiscard]] std::string_view media_type_of_speech(std::string_view format);

}  // namespace bastide::dialects
