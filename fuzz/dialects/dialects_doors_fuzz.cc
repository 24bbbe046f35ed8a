// Any bytes at the doors of judgements, transcripts and speech, as calls and as answers.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "dialects/moderations.h"
#include "dialects/speech.h"
#include "dialects/transcriptions.h"

using namespace bastide::dialects;

namespace {

void judge(Dialect from, std::string_view bytes) {
  for (const auto of : {ModerationRequest::Of::texts, ModerationRequest::Of::conversations}) {
    const auto request = decode_moderation(from, of, bytes);
    if (!request) continue;
    std::vector<std::string> texts;
    for (const auto& leaf : request->leaves) {
      if (leaf.input >= request->inputs) std::abort();
      texts.push_back(leaf.text);
    }
    for (const auto to : {Dialect::openai, Dialect::mistral}) {
      Losses losses;
      const auto call = encode_moderation(to, *request, texts, "up", losses);
      // Texts in their places are found again in them.
      const auto again = call ? decode_moderation(from, of, call->body) : request;
      if (!again || again->leaves.size() != texts.size()) std::abort();
    }
  }
  (void)translate_moderation(from, Dialect::openai, std::string(bytes));
}

void listen(Dialect from, std::string_view bytes) {
  const auto cut = bytes.find('\n');
  const std::string name(bytes.substr(0, cut));
  const std::string value(cut == std::string_view::npos ? "" : bytes.substr(cut + 1));
  const auto request =
      read_transcription(from, TranscriptionRequest::Task::transcribe, {{"model", "m"}, {name, value}});
  for (const auto to : {Dialect::openai, Dialect::mistral}) {
    Losses losses;
    if (request) (void)encode_transcription(to, *request, "up", losses);
    (void)transcript_translator(from, to, "m")->feed(bytes);
  }
  const auto transcript = decode_transcript(from, bytes);
  using Format = TranscriptionRequest::Format;
  for (const auto format : {Format::json, Format::text, Format::srt, Format::vtt, Format::verbose_json}) {
    TranscriptionRequest asked;
    asked.from = from;
    asked.format = format;
    if (transcript) (void)encode_transcript(asked, *transcript, "m");
  }
}

void speak(Dialect from, std::string_view bytes) {
  const auto request = decode_speech(from, bytes);
  const auto event = decode_speech_event(from, bytes);
  for (const auto to : {Dialect::openai, Dialect::mistral}) {
    Losses losses;
    if (request) (void)encode_speech(to, *request, "up", losses);
    if (event) (void)encode_speech_event(to, *event);
  }
  (void)decode_speech_json(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto from : {Dialect::openai, Dialect::mistral}) {
    judge(from, bytes);
    listen(from, bytes);
    speak(from, bytes);
    (void)ends_audio_stream(bytes);
    if (const auto told = told_usage(from, bytes); told && told->audio_ms < 0) std::abort();
  }
  return 0;
}
