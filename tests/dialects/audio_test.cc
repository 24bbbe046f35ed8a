// Speech into text and text into speech, in the words of both dialects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "dialects/speech.h"
#include "dialects/transcriptions.h"

namespace bastide::dialects {
namespace {

using Task = TranscriptionRequest::Task;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const std::vector<FormField>& fields) {
  std::vector<std::string> out;
  for (const auto& field : fields) out.push_back(field.name + "=" + field.value);
  return out;
}
std::vector<std::string> lost(const Losses& losses) {
  std::vector<std::string> out;
  for (const auto& loss : losses)
    out.push_back((loss.weight == Loss::Weight::meaning ? "!" : "") + loss.field);
  return out;
}

TEST(Transcriptions, the_same_dialect_keeps_every_field_in_order) {
  const auto request = read_transcription(Dialect::openai, Task::transcribe,
                                          {{"language", "fr"},
                                           {"model", "m"},
                                           {"include[]", "logprobs"},
                                           {"new", "1"},
                                           {"prompt", "Valmont"},
                                           {"bastide", R"({"label":"public"})"}});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->bastide->label, "public");
  ASSERT_EQ(request->texts.size(), 1U);
  EXPECT_EQ(request->fields[request->texts[0]].value, "Valmont");
  Losses losses;
  const auto call = encode_transcription(Dialect::openai, *request, "up", losses);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->path, "/audio/transcriptions");
  EXPECT_THAT(names(call->fields),
              ElementsAre("model=up", "language=fr", "include[]=logprobs", "new=1", "prompt=Valmont"));
  EXPECT_TRUE(losses.empty());
}

TEST(Transcriptions, openai_in_mistrals_words) {
  const auto request = read_transcription(Dialect::openai, Task::transcribe,
                                          {{"model", "m"},
                                           {"response_format", "srt"},
                                           {"prompt", "p"},
                                           {"stream", "true"},
                                           {"chunking_strategy", "auto"}});
  Losses losses;
  const auto call = encode_transcription(Dialect::mistral, *request, "up", losses);
  EXPECT_THAT(names(call->fields), ElementsAre("model=up", "stream=true", "timestamp_granularities=segment"));
  EXPECT_THAT(lost(losses), ElementsAre("prompt", "chunking_strategy"));
  const auto diarized = read_transcription(Dialect::openai, Task::transcribe,
                                           {{"model", "m"}, {"response_format", "diarized_json"}});
  losses.clear();
  (void)encode_transcription(Dialect::mistral, *diarized, "up", losses);
  EXPECT_THAT(lost(losses), ElementsAre("!response_format"));
  const auto into_english = read_transcription(Dialect::openai, Task::translate, {{"model", "m"}});
  EXPECT_EQ(encode_transcription(Dialect::mistral, *into_english, "up", losses).error().code,
            Code::unsupported);
}

TEST(Transcriptions, mistral_in_openais_words) {
  const auto request = read_transcription(Dialect::openai, Task::transcribe,
                                          {{"model", "m"},
                                           {"context_bias", "Valmont"},
                                           {"context_bias", "Bastide"},
                                           {"timestamp_granularities", "segment"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->from, Dialect::mistral) << "known by its words";
  EXPECT_EQ(request->texts.size(), 2U);
  Losses losses;
  const auto call = encode_transcription(Dialect::openai, *request, "up", losses);
  EXPECT_THAT(names(call->fields), ElementsAre("model=up", "timestamp_granularities[]=segment",
                                               "prompt=Valmont, Bastide", "response_format=verbose_json"));
  const auto by_address = read_transcription(
      Dialect::mistral, Task::transcribe, {{"model", "m"}, {"file_url", "https://x"}, {"diarize", "true"}});
  (void)encode_transcription(Dialect::openai, *by_address, "up", losses);
  EXPECT_THAT(lost(losses), ElementsAre("!file_url", "!diarize"));
}

TEST(Transcriptions, wrong_fields_are_named) {
  const auto detail = [](std::vector<FormField> fields) {
    const auto read = read_transcription(Dialect::openai, Task::transcribe, std::move(fields));
    return read ? std::string() : read.error().detail;
  };
  EXPECT_EQ(detail({}), "invalid_model");
  EXPECT_EQ(detail({{"model", "m"}, {"stream", "maybe"}}), "invalid_stream");
  EXPECT_EQ(detail({{"model", "m"}, {"bastide", "x"}}), "invalid_bastide");
}

constexpr std::string_view mistral_answer =
    R"({"model":"v","text":"Bonjour à tous.","language":"fr","segments":[{"type":"transcription_segment","text":" Bonjour","start":0.0,"end":1.5},
        {"type":"transcription_segment","text":" à\n\ntous.","start":3661.25,"end":3662}],
        "usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":300,"prompt_audio_seconds":12}})";

