#include "models/providers/openai_chunk.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/crypto.h"

namespace bastide::models {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t dimension_max = 65'536;

std::unexpected<Error> invalid() {
  return fail(Code::upstream, "The provider sent something that is not the OpenAI format.", "invalid_json",
              "Check the provider's address and dialect.");
}

/// The text under `name`, or nothing when it is missing, null or no text.
std::string_view text(const object& from, std::string_view name) {
  std::string_view out;
  if (from[name].get(out) != simdjson::SUCCESS) return {};
  return out;
}

std::int64_t number(const object& from, std::string_view name) {
  std::int64_t out = 0;
  if (from[name].get(out) == simdjson::SUCCESS) return std::clamp<std::int64_t>(out, 0, 1LL << 40);
  double real = 0;  // some servers write 12.0
  if (from[name].get(real) == simdjson::SUCCESS && real > 0 && real < 1e12)
    return static_cast<std::int64_t>(real);
  return 0;
}

void read_usage(const object& usage, Chunk& out) {
  exchange::Usage read;
  read.input_tokens = number(usage, "prompt_tokens");
  read.output_tokens = number(usage, "completion_tokens");
  object details;
  if (usage["prompt_tokens_details"].get(details) == simdjson::SUCCESS)
    read.cached_input_tokens = number(details, "cached_tokens");
  else
    read.cached_input_tokens = number(usage, "prompt_cache_hit_tokens");
  out.usage = read;
}

/// Content is a text, or a list of parts: text, and thinking as Mistral writes it.
void read_parts(const array& parts, std::string& text_out, std::string& thinking_out) {
  for (const element part : parts) {
    object fields;
    std::string_view plain;
    if (part.get(plain) == simdjson::SUCCESS) {
      text_out += plain;
      continue;
    }
    if (part.get(fields) != simdjson::SUCCESS) continue;
    const auto type = text(fields, "type");
    array inner;
    if (type == "thinking") {
      if (fields["thinking"].get(inner) == simdjson::SUCCESS)
        read_parts(inner, thinking_out, thinking_out);
      else
        thinking_out += text(fields, "thinking");
    } else if (type == "text" || type == "output_text") {
      text_out += text(fields, "text");
    }
  }
}

void read_message(const object& message, Chunk& out) {
  array parts;
  if (message["content"].get(parts) == simdjson::SUCCESS)
    read_parts(parts, out.text, out.reasoning);
  else
    out.text += text(message, "content");
  out.text += text(message, "refusal");
  const auto reasoning = text(message, "reasoning_content");
  out.reasoning += reasoning.empty() ? text(message, "reasoning") : reasoning;
  array calls;
  if (message["tool_calls"].get(calls) == simdjson::SUCCESS && calls.size() > 0)
    out.tool_calls = simdjson::minify(calls);
}

exchange::Finish finish_of(std::string_view reason) {
  using exchange::Finish;
  if (reason == "length" || reason == "model_length" || reason == "max_tokens") return Finish::length;
  if (reason == "tool_calls" || reason == "function_call") return Finish::tool_calls;
  if (reason == "content_filter") return Finish::refused;
  return Finish::stop;
}

bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= 64 && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

/// An error's message may repeat the question, or a part of a key: only its plain words are kept.
bool read_error(const object& root, Chunk& out) {
  element error;
  if (root["error"].get(error) != simdjson::SUCCESS || error.is_null()) return false;
  out.is_error = true;
  object fields;
  if (error.get(fields) == simdjson::SUCCESS) {
    for (const auto* name : {"code", "type"})
      if (const auto word = text(fields, name); out.error_code.empty() && is_word(word))
        out.error_code = word;
  }
  return true;
}

/// Escaped halves of characters without their other half, which strict parsers refuse and some servers send.
std::string without_lone_surrogates(std::string_view json) {
  std::string out;
  const auto half = [&](std::size_t at) -> int {
    if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u' || (json[at + 2] | 32) != 'd')
      return 0;
    const char c = static_cast<char>(json[at + 3] | 32);
    return c == '8' || c == '9' || c == 'a' || c == 'b' ? 1 : c >= 'c' && c <= 'f' ? 2 : 0;
  };
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] != '\\' || at + 1 >= json.size()) {
      out += json[at++];
    } else if (half(at) == 1 && half(at + 6) == 2) {
      out += json.substr(at, 12);
      at += 12;
    } else if (half(at) != 0) {
      out += "\\ufffd";
      at += 6;
    } else {
      out += json.substr(at, 2);
      at += 2;
    }
  }
  return out;
}

}  // namespace

