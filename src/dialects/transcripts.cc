// Transcripts as providers send them, and as callers get them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dialects/common.h"
#include "dialects/json_in.h"
#include "dialects/transcriptions.h"

namespace bastide::dialects {
namespace {

using namespace detail;
using Format = TranscriptionRequest::Format;
using Segment = Transcript::Segment;

double seconds_of(const object& from, std::string_view name) {
  element value;
  if (from[name].get(value) != simdjson::SUCCESS) return -1;
  const auto given = as_real(value).value_or(-1);
  return std::isfinite(given) && given >= 0 ? given : -1;
}

std::vector<Segment> read_segments(const object& root, std::string_view list, std::string_view said) {
  std::vector<Segment> out;
  const auto segments = array_at(root, list);
  if (!segments) return out;
  for (const auto each : *segments) {
    const auto fields = as_object(each);
    if (!fields) continue;
    Segment segment{std::string(text(*fields, said)), seconds_of(*fields, "start"),
                    seconds_of(*fields, "end"), std::string(text(*fields, "speaker_id"))};
    out.push_back(std::move(segment));
  }
  return out;
}

/// 01:02:03,456
std::string clock(double seconds, char before_ms) {
  const auto ms = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds) * 1000));
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, before_ms,
                     ms % 1000);
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// A cue must not hold an empty line, which would end it.
std::string one_line(std::string_view text) {
  std::string out(without_blanks(text));
  std::ranges::replace(out, '\n', ' ');
  std::ranges::replace(out, '\r', ' ');
  return out;
}

/// All of it in one cue where nobody told times.
std::vector<Segment> cues_of(const Transcript& transcript) {
  if (!transcript.segments.empty()) return transcript.segments;
  return {{transcript.text, 0, std::max(0.0, transcript.duration)}};
}

std::string subtitles(const Transcript& transcript, Format format) {
  const bool is_vtt = format == Format::vtt;
  std::string out = is_vtt ? "WEBVTT\n\n" : "";
  int number = 0;
  for (const auto& cue : cues_of(transcript)) {
    if (!is_vtt) out += fmt::format("{}\n", ++number);
    const char sign = is_vtt ? '.' : ',';
    out += fmt::format("{} --> {}\n{}\n\n", clock(cue.start, sign), clock(cue.end, sign), one_line(cue.text));
  }
  return out;
}

void put_seconds(JsonWriter& json, std::string_view name, double seconds) {
  json.key(name);
  seconds < 0 ? json.null() : json.value(seconds);
}

void put_openai_usage(JsonWriter& json, const Transcript& transcript) {
  if (!transcript.usage) return;
  const auto& [tokens, audio_ms] = *transcript.usage;
  json.key("usage").object();
  if (tokens.input == 0 && tokens.output == 0) {
    json.field("type", "duration").field("seconds", static_cast<double>(audio_ms) / 1000).end();
    return;
  }
  json.field("type", "tokens").field("input_tokens", tokens.input).field("output_tokens", tokens.output);
  json.field("total_tokens", tokens.input + tokens.output).end();
}

void put_mistral_usage(JsonWriter& json, const Transcript& transcript) {
  const auto usage = transcript.usage.value_or(ToldUsage{});
  json.key("usage").object().field("prompt_tokens", usage.tokens.input);
  json.field("completion_tokens", usage.tokens.output);
  json.field("total_tokens", usage.tokens.input + usage.tokens.output);
  json.field("prompt_audio_seconds", (usage.audio_ms + 999) / 1000).end();
}

std::string openai_json(const Transcript& transcript, TranscriptionRequest::Task task, Format format) {
  JsonWriter json;
  json.object();
  const bool verbose = format == Format::verbose_json;
  if (verbose) {
    json.field("task", task == TranscriptionRequest::Task::translate ? "translate" : "transcribe");
    json.field("language", transcript.language);
    const auto last = transcript.segments.empty() ? -1 : transcript.segments.back().end;
    json.field("duration", std::max(0.0, transcript.duration < 0 ? last : transcript.duration));
  }
  json.field("text", transcript.text);
  if (verbose) {
    json.key("segments").array();
    int id = 0;
    for (const auto& segment : transcript.segments)
      json.object()
          .field("id", id++)
          .field("start", std::max(0.0, segment.start))
          .field("end", std::max(0.0, segment.end))
          .field("text", segment.text)
          .end();
    json.end();
    if (!transcript.words.empty()) {
      json.key("words").array();
      for (const auto& word : transcript.words)
        json.object()
            .field("word", word.text)
            .field("start", std::max(0.0, word.start))
            .field("end", std::max(0.0, word.end))
            .end();
      json.end();
    }
  }
  put_openai_usage(json, transcript);
  return json.end().take();
}