TEST(Transcriptions, subtitles_are_made_of_the_segments) {
  const auto transcript = decode_transcript(Dialect::mistral, mistral_answer);
  ASSERT_TRUE(transcript) << transcript.error().message;
  EXPECT_EQ(transcript->usage->audio_ms, 12'000);
  TranscriptionRequest asked;
  asked.format = TranscriptionRequest::Format::srt;
  EXPECT_EQ(encode_transcript(asked, *transcript, "m").body,
            "1\n00:00:00,000 --> 00:00:01,500\nBonjour\n\n2\n01:01:01,250 --> 01:01:02,000\nà  tous.\n\n");
  asked.format = TranscriptionRequest::Format::vtt;
  const auto vtt = encode_transcript(asked, *transcript, "m");
  EXPECT_EQ(vtt.media_type, "text/vtt; charset=utf-8");
  EXPECT_TRUE(vtt.body.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nBonjour\n\n"));
  asked.format = TranscriptionRequest::Format::text;
  EXPECT_EQ(encode_transcript(asked, *transcript, "m").body, "Bonjour à tous.\n");
  asked.format = TranscriptionRequest::Format::verbose_json;
  const auto verbose = parse_json(encode_transcript(asked, *transcript, "m").body).value();
  EXPECT_EQ(verbose["segments"][1]["start"], 3661.25);
  EXPECT_EQ(verbose["duration"], 3662);
  EXPECT_EQ(verbose["language"], "fr");
  EXPECT_EQ(verbose["usage"]["input_tokens"], 4);
}

TEST(Transcriptions, openais_answer_in_mistrals_words) {
  const auto transcript =
      decode_transcript(Dialect::openai, R"({"text":"Hello","usage":{"type":"duration","seconds":2.4}})");
  ASSERT_TRUE(transcript);
  TranscriptionRequest asked;
  asked.from = Dialect::mistral;
  const auto json = parse_json(encode_transcript(asked, *transcript, "m").body).value();
  EXPECT_EQ(json["model"], "m");
  EXPECT_EQ(json["usage"]["prompt_audio_seconds"], 3);
  EXPECT_TRUE(json["language"].is_null());
  EXPECT_EQ(decode_transcript(Dialect::openai, R"({"words":1})").error().detail, "invalid_json");
}

TEST(Transcriptions, streams_both_ways) {
  auto to_openai = transcript_translator(Dialect::mistral, Dialect::openai, "m");
  EXPECT_EQ(to_openai->feed(R"({"type":"transcription.text.delta","text":"Bon"})"),
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"Bon\"}\n\n");
  EXPECT_EQ(to_openai->feed(R"({"type":"transcription.language","audio_language":"fr"})"), "");
  const auto done = R"({"type":"transcription.done","model":"v","text":"Bonjour","language":"fr",
      "usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}})";
  EXPECT_TRUE(ends_audio_stream(done));
  EXPECT_THAT(to_openai->feed(done), HasSubstr(R"("type":"transcript.text.done","text":"Bonjour")"));
  auto to_mistral = transcript_translator(Dialect::openai, Dialect::mistral, "m");
  EXPECT_EQ(
      to_mistral->feed(R"({"type":"transcript.text.delta","delta":"Bon"})"),
      "event: transcription.text.delta\ndata: {\"type\":\"transcription.text.delta\",\"text\":\"Bon\"}\n\n");
  EXPECT_FALSE(ends_audio_stream(R"({"type":"transcript.text.delta"})"));
}

TEST(ToldUsage, tokens_and_time) {
  auto told = told_usage(
      Dialect::openai,
      R"({"usage":{"type":"tokens","input_tokens":14,"input_token_details":{"audio_tokens":10},"output_tokens":5}})");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->tokens.input, 14);
  EXPECT_EQ(told->tokens.input_audio, 10);
  EXPECT_EQ(told->tokens.output, 5);
  told = told_usage(Dialect::openai, R"({"usage":{"type":"duration","seconds":9}})");
  EXPECT_EQ(told->audio_ms, 9000);
  told = told_usage(Dialect::openai, R"({"usage":{"seconds":-4e300}})");
  EXPECT_EQ(told->audio_ms, 0);
  EXPECT_FALSE(told_usage(Dialect::openai, R"({"text":"a"})"));
  EXPECT_FALSE(told_usage(Dialect::openai, "RIFF"));
}

TEST(Speech, the_same_dialect_keeps_every_field) {
  const auto request = decode_speech(
      Dialect::openai,
      R"({"model":"m","input":"Hi","voice":"alloy","speed":1.5,"stream_format":"sse","response_format":"wav","new":[1]})");
  ASSERT_TRUE(request);
  Losses losses;
  const auto call = encode_speech(Dialect::openai, *request, "up", losses);
  EXPECT_EQ(parse_json(call->body).value(),
            parse_json(R"({"model":"up","input":"Hi","voice":"alloy","speed":1.5,
      "stream_format":"sse","response_format":"wav","new":[1]})")
                .value());
  const auto own = decode_speech(Dialect::openai, R"({"model":"m","input":"Hi","voice":{"id":"v1"}})");
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(parse_json(encode_speech(Dialect::openai, *own, "up", losses)->body).value()["voice"]["id"],
            "v1");
  const auto mistral =
      decode_speech(Dialect::openai, R"({"model":"m","input":"Hi","voice_id":"v","expressiveness":0.5})");
  EXPECT_EQ(mistral->from, Dialect::mistral);
  EXPECT_EQ(mistral->delivery, SpeechRequest::Delivery::json);
  EXPECT_EQ(parse_json(encode_speech(Dialect::mistral, *mistral, "up", losses)->body).value(),
            parse_json(R"({"model":"up","input":"Hi","voice_id":"v","expressiveness":0.5})").value());
  EXPECT_TRUE(losses.empty());
}

