// Writing JSON by appending, reading it with limits. Hot readers use simdjson in their own .cc instead.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide {

/// Appends `text` as a JSON string with its quotes. Malformed UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Writes one JSON value, forward only:
///   JsonWriter json; json.object().key("id").value(id).key("n").value(3).end(); json.take()
/// Commas are its work, matching `object`/`array` with `end` is the caller's. One thread at a time.
class JsonWriter {
 public:
  JsonWriter& object() { return open('{', '}'); }
  JsonWriter& array() { return open('[', ']'); }
  JsonWriter& end();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool yes);
  JsonWriter& value(double number);  // null when not finite
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  JsonWriter& null() { return raw("null"); }
  /// `json` is already JSON.
  JsonWriter& raw(std::string_view json);
  /// `json` is the inside of an object, without its braces and not empty.
  JsonWriter& fields(std::string_view json) { return raw(json); }
  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  JsonWriter& open(char first, char last);
  void comma();

  std::string out_;
  std::string closers_;  // the brackets that are open
  bool needs_comma_ = false;
};

/// Whether brackets stand in one another deeper than that, outside of strings. `text` may be no JSON.
[[nodiscard]] bool is_deeper(std::string_view text, int depth_max);
/// Parses outside input: valid UTF-8, at most `depth_max` levels. Errors say where.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, int depth_max = 64);

}  // namespace bastide
