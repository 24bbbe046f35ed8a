// Parts: what a message or an answer consists of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dialects/dialect.h"

namespace bastide::dialects {

/// A marker up to which a provider keeps the prompt. `ttl` as written ("5m", "1h"), empty: its default.
struct CacheMarker {
  std::string ttl;
};

/// Where a statement comes from. Offsets are code points of the part's text; -1: not given.
struct Citation {
  std::string url;
  std::string title;
  std::string file_id;
  std::string quote;
  std::int64_t start = -1;
  std::int64_t end = -1;
  /// The dialect's own object, with all its fields: what its own encoder writes.
  RawField raw{};
};

struct Text {
  std::string text;
  std::vector<Citation> citations{};
};

/// An image, a sound, a video or a file, given in one of four ways; exactly one of `url`, `base64`,
/// `file_id`, `text` is filled (a document may be given as plain text).
struct Media {
  enum class Kind : std::uint8_t { image, audio, video, file };
  Kind kind = Kind::image;
  std::string url{};  // http, https or gs; data: URLs are taken apart into media_type and base64
  std::string base64{};
  std::string file_id{};
  std::string text{};
  std::string media_type{};  // "image/png"; empty: not said
  std::string name{};        // of the file
  std::string detail{};      // images: low high auto; empty: not said
};

/// The model wants a tool to be used.
struct ToolCall {
  enum class Kind : std::uint8_t {
    function,  // `arguments` is JSON text as the model wrote it: mostly an object, "" for none
    custom     // `arguments` is plain text
  };
  std::string id;
  std::string name;
  std::string arguments;
  Kind kind = Kind::function;
};

struct Part;

/// What the tool gave. `name` is filled where the dialect says it (Gemini), or from the call it answers.
struct ToolResult {
  std::string call_id;
  std::string name{};
  std::vector<Part> parts;  // text, images, files, raw
  bool is_error = false;
  ToolCall::Kind kind = ToolCall::Kind::function;
};

/// What the model thought. Text and summaries may be missing where only a sealed form is given.
struct Reasoning {
  std::string text;
  std::vector<std::string> summaries{};
  std::string encrypted{};  // sealed by the provider (OpenAI encrypted_content, Anthropic redacted_thinking)
};

struct Refusal {
  std::string text;
};

/// A part that only one dialect knows (server tools and their results, and what is new), as it came.
struct Raw {
  Dialect from = Dialect::openai;
  std::string type;
  std::string json;
};

using PartContent = std::variant<Text, Media, ToolCall, ToolResult, Reasoning, Refusal, Raw>;

struct Part {
  PartContent content;
  std::optional<CacheMarker> cache{};
  /// Proof of the provider that the model wrote this (Anthropic thinking signature, Gemini thoughtSignature):
  /// goes back verbatim to the dialect and model it came from, and is dropped for any other.
  std::string signature{};
  std::string id{};  // of the item, where the dialect numbers them (Responses)
  Others others{};
};

[[nodiscard]] Part text_part(std::string text);
/// All Text parts, one after the other, with `separator` between.
[[nodiscard]] std::string text_of(const std::vector<Part>& parts, std::string_view separator = {});

}  // namespace bastide::dialects