TEST(Speech, others_are_asked_for_events) {
  Losses losses;
  const auto openai = decode_speech(
      Dialect::openai, R"({"model":"m","input":"Hi","voice":"v","instructions":"slowly","speed":2})");
  auto body = parse_json(encode_speech(Dialect::mistral, *openai, "up", losses)->body).value();
  EXPECT_EQ(body, parse_json(R"({"model":"up","input":"Hi","voice_id":"v","stream":true})").value());
  EXPECT_THAT(lost(losses), ElementsAre("instructions", "speed"));
  losses.clear();
  const auto mistral = decode_speech(Dialect::mistral, R"({"model":"m","input":"Hi","ref_audio":"AA=="})");
  body = parse_json(encode_speech(Dialect::openai, *mistral, "up", losses)->body).value();
  EXPECT_EQ(body["stream_format"], "sse");
  EXPECT_THAT(lost(losses), testing::Contains("!voice_id"));
  EXPECT_THAT(lost(losses), testing::Contains("!ref_audio"));
}

TEST(Speech, events_both_ways) {
  auto event =
      decode_speech_event(Dialect::mistral, R"({"type":"speech.audio.delta","audio_data":"UklGRg=="})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->sound, "RIFF");
  EXPECT_EQ(encode_speech_event(Dialect::openai, *event),
            "data: {\"type\":\"speech.audio.delta\",\"audio\":\"UklGRg==\"}\n\n");
  event = decode_speech_event(
      Dialect::openai, R"({"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":40}})");
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->is_end);
  EXPECT_EQ(event->usage->tokens.output, 40);
  EXPECT_THAT(encode_speech_event(Dialect::mistral, *event), HasSubstr(R"("completion_tokens":40)"));
  EXPECT_FALSE(decode_speech_event(Dialect::openai, R"({"type":"speech.audio.delta","audio":"?"})"));
  EXPECT_EQ(decode_speech_json(encode_speech_json("RIFF")).value(), "RIFF");
  EXPECT_EQ(decode_speech_json("{}").error().detail, "invalid_json");
}

TEST(Speech, wrong_fields_are_named) {
  EXPECT_EQ(decode_speech(Dialect::openai, R"({"model":"m"})").error().detail, "invalid_input");
  EXPECT_EQ(decode_speech(Dialect::openai, R"({"input":"a"})").error().detail, "invalid_model");
  EXPECT_EQ(decode_speech(Dialect::openai, R"({"model":"m","input":"a","stream_format":"x"})").error().detail,
            "invalid_stream_format");
}

}  // namespace
}  // namespace bastide::dialects