struct ChunkParser::Impl {
  simdjson::dom::parser parser{64ULL * 1024 * 1024};

  /// Valid until the next call.
  bool read(std::string_view json, object& root) {
    element document;
    auto error = parser.parse(json.data(), json.size()).get(document);
    if (error == simdjson::STRING_ERROR) {
      const std::string repaired = without_lone_surrogates(json);
      error = parser.parse(repaired).get(document);
    }
    return error == simdjson::SUCCESS && document.get(root) == simdjson::SUCCESS;
  }
};

ChunkParser::ChunkParser() : impl_(std::make_unique<Impl>()) {}
ChunkParser::~ChunkParser() = default;

Result<Chunk> ChunkParser::parse(std::string_view json) {
  object root;
  if (!impl_->read(json, root)) return invalid();
  Chunk out;
  if (read_error(root, out)) return out;
  object usage;
  if (root["usage"].get(usage) == simdjson::SUCCESS) read_usage(usage, out);
  array choices;
  if (root["choices"].get(choices) != simdjson::SUCCESS) return out;  // pings and extensions
  for (const element choice : choices) {
    object fields;
    if (choice.get(fields) != simdjson::SUCCESS) return invalid();
    if (number(fields, "index") != 0) continue;
    object delta;
    if (fields["delta"].get(delta) == simdjson::SUCCESS) read_message(delta, out);
    const auto reason = text(fields, "finish_reason");
    if (!reason.empty()) out.finish = finish_of(reason);
    if (fields["usage"].get(usage) == simdjson::SUCCESS) read_usage(usage, out);
    break;
  }
  return out;
}

Result<Chunk> ChunkParser::parse_whole(std::string_view json) {
  object root;
  if (!impl_->read(json, root)) return invalid();
  Chunk out;
  if (read_error(root, out)) return out;
  object usage;
  if (root["usage"].get(usage) == simdjson::SUCCESS) read_usage(usage, out);
  array choices;
  object choice;
  object message;
  if (root["choices"].get(choices) != simdjson::SUCCESS || choices.at(0).get(choice) != simdjson::SUCCESS ||
      choice["message"].get(message) != simdjson::SUCCESS)
    return invalid();
  read_message(message, out);
  out.finish = finish_of(text(choice, "finish_reason"));
  return out;
}

Result<std::vector<std::vector<float>>> ChunkParser::parse_vectors(std::string_view json,
                                                                   std::size_t expected) {
  object root;
  array data;
  if (!impl_->read(json, root) || root["data"].get(data) != simdjson::SUCCESS) return invalid();
  std::vector<std::vector<float>> out(expected);
  std::size_t position = 0;
  for (const element entry : data) {
    object fields;
    if (entry.get(fields) != simdjson::SUCCESS) return invalid();
    std::int64_t index = 0;
    if (fields["index"].get(index) != simdjson::SUCCESS) index = static_cast<std::int64_t>(position);
    ++position;
    if (index < 0 || static_cast<std::size_t>(index) >= expected) return invalid();
    auto& vector = out[static_cast<std::size_t>(index)];
    array numbers;
    if (fields["embedding"].get(numbers) == simdjson::SUCCESS) {
      for (const element each : numbers) {
        double value = 0;
        if (each.get(value) != simdjson::SUCCESS || vector.size() >= dimension_max) return invalid();
        vector.push_back(static_cast<float>(value));
      }
    } else {
      const auto packed = unbase64(text(fields, "embedding"));
      if (!packed || packed->size() % 4 != 0 || packed->size() / 4 > dimension_max) return invalid();
      vector.resize(packed->size() / 4);
      std::memcpy(vector.data(), packed->data(), packed->size());
    }
  }
  const std::size_t dimension = out.empty() ? 0 : out.front().size();
  for (auto& vector : out) {
    if (vector.empty() || vector.size() != dimension) return invalid();
    double square = 0;
    for (const float x : vector) square += static_cast<double>(x) * x;
    if (!std::isfinite(square) || square <= 0) return invalid();
    for (float& x : vector) x = static_cast<float>(x / std::sqrt(square));
  }
  return out;
}

}  // namespace bastide::models
