// What becomes of each feature at the doors beside chat, computed from their encoders.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/embeddings.h"
#include "dialects/moderations.h"
#include "dialects/speech.h"
#include "dialects/transcriptions.h"

namespace bastide::dialects::testing {

/// Losses of a call on its way, or an error.
using DoorFate = std::function<Result<Losses>(Dialect to)>;

struct DoorFeature {
  std::string name;
  Dialect from;
  DoorFate fate;
};

inline DoorFate embedding(Dialect from, std::string body,
                          EmbedRequest::Shape shape = EmbedRequest::Shape::list) {
  return [=](Dialect to) -> Result<Losses> {
    auto request = decode_embed_request(from, body, "m", shape);
    if (!request) return pass(request);
    Losses losses;
    if (auto call = encode_embed_request(to, *request, "up", losses); !call) return pass(call);
    return losses;
  };
}

inline DoorFate moderation(Dialect from, ModerationRequest::Of of, std::string input) {
  return [=](Dialect to) -> Result<Losses> {
    auto request = decode_moderation(from, of, R"({"model":"m","input":)" + input + "}");
    if (!request) return pass(request);
    std::vector<std::string> texts;
    for (const auto& leaf : request->leaves) texts.push_back(leaf.text);
    Losses losses;
    if (auto call = encode_moderation(to, *request, texts, "up", losses); !call) return pass(call);
    return losses;
  };
}

inline DoorFate transcription(Dialect from, FormField field,
                              TranscriptionRequest::Task task = TranscriptionRequest::Task::transcribe) {
  return [=](Dialect to) -> Result<Losses> {
    auto request = read_transcription(from, task, {{"model", "m"}, field});
    if (!request) return pass(request);
    Losses losses;
    if (auto call = encode_transcription(to, *request, "up", losses); !call) return pass(call);
    return losses;
  };
}

inline DoorFate speech(Dialect from, const std::string& more) {
  return [=](Dialect to) -> Result<Losses> {
    auto request = decode_speech(from, R"({"model":"m","input":"a",)" + more + "}");
    if (!request) return pass(request);
    Losses losses;
    if (auto call = encode_speech(to, *request, "up", losses); !call) return pass(call);
    return losses;
  };
}

inline std::vector<DoorFeature> embedding_features() {
  using enum Dialect;
  const auto of_openai = [](const std::string& more) {
    return embedding(openai, R"({"model":"m","input":"a")" + more + "}");
  };
  const auto of_mistral = [](const std::string& more) {
    return embedding(mistral, R"({"model":"m","input":"a")" + more + "}");
  };
  const auto of_gemini = [](const std::string& more) {
    return embedding(gemini, R"({"content":{"parts":[{"text":"a"}]})" + more + "}", EmbedRequest::Shape::one);
  };
  return {
      {"texts", openai, embedding(openai, R"({"model":"m","input":["a","b"]})")},
      {"tokens", openai, embedding(openai, R"({"model":"m","input":[1,2]})")},
      {"`dimensions`", openai, of_openai(R"(,"dimensions":8)")},
      {"base64", openai, of_openai(R"(,"encoding_format":"base64")")},
      {"`user`", openai, of_openai(R"(,"user":"u")")},
      {"`output_dimension`", mistral, of_mistral(R"(,"output_dimension":8)")},
      {"`output_dtype` int8", mistral, of_mistral(R"(,"output_dtype":"int8")")},
      {"`metadata`", mistral, of_mistral(R"(,"metadata":{"a":1})")},
      {"`outputDimensionality`", gemini, of_gemini(R"(,"outputDimensionality":8)")},
      {"`taskType`, `title`", gemini, of_gemini(R"(,"taskType":"RETRIEVAL_QUERY","title":"t")")},
      {"image in a content", gemini,
       embedding(gemini, R"({"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}})",
                 EmbedRequest::Shape::one)}};
}

inline std::vector<DoorFeature> other_door_features() {
  using enum Dialect;
  using Of = ModerationRequest::Of;
  using Task = TranscriptionRequest::Task;
  return {
      {"moderation of texts", openai, moderation(openai, Of::texts, R"(["a","b"])")},
      {"moderation of images", openai,
       moderation(openai, Of::texts,
                  R"([{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}])")},
      {"moderation of conversations", mistral,
       moderation(mistral, Of::conversations, R"([{"role":"user","content":"a"}])")},
      {"transcript as srt, vtt or with times", openai, transcription(openai, {"response_format", "srt"})},
      {"transcript by speakers", openai, transcription(openai, {"response_format", "diarized_json"})},
      {"transcript in a stream", openai, transcription(openai, {"stream", "true"})},
      {"prompt of a transcript", openai, transcription(openai, {"prompt", "a"})},
      {"translation into English", openai, transcription(openai, {"language", "fr"}, Task::translate)},
      {"`timestamp_granularities`", mistral, transcription(mistral, {"timestamp_granularities", "segment"})},
      {"`context_bias`", mistral, transcription(mistral, {"context_bias", "a"})},
      {"`diarize`", mistral, transcription(mistral, {"diarize", "true"})},
      {"`file_url`", mistral, transcription(mistral, {"file_url", "https://example.org/a.wav"})},
      {"speech", openai, speech(openai, R"("voice":"v")")},
      {"`instructions`, `speed`", openai, speech(openai, R"("voice":"v","instructions":"a","speed":2)")},
      {"speech as aac", openai, speech(openai, R"("voice":"v","response_format":"aac")")},
      {"speech in a stream", mistral, speech(mistral, R"("voice_id":"v","stream":true)")},
      {"voice to imitate", mistral, speech(mistral, R"("voice_id":"v","ref_audio":"AA==")")}};
}

inline std::string fate_of(const DoorFeature& feature, Dialect to) {
  const auto losses = feature.fate(to);
  if (!losses || !refuse_losses(*losses)) return "refused";
  if (!losses->empty()) return "told";
  return to == feature.from ? "native" : "translated";
}

inline std::string door_section(const std::string& title, const std::vector<DoorFeature>& features,
                                const std::vector<Dialect>& to) {
  std::string out = "\n## " + title + "\n\n| feature | from |";
  for (const auto each : to) out += " " + std::string(dialect_name(each)) + " |";
  out += "\n|---|---|";
  for (std::size_t i = 0; i < to.size(); ++i) out += "---|";
  out += "\n";
  for (const auto& feature : features) {
    out += "| " + feature.name + " | " + std::string(dialect_name(feature.from)) + " |";
    for (const auto each : to) out += " " + fate_of(feature, each) + " |";
    out += "\n";
  }
  return out;
}

inline std::string door_tables() {
  using enum Dialect;
  return "\n# Other doors\n\nVectors, judgements, transcripts and speech on their way to a provider of the "
         "column's dialect. Anthropic has\nnone of these. In the same dialect the answer is the provider's "
         "own, byte by byte. Models on this machine embed\ntexts; `dimensions` are those that "
         "`embedding_dimensions` says they were trained for. Without a model, or with\n`bastide-guard`, "
         "moderations are the guard's: `pii`, `secret`, `injection`, `jailbreaking` with the score of the "
         "surest\nrule; what nobody looked for is not in the answer. Sound and images are not searched for "
         "personal data: their\nlabel says where they may go. Tokens, a text in disguise, leave the walls "
         "only "
         "when the guard keeps nothing inside;\na prompt with personal data stays (told), and what is to be "
         "spoken with any is refused.\n" +
         door_section("Embeddings", embedding_features(), {openai, mistral, gemini}) +
         door_section("Moderations, transcripts, speech", other_door_features(), {openai, mistral});
}

}  // namespace bastide::dialects::testing
