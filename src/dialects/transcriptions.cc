#include "dialects/transcriptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dialects/common.h"
#include "dialects/json_in.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

using namespace detail;
using Format = TranscriptionRequest::Format;
using Task = TranscriptionRequest::Task;

constexpr std::size_t fields_max = 200;

/// "timestamp_granularities[]" and "timestamp_granularities" are the same.
std::string_view plain_name(std::string_view name) {
  return name.ends_with("[]") ? name.substr(0, name.size() - 2) : name;
}

Format format_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Format>, 5> words{
      {{"json", Format::json},
       {"text", Format::text},
       {"srt", Format::srt},
       {"vtt", Format::vtt},
       {"verbose_json", Format::verbose_json}}};
  const auto found = std::ranges::find(words, word, &std::pair<std::string_view, Format>::first);
  return found == words.end() ? Format::other : found->second;
}

bool is_mistrals(std::string_view name) {
  return name == "file_url" || name == "file_id" || name == "diarize" || name == "context_bias" ||
         name == "speaker_references";
}

/// Subtitles and times need to know when what was said.
bool wants_times(Format format) {
  return format == Format::srt || format == Format::vtt || format == Format::verbose_json;
}

void to_mistral(const TranscriptionRequest& request, std::vector<FormField>& out, Losses& losses) {
  bool has_times = false;
  for (const auto& field : request.fields) {
    const auto name = plain_name(field.name);
    if (name == "language" || name == "temperature" || name == "stream") {
      out.push_back(field);
    } else if (name == "timestamp_granularities") {
      has_times = true;
      out.push_back({"timestamp_granularities", field.value});
    } else if (name == "response_format") {
      if (request.format == Format::other)
        lose_meaning(losses, "response_format", "This model's provider does not give this format.");
    } else if (name == "prompt") {
      lose(losses, "prompt", "The provider has no word for it.");
    } else {
      lose(losses, field.name, "The provider has no word for it.");
    }
  }
  if (wants_times(request.format) && !has_times) out.push_back({"timestamp_granularities", "segment"});
}

void to_openai(const TranscriptionRequest& request, std::vector<FormField>& out, Losses& losses) {
  std::string bias;
  bool wants_segments = false;
  for (const auto& field : request.fields) {
    const auto name = plain_name(field.name);
    if (name == "language" || name == "temperature" || name == "stream") {
      out.push_back(field);
    } else if (name == "timestamp_granularities") {
      wants_segments = true;
      out.push_back({"timestamp_granularities[]", field.value});
    } else if (name == "context_bias") {
      bias += (bias.empty() ? "" : ", ") + field.value;
    } else if (name == "diarize") {
      if (field.value == "true")
        lose_meaning(losses, "diarize", "This model's provider does not tell speakers apart.");
    } else if (name == "file_url" || name == "file_id") {
      lose_meaning(losses, field.name, "This model's provider takes the file itself.");
    } else {
      lose(losses, field.name, "The provider has no word for it.");
    }
  }
  if (!bias.empty()) out.push_back({"prompt", bias});
  out.push_back({"response_format", wants_segments ? "verbose_json" : "json"});
}

}  // namespace

Result<TranscriptionRequest> read_transcription(Dialect from, Task task, std::vector<FormField> fields) {
  if (fields.size() > fields_max) return wrong("fields", "at most 200");
  TranscriptionRequest out;
  out.from = from;
  out.task = task;
  for (auto& field : fields) {
    const auto name = plain_name(field.name);
    if (is_mistrals(name)) out.from = Dialect::mistral;
    if (name == "model") {
      out.model = std::move(field.value);
      continue;
    }
    if (name == "bastide") {
      JsonIn json;
      const auto wrapped = "{\"bastide\":" + field.value + "}";
      const auto root = json.object_of(wrapped);
      element given;
      if (!root || (*root)["bastide"].get(given) != simdjson::SUCCESS) return wrong("bastide", "an object");
      auto options = read_bastide(given);
      if (!options) return pass(options);
      out.bastide = std::move(*options);
      continue;
    }
    if (name == "stream") {
      if (field.value != "true" && field.value != "false") return wrong("stream", "true or false");
      out.stream = field.value == "true";
    }
    if (name == "response_format") out.format = format_of(field.value);
    if (name == "prompt" || name == "context_bias" || name == "known_speaker_names")
      out.texts.push_back(out.fields.size());
    out.fields.push_back(std::move(field));
  }
  if (out.model.empty()) return wrong("model", "the name of a model");
  return out;
}

Result<TranscriptionCall> encode_transcription(Dialect to, const TranscriptionRequest& request,
                                               std::string_view upstream, Losses& losses) {
  if (to != Dialect::openai && to != Dialect::mistral)
    return fail(Code::unsupported, "The provider of this model does not write down speech.", "no_capability",
                "An administrator must take the capability out of the configuration.");
  if (to == Dialect::mistral && request.task == Task::translate)
    return fail(Code::unsupported, "The provider of this model does not translate speech.", "no_capability",
                "Choose another model.");
  TranscriptionCall out;
  out.path = request.task == Task::translate ? "/audio/translations" : "/audio/transcriptions";
  out.fields.push_back({"model", std::string(upstream)});
  if (to == request.from)
    out.fields.insert(out.fields.end(), request.fields.begin(), request.fields.end());
  else if (to == Dialect::mistral)
    to_mistral(request, out.fields, losses);
  else
    to_openai(request, out.fields, losses);
  return out;
}

bool ends_audio_stream(std::string_view data) {
  JsonIn json;
  const auto root = json.object_of(data);
  if (!root) return data == "[DONE]";
  const auto type = text(*root, "type");
  return type == "transcript.text.done" || type == "transcription.done" || type == "speech.audio.done";
}

}  // namespace bastide::dialects
