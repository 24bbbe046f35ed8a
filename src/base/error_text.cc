#include "base/error_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace bastide {
namespace {

constexpr std::size_t values_max = 8;
constexpr std::size_t name_bytes_max = 32;
constexpr std::size_t text_bytes_max = 200;
constexpr std::int64_t bytes_max = 1LL << 60;

constexpr std::string_view narrow_space = "\u202f";
constexpr std::string_view fixed_space = "\u00a0";

/// French writes a comma, and groups digits from five on.
std::string french_number(std::string number) {
  const auto first = static_cast<std::size_t>(number.starts_with('-'));
  const auto whole = std::min(number.find_first_not_of("0123456789", first), number.size());
  if (const auto point = number.find('.'); point != std::string::npos) number[point] = ',';
  if (whole - first < 5) return number;
  for (auto at = whole; at > first + 3;) number.insert(at -= 3, narrow_space);
  return number;
}

std::string shown(const ErrorValue& value, std::string_view language) {
  const bool in_french = language == "fr";
  if (const auto* text = std::get_if<std::string>(&value.value)) return *text;
  if (const auto* amount = std::get_if<ByteCount>(&value.value)) {
    if (!in_french) return gigabytes(amount->bytes);
    return french_number(fmt::format("{:.1f}", static_cast<double>(amount->bytes) / 1e9))
        .append(fixed_space)
        .append("Go");
  }
  const auto* count = std::get_if<std::int64_t>(&value.value);
  auto number = count ? std::to_string(*count) : fmt::format("{}", std::get<double>(value.value));
  return in_french ? french_number(std::move(number)) : number;
}

std::optional<std::string> value_of(std::string_view name, const Error& error, std::string_view language) {
  const auto found = std::ranges::find(error.values, name, &ErrorValue::name);
  if (found != error.values.end()) return shown(*found, language);
  if (const auto field = named_field(error); name == "field" && !field.empty()) return std::string(field);
  if (name == "retry_after_s" && error.retry_after_s > 0)
    return shown({std::string(name), error.retry_after_s}, language);
  return std::nullopt;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::optional<ErrorValue> read_value(const std::string& name, const nlohmann::json& json) {
  if (!is_plain_name(name)) return std::nullopt;
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    const bool is_line = std::ranges::none_of(text, [](unsigned char c) { return c < ' '; });
    return is_line ? std::optional(ErrorValue{name, std::string(utf8_prefix(text, text_bytes_max))})
                   : std::nullopt;
  }
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  if (json.is_number_integer()) return ErrorValue{name, json.get<std::int64_t>()};
  if (json.is_number()) return ErrorValue{name, json.get<double>()};
  const auto bytes = json.is_object() ? json.find("bytes") : json.end();
  if (bytes == json.end() || !bytes->is_number_integer()) return std::nullopt;
  return ErrorValue{name, ByteCount{static_cast<std::uint64_t>(
                              std::clamp<std::int64_t>(bytes->get<std::int64_t>(), 0, bytes_max))}};
}

}  // namespace

std::string_view named_field(const Error& error) {
  const auto named = std::ranges::find(error.values, "field", &ErrorValue::name);
  if (named != error.values.end())
    if (const auto* field = std::get_if<std::string>(&named->value)) return *field;
  const std::string_view detail = error.detail;
  for (const std::string_view mark : {std::string_view("field:"), std::string_view("invalid_")})
    if (detail.starts_with(mark)) return detail.substr(mark.size());
  return {};
}

std::optional<std::string> filled(std::string_view text, const Error& error, std::string_view language) {
  std::string out;
  while (true) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto value = value_of(text.substr(open + 1, close - open - 1), error, language);
    if (!value) return std::nullopt;
    out += *value;
    text.remove_prefix(close + 1);
  }
}

Error error_with(std::vector<ErrorValue> values, Code code, std::string_view message, std::string detail,
                 std::string_view action) {
  Error out{code, {}, std::move(detail)};
  out.values = std::move(values);
  auto told = filled(message, out, "en");
  auto advice = filled(action, out, "en");
  assert(told && advice);
  out.message = told.value_or(std::string(message));
  out.action = advice.value_or(std::string(action));
  return out;
}

std::string gigabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

void write_values(JsonWriter& json, const std::vector<ErrorValue>& values) {
  json.object();
  for (const auto& [name, value] : values) {
    json.key(name);
    if (const auto* amount = std::get_if<ByteCount>(&value))
      json.object().field("bytes", amount->bytes).end();
    else if (const auto* text = std::get_if<std::string>(&value))
      json.value(*text);
    else if (const auto* count = std::get_if<std::int64_t>(&value))
      json.value(*count);
    else
      json.value(std::get<double>(value));
  }
  json.end();
}

std::vector<ErrorValue> read_values(const nlohmann::json& json) {
  std::vector<ErrorValue> out;
  if (!json.is_object()) return out;
  for (const auto& [name, value] : json.items()) {
    if (out.size() == values_max) break;
    if (auto read = read_value(name, value)) out.push_back(std::move(*read));
  }
  return out;
}

}  // namespace bastide