void put_mistral_fields(JsonWriter& json, const Transcript& transcript, std::string_view model) {
  json.field("model", model).field("text", transcript.text).key("language");
  transcript.language.empty() ? json.null() : json.value(transcript.language);
  json.key("segments").array();
  for (const auto& segment : transcript.segments) {
    json.object().field("type", "transcription_segment").field("text", segment.text);
    put_seconds(json, "start", segment.start);
    put_seconds(json, "end", segment.end);
    if (!segment.speaker.empty()) json.field("speaker_id", segment.speaker);
    json.end();
  }
  json.end();
  put_mistral_usage(json, transcript);
}

Transcript read_transcript(Dialect from, const object& root, std::string_view json) {
  Transcript out;
  out.text = text(root, "text");
  out.language = text(root, "language");
  out.duration = seconds_of(root, "duration");
  out.segments = read_segments(root, "segments", "text");
  out.words = read_segments(root, "words", "word");
  out.usage = told_usage(from, json);
  return out;
}

class Translator final : public TranscriptTranslator {
 public:
  Translator(Dialect from, Dialect to, std::string_view model) : from_(from), to_(to), model_(model) {}

  std::string feed(std::string_view data) override {
    JsonIn json;
    const auto root = json.object_of(data);
    if (!root) return {};
    const auto type = text(*root, "type");
    if (type == "transcript.text.delta") return delta(text(*root, "delta"));
    if (type == "transcription.text.delta") return delta(text(*root, "text"));
    if (type == "transcript.text.done" || type == "transcription.done")
      return done(read_transcript(from_, *root, data));
    return {};
  }

 private:
  [[nodiscard]] std::string delta(std::string_view piece) const {
    const bool openai = to_ == Dialect::openai;
    const std::string_view type = openai ? "transcript.text.delta" : "transcription.text.delta";
    JsonWriter json;
    json.object().field("type", type).field(openai ? "delta" : "text", piece).end();
    std::string out;
    append_event(out, json.text(), openai ? "" : type);
    return out;
  }
  [[nodiscard]] std::string done(const Transcript& transcript) const {
    JsonWriter json;
    std::string out;
    if (to_ == Dialect::openai) {
      json.object().field("type", "transcript.text.done").field("text", transcript.text);
      put_openai_usage(json, transcript);
      append_event(out, json.end().text());
    } else {
      json.object().field("type", "transcription.done");
      put_mistral_fields(json, transcript, model_);
      append_event(out, json.end().text(), "transcription.done");
    }
    return out;
  }

  const Dialect from_, to_;
  const std::string model_;
};

}  // namespace

Result<Transcript> decode_transcript(Dialect from, std::string_view json) {
  JsonIn in;
  const auto root = in.object_of(json);
  element said;
  if (!root || (*root)["text"].get(said) != simdjson::SUCCESS || !said.is_string())
    return fail(Code::upstream, "The provider sent no transcript of its dialect.", "invalid_json",
                "An administrator must check the provider's address and dialect.");
  return read_transcript(from, *root, json);
}

WrittenTranscript encode_transcript(const TranscriptionRequest& asked, const Transcript& transcript,
                                    std::string_view model) {
  if (asked.from == Dialect::mistral) {
    JsonWriter json;
    json.object();
    put_mistral_fields(json, transcript, model);
    return {"application/json", json.end().take()};
  }
  switch (asked.format) {
    case Format::text:
      return {"text/plain; charset=utf-8", transcript.text + "\n"};
    case Format::srt:
      return {"text/plain; charset=utf-8", subtitles(transcript, Format::srt)};
    case Format::vtt:
      return {"text/vtt; charset=utf-8", subtitles(transcript, Format::vtt)};
    default:
      return {"application/json", openai_json(transcript, asked.task, asked.format)};
  }
}

std::unique_ptr<TranscriptTranslator> transcript_translator(Dialect from, Dialect to,
                                                            std::string_view model) {
  return std::make_unique<Translator>(from, to, model);
}

}  // namespace bastide::dialects
