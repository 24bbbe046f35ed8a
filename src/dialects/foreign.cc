#include "dialects/foreign.h"

#include <fmt/format.h>

#include <algorithm>

#include "dialects/common.h"

namespace bastide::dialects::detail {
namespace {

bool fits(char c, IdCharacters allowed) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || (allowed == IdCharacters::word && (c == '_' || c == '-'));
}

std::optional<element> given(const object& from, std::string_view name) {
  element value;
  if (from[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

}  // namespace

void keep_others(const object& from, std::initializer_list<std::string_view> known, Dialect dialect,
                 Others& out) {
  for (const auto [key, value] : from)
    if (std::ranges::find(known, key) == known.end() && !value.is_null())
      out.push_back({dialect, std::string(key), raw(value)});
}

void write_others(JsonWriter& json, const Others& others, Dialect own, std::string_view path,
                  Losses& losses) {
  for (const auto& field : others) {
    if (field.from == own)
      json.key(field.name).raw(field.json);
    else
      lose_field(losses, field, under(path, field.name));
  }
}

void lose_others(const Others& others, std::string_view path, Losses& losses) {
  for (const auto& field : others) lose_field(losses, field, under(path, field.name));
}

std::string under(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

std::string at(std::string_view path, std::size_t index) { return fmt::format("{}[{}]", path, index); }

std::string call_id(std::string_view id, IdCharacters allowed, std::size_t length_min,
                    std::size_t length_max) {
  const bool good = id.size() >= length_min && id.size() <= length_max &&
                    std::ranges::all_of(id, [&](char c) { return fits(c, allowed); });
  if (good) return std::string(id);
  // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): a name, not a secret.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string out;
  const auto length = std::clamp<std::size_t>(9, length_min, length_max);
  for (std::size_t i = 0; i < length; ++i) {
    out += digits[hash % digits.size()];
    hash = hash / digits.size() + (i << 56);
  }
  return out;
}

Result<void> read_real(const object& from, std::string_view name, double low, double high,
                       std::optional<double>& out) {
  const auto value = given(from, name);
  if (!value) return {};
  const auto number = as_real(*value);
  if (!number || *number < low || *number > high)
    return wrong(name, fmt::format("a number from {} to {}", low, high));
  out = *number;
  return {};
}

Result<void> read_integer(const object& from, std::string_view name, std::int64_t low, std::int64_t high,
                          std::optional<std::int64_t>& out) {
  const auto value = given(from, name);
  if (!value) return {};
  const auto number = as_integer(*value);
  if (!number || *number < low || *number > high)
    return wrong(name, fmt::format("a whole number from {} to {}", low, high));
  out = *number;
  return {};
}

Result<void> read_flag(const object& from, std::string_view name, std::optional<bool>& out) {
  const auto value = given(from, name);
  if (!value) return {};
  out = as_flag(*value);
  if (!out) return wrong(name, "true or false");
  return {};
}

Result<void> read_texts(const object& from, std::string_view name, std::size_t count_max,
                        std::vector<std::string>& out) {
  const auto value = given(from, name);
  if (!value) return {};
  const auto list = as_array(*value);
  if (!list || list->size() > count_max)
    return wrong(name, fmt::format("a list of at most {} texts", count_max));
  for (const auto each : *list) {
    const auto one = as_text(each);
    if (!one) return wrong(name, fmt::format("a list of at most {} texts", count_max));
    out.emplace_back(*one);
  }
  return {};
}

Result<void> read_bastide(const object& body, ChatRequest& request) {
  const auto value = given(body, "bastide");
  if (!value) return {};
  const auto fields = as_object(*value);
  if (!fields) return wrong("bastide", "an object");
  auto& out = request.bastide.emplace();
  if (auto read = read_texts(*fields, "collections", 1000, out.collections); !read) return read;
  out.assistant = text(*fields, "assistant");
  out.label = text(*fields, "label");
  std::optional<bool> quote_only;
  if (auto read = read_flag(*fields, "quote_only", quote_only); !read) return read;
  out.quote_only = quote_only.value_or(false);
  return {};
}

std::string_view name_of_call(const std::vector<Message>& messages, std::string_view call_id) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message)
    for (const auto& part : message->parts)
      if (const auto* call = std::get_if<ToolCall>(&part.content); call && call->id == call_id)
        return call->name;
  return {};
}

void set_address(Media& media, std::string_view url) {
  constexpr std::string_view scheme = "data:";
  constexpr std::string_view coding = ";base64,";
  const auto comma = url.substr(0, 256).find(coding);
  if (!url.starts_with(scheme) || comma == std::string_view::npos) {
    media.url = url;
    return;
  }
  const auto type = url.substr(scheme.size(), comma - scheme.size());
  media.media_type = type.substr(0, type.find(';'));
  media.base64 = url.substr(comma + coding.size());
}

}  // namespace bastide::dialects::detail
