// Vectors as providers send them, and as callers get them.
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/crypto.h"
#include "dialects/common.h"
#include "dialects/embeddings.h"
#include "dialects/json_in.h"
#include "dialects/usage.h"

namespace bastide::dialects {
namespace {

using namespace detail;

constexpr std::size_t dimensions_max = 65'536;

std::unexpected<Error> no_vectors() {
  return fail(Code::upstream, "The provider sent no vectors of its dialect.", "invalid_json",
              "An administrator must check the provider's address and dialect.");
}

bool read_vector(element value, std::vector<float>& out) {
  if (const auto numbers = as_array(value)) {
    for (const auto each : *numbers) {
      const auto number = as_real(each);
      if (!number || out.size() >= dimensions_max) return false;
      out.push_back(static_cast<float>(*number));
    }
    return !out.empty();
  }
  const auto text = as_text(value);
  const auto packed = text ? unbase64(*text) : Result<std::string>(std::string());
  if (!packed || packed->empty() || packed->size() % sizeof(float) != 0 ||
      packed->size() / sizeof(float) > dimensions_max)
    return false;
  out.resize(packed->size() / sizeof(float));
  std::memcpy(out.data(), packed->data(), packed->size());
  return true;
}

/// The vector of one entry: `embedding` of OpenAI, `values` of Gemini.
bool read_entry(const object& entry, std::vector<float>& out) {
  element value;
  if (entry["embedding"].get(value) != simdjson::SUCCESS && entry["values"].get(value) != simdjson::SUCCESS)
    return false;
  return read_vector(value, out);
}

std::optional<Usage> usage_in(Dialect from, const object& root) {
  const auto usage = object_at(root, from == Dialect::gemini ? "usageMetadata" : "usage");
  if (!usage) return std::nullopt;
  return read_usage(from, *usage);
}

/// The shortest decimal that reads back as the same float.
void put_float(JsonWriter& json, float number) {
  if (!std::isfinite(number)) {
    json.null();
    return;
  }
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  json.raw({text.data(), error == std::errc{} ? static_cast<std::size_t>(end - text.data()) : 0});
}

void put_floats(JsonWriter& json, const std::vector<float>& vector) {
  json.array();
  for (const float number : vector) put_float(json, number);
  json.end();
}

void put_cut(JsonWriter& json, const EmbedAnswer& answer) {
  if (answer.texts_cut) json.key("bastide").object().field("texts_cut", *answer.texts_cut).end();
}

std::string write_gemini(const EmbedRequest& asked, const EmbedAnswer& answer) {
  JsonWriter json;
  json.object();
  if (asked.shape == EmbedRequest::Shape::one) {
    json.key("embedding").object().key("values");
    put_floats(json, answer.vectors.front());
    json.end();
  } else {
    json.key("embeddings").array();
    for (const auto& vector : answer.vectors) {
      json.object().key("values");
      put_floats(json, vector);
      json.end();
    }
    json.end();
  }
  if (answer.usage) json.key("usageMetadata").object().field("promptTokenCount", answer.usage->input).end();
  put_cut(json, answer);
  return json.end().take();
}

}  // namespace

Result<EmbedAnswer> decode_embed_answer(Dialect from, std::string_view body, std::size_t expected) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return no_vectors();
  EmbedAnswer out;
  out.usage = usage_in(from, *root);
  out.vectors.resize(expected);
  if (const auto one = object_at(*root, "embedding")) {
    if (expected != 1 || !read_entry(*one, out.vectors.front())) return no_vectors();
    return out;
  }
  const auto list = array_at(*root, from == Dialect::gemini ? "embeddings" : "data");
  if (!list) return no_vectors();
  std::size_t position = 0;
  for (const auto each : *list) {
    const auto entry = as_object(each);
    if (!entry) return no_vectors();
    element index;
    const auto said = (*entry)["index"].get(index) == simdjson::SUCCESS ? as_integer(index) : std::nullopt;
    const auto at = said.value_or(static_cast<std::int64_t>(position++));
    if (at < 0 || static_cast<std::size_t>(at) >= expected) return no_vectors();
    auto& vector = out.vectors[static_cast<std::size_t>(at)];
    if (!vector.empty() || !read_entry(*entry, vector)) return no_vectors();
  }
  for (const auto& vector : out.vectors)
    if (vector.empty()) return no_vectors();
  return out;
}

std::string encode_embed_answer(const EmbedRequest& asked, const EmbedAnswer& answer, std::string_view id,
                                std::string_view model) {
  if (asked.from == Dialect::gemini) return write_gemini(asked, answer);
  JsonWriter json;
  json.object().field("id", id).field("object", "list").field("model", model).key("data").array();
  for (std::size_t i = 0; i < answer.vectors.size(); ++i) {
    const auto& vector = answer.vectors[i];
    json.object().field("object", "embedding").field("index", i).key("embedding");
    if (asked.encoding == EmbedRequest::Encoding::base64)
      json.value(base64({reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)}));
    else
      put_floats(json, vector);
    json.end();
  }
  const auto tokens = answer.usage ? answer.usage->input : 0;
  json.end().key("usage").object().field("prompt_tokens", tokens).field("total_tokens", tokens);
  if (asked.from == Dialect::mistral) json.field("completion_tokens", 0);
  json.end();
  put_cut(json, answer);
  return json.end().take();
}

}  // namespace bastide::dialects
