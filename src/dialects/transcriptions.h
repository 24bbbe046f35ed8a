// Speech into text, in OpenAI's and Mistral's words: the fields of a form, whole transcripts and streams.
// Pure; the sound itself is not seen here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/request.h"
#include "dialects/told_usage.h"

namespace bastide::dialects {

struct FormField {
  std::string name;
  std::string value;
};

struct TranscriptionRequest {
  enum class Task : std::uint8_t { transcribe, translate };  // translate: into English
  enum class Format : std::uint8_t { json, text, srt, vtt, verbose_json, other };

  Dialect from = Dialect::openai;
  Task task = Task::transcribe;
  std::string model{};
  Format format = Format::json;
  bool stream = false;
  std::vector<FormField> fields{};   // in the order in which they came, without model and bastide
  std::vector<std::size_t> texts{};  // which of them hold words that somebody wrote
  std::optional<BastideOptions> bastide{};
};

/// Mistral's callers are known by fields that only they have, whatever `from` says. Code::invalid with
/// invalid_FIELD.
[[nodiscard]] Result<TranscriptionRequest> read_transcription(Dialect from, TranscriptionRequest::Task task,
                                                              std::vector<FormField> fields);

/// What a provider is sent beside the sound.
struct TranscriptionCall {
  std::string path;
  std::vector<FormField> fields;
};
[[nodiscard]] Result<TranscriptionCall> encode_transcription(Dialect to, const TranscriptionRequest& request,
                                                             std::string_view upstream, Losses& losses);

/// Times in seconds; -1: not told.
struct Transcript {
  struct Segment {
    std::string text;
    double start = -1, end = -1;
    std::string speaker{};
  };
  std::string text{};
  std::string language{};
  double duration = -1;
  std::vector<Segment> segments{};
  std::vector<Segment> words{};
  std::optional<ToldUsage> usage{};
};

/// A JSON answer. Code::upstream, invalid_json.
[[nodiscard]] Result<Transcript> decode_transcript(Dialect from, std::string_view json);

struct WrittenTranscript {
  std::string media_type;
  std::string body;
};
/// As the caller wants it; subtitles are made of the segments.
[[nodiscard]] WrittenTranscript encode_transcript(const TranscriptionRequest& asked,
                                                  const Transcript& transcript, std::string_view model);

/// A stream of one dialect in the words of the other. One thread at a time.
class TranscriptTranslator {
 public:
  virtual ~TranscriptTranslator() = default;
  /// Frames for the caller of one event's data; empty where the caller's dialect has no word for it.
  [[nodiscard]] virtual std::string feed(std::string_view data) = 0;
};
[[nodiscard]] std::unique_ptr<TranscriptTranslator> transcript_translator(Dialect from, Dialect to,
                                                                          std::string_view model);

/// Whether the data of an event is the end of a transcript's or of a speech's stream.
[[nodiscard]] bool ends_audio_stream(std::string_view data);

}  // namespace bastide::dialects
