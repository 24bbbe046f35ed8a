#include "dialects/speech.h"

#include "base/crypto.h"
#include "dialects/common.h"
#include "dialects/json_in.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

using namespace detail;
using Delivery = SpeechRequest::Delivery;

bool is_mistrals(std::string_view name) {
  return name == "voice_id" || name == "ref_audio" || name == "expressiveness" || name == "phoneme_hints" ||
         name == "conversation_history";
}

std::unexpected<Error> no_speech() {
  return fail(Code::upstream, "The provider sent no speech of its dialect.", "invalid_json",
              "An administrator must check the provider's address and dialect.");
}

/// The field's place among the values that have one; nothing for the others.
std::string* text_field(std::string_view name, SpeechRequest& out) {
  if (name == "model") return &out.model;
  if (name == "input") return &out.input;
  if (name == "instructions") return &out.instructions;
  if (name == "voice" || name == "voice_id") return &out.voice;
  if (name == "response_format") return &out.format;
  return nullptr;
}

Result<void> read_field(std::string_view name, element value, SpeechRequest& out) {
  if (auto* into = text_field(name, out)) {
    const auto given = as_text(value);
    if (!given && name == "voice" && value.is_object()) {  // a voice of one's own, by id
      out.others.push_back({Dialect::openai, "voice", raw(value)});
      return {};
    }
    if (!given) return wrong(name, "a text");
    *into = *given;
    return {};
  }
  if (name == "stream_format") {
    const auto word = as_text(value);
    if (word != "audio" && word != "sse") return wrong(name, "\"audio\" or \"sse\"");
    if (word == "sse") out.delivery = Delivery::events;
  } else if (name == "stream") {
    const auto yes = as_flag(value);
    if (!yes) return wrong(name, "true or false");
    if (*yes) out.delivery = Delivery::events;
  } else if (name == "speed") {
    out.speed = as_real(value);
    if (!out.speed) return wrong(name, "a number");
  } else if (name == "bastide") {
    auto options = read_bastide(value);
    if (!options) return pass(options);
    out.bastide = std::move(*options);
  } else {
    out.others.push_back({out.from, std::string(name), raw(value)});
  }
  return {};
}

void write_openai(JsonWriter& json, const SpeechRequest& request, Losses& losses) {
  const bool same = request.from == Dialect::openai;
  bool has_voice = !request.voice.empty();
  if (has_voice) json.field("voice", request.voice);
  for (const auto& field : request.others) has_voice = has_voice || field.name == "voice";
  if (!has_voice && !same) lose_meaning(losses, "voice_id", "This model's provider must be told a voice.");
  for (const auto& field : request.others)
    if (field.name == "ref_audio")
      lose_meaning(losses, "ref_audio", "This model's provider speaks with voices of its own only.");
  if (!request.instructions.empty()) json.field("instructions", request.instructions);
  if (request.speed) json.field("speed", *request.speed);
  if (!same || request.delivery == Delivery::events) json.field("stream_format", "sse");
}

void write_mistral(JsonWriter& json, const SpeechRequest& request, Losses& losses) {
  if (!request.voice.empty()) json.field("voice_id", request.voice);
  if (request.from == Dialect::mistral) {
    if (request.delivery == Delivery::events) json.field("stream", true);
    return;
  }
  json.field("stream", true);
  if (request.format == "aac")
    lose_meaning(losses, "response_format", "This model's provider does not give this format.");
  if (!request.instructions.empty()) lose(losses, "instructions", "The provider has no word for it.");
  if (request.speed && *request.speed != 1) lose(losses, "speed", "The provider has no word for it.");
}

}  // namespace

Result<SpeechRequest> decode_speech(Dialect from, std::string_view body) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return std::unexpected(root.error());
  SpeechRequest out;
  out.from = from;
  for (const auto [name, value] : *root)
    if (is_mistrals(name) && !value.is_null()) out.from = Dialect::mistral;
  if (out.from == Dialect::mistral) out.delivery = Delivery::json;
  for (const auto [name, value] : *root) {
    if (value.is_null()) continue;
    if (auto read = read_field(name, value, out); !read) return pass(read);
  }
  if (out.model.empty()) return wrong("model", "the name of a model");
  if (out.input.empty()) return wrong("input", "the text to speak");
  return out;
}

Result<SpeechCall> encode_speech(Dialect to, const SpeechRequest& request, std::string_view upstream,
                                 Losses& losses) {
  if (to != Dialect::openai && to != Dialect::mistral)
    return fail(Code::unsupported, "The provider of this model does not speak.", "no_capability",
                "An administrator must take the capability out of the configuration.");
  JsonWriter json;
  json.object().field("model", upstream).field("input", request.input);
  if (!request.format.empty()) json.field("response_format", request.format);
  to == Dialect::openai ? write_openai(json, request, losses) : write_mistral(json, request, losses);
  put_others(json, request.others, to);
  lose_others(losses, request.others, to);
  return SpeechCall{"/audio/speech", json.end().take()};
}

Result<SpeechEvent> decode_speech_event(Dialect from, std::string_view data) {
  JsonIn json;
  const auto root = json.object_of(data);
  if (!root) return SpeechEvent{};
  SpeechEvent out;
  const auto type = text(*root, "type");
  if (type == "speech.audio.delta") {
    auto sound = unbase64(text(*root, from == Dialect::mistral ? "audio_data" : "audio"));
    if (!sound) return no_speech();
    out.sound = std::move(*sound);
  } else if (type == "speech.audio.done") {
    out.is_end = true;
    out.usage = told_usage(from, data);
  }
  return out;
}

std::string encode_speech_event(Dialect to, const SpeechEvent& event) {
  const bool mistral = to == Dialect::mistral;
  std::string out;
  if (!event.sound.empty()) {
    JsonWriter json;
    json.object().field("type", "speech.audio.delta");
    json.field(mistral ? "audio_data" : "audio", base64(event.sound)).end();
    append_event(out, json.text(), mistral ? "speech.audio.delta" : "");
  }
  if (event.is_end) {
    const auto tokens = event.usage.value_or(ToldUsage{}).tokens;
    JsonWriter json;
    json.object().field("type", "speech.audio.done").key("usage").object();
    json.field(mistral ? "prompt_tokens" : "input_tokens", tokens.input);
    json.field(mistral ? "completion_tokens" : "output_tokens", tokens.output);
    json.field("total_tokens", tokens.input + tokens.output).end().end();
    append_event(out, json.text(), mistral ? "speech.audio.done" : "");
  }
  return out;
}

std::string encode_speech_json(std::string_view sound) {
  return JsonWriter().object().field("audio_data", base64(sound)).end().take();
}

Result<std::string> decode_speech_json(std::string_view given) {
  JsonIn json;
  const auto root = json.object_of(given);
  if (!root) return no_speech();
  auto sound = unbase64(text(*root, "audio_data"));
  if (!sound || sound->empty()) return no_speech();
  return sound;
}

std::string_view media_type_of_speech(std::string_view format) {
  if (format == "opus") return "audio/ogg";
  if (format == "aac") return "audio/aac";
  if (format == "flac") return "audio/flac";
  if (format == "wav") return "audio/wav";
  if (format == "pcm") return "audio/pcm";
  return "audio/mpeg";
}

}  // namespace bastide::dialects
