#include "dialects/json_in.h"

#include <fmt/format.h>

#include <algorithm>

namespace bastide::dialects::detail {
namespace {

/// Escaped halves of characters without their other half, which strict parsers refuse and some servers send.
std::string without_lone_surrogates(std::string_view json) {
  std::string out;
  out.reserve(json.size());
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

JsonIn::JsonIn() : parser_(body_bytes_max) { (void)parser_.allocate(4096, depth_max); }

Result<object> JsonIn::object_of(std::string_view json) {
  if (json.size() > body_bytes_max)
    return fail(Code::too_large, fmt::format("The JSON is larger than {} bytes.", body_bytes_max),
                "json_too_large");
  element document;
  auto error = parser_.parse(json.data(), json.size()).get(document);
  if (error == simdjson::STRING_ERROR) {
    const auto repaired = without_lone_surrogates(json);
    error = parser_.parse(repaired).get(document);
  }
  if (error == simdjson::DEPTH_ERROR)
    return fail(Code::invalid, fmt::format("The JSON is nested deeper than {} levels.", depth_max),
                "json_too_deep");
  if (error != simdjson::SUCCESS) return fail(Code::invalid, "The JSON is malformed.", "json_malformed");
  object out;
  if (document.get(out) != simdjson::SUCCESS)
    return fail(Code::invalid, "The JSON is not an object.", "not_an_object");
  return out;
}

std::optional<std::string_view> as_text(element value) {
  std::string_view out;
  if (value.get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::optional<bool> as_flag(element value) {
  bool out = false;
  if (value.get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::optional<std::int64_t> as_integer(element value) {
  std::int64_t out = 0;
  if (value.get(out) == simdjson::SUCCESS) return out;
  double real = 0;  // some servers write 12.0
  if (value.get(real) == simdjson::SUCCESS && real > -9e15 && real < 9e15)
    return static_cast<std::int64_t>(real);
  return std::nullopt;
}

std::optional<double> as_real(element value) {
  double out = 0;
  if (value.get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::optional<object> as_object(element value) {
  object out;
  if (value.get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::optional<array> as_array(element value) {
  array out;
  if (value.get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::string_view text(const object& from, std::string_view name) {
  std::string_view out;
  return from[name].get(out) == simdjson::SUCCESS ? out : std::string_view{};
}

std::int64_t integer(const object& from, std::string_view name) {
  element value;
  if (from[name].get(value) != simdjson::SUCCESS) return 0;
  return as_integer(value).value_or(0);
}

std::int64_t tokens(const object& from, std::string_view name) {
  return std::clamp<std::int64_t>(integer(from, name), 0, std::int64_t{1} << 40);
}

std::optional<object> object_at(const object& from, std::string_view name) {
  object out;
  if (from[name].get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::optional<array> array_at(const object& from, std::string_view name) {
  array out;
  if (from[name].get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

std::string raw(element value) { return simdjson::minify(value); }

std::string raw(const object& value) { return simdjson::minify(value); }

std::optional<std::string> valid_json(std::string_view json) {
  simdjson::dom::parser parser(body_bytes_max);
  if (json.size() > body_bytes_max || parser.allocate(json.size() + 1, depth_max) != simdjson::SUCCESS)
    return std::nullopt;
  element document;
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
  return raw(document);
}

std::optional<std::string> valid_object(std::string_view json) {
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) return "{}";
  auto out = valid_json(json);
  if (out && !out->starts_with('{')) return std::nullopt;
  return out;
}

std::string plain_word(std::string_view word) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (word.empty() || word.size() > 64 || !std::ranges::all_of(word, plain)) return {};
  return std::string(word);
}

std::unexpected<Error> wrong(std::string_view field, std::string_view expected) {
  return fail(Code::invalid, fmt::format("\"{}\" must be {}.", field, expected),
              fmt::format("invalid_{}", field));
}

std::unexpected<Error> not_of_dialect(std::string_view dialect) {
  return fail(Code::upstream,
              fmt::format("The provider sent something that is not of the dialect {}.", dialect),
              "invalid_json", "Check the provider's address and dialect.");
}

Error truncated() {
  return {Code::upstream, "The provider's answer broke off before its end.", "truncated", "Ask again."};
}

}  // namespace bastide::dialects::detail
