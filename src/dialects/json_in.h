// Reading outside JSON with simdjson, leniently on absence and strictly on size. Private to the codecs.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::dialects::detail {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

inline constexpr std::size_t body_bytes_max = 64ULL * 1024 * 1024;
inline constexpr std::size_t depth_max = 100;

/// Keeps one document; its elements are valid until the next parse. One thread at a time.
class JsonIn {
 public:
  JsonIn();
  /// The object that `json` is. Escaped halves of surrogate pairs, which some servers send, become U+FFFD.
  /// Code::invalid, json_malformed, json_too_deep or not_an_object; Code::too_large.
  [[nodiscard]] Result<object> object_of(std::string_view json);

 private:
  simdjson::dom::parser parser_;
};

/// The string, or nothing when it is none.
[[nodiscard]] std::optional<std::string_view> as_text(element value);
[[nodiscard]] std::optional<bool> as_flag(element value);
/// Whole numbers; reals are cut.
[[nodiscard]] std::optional<std::int64_t> as_integer(element value);
[[nodiscard]] std::optional<double> as_real(element value);
[[nodiscard]] std::optional<object> as_object(element value);
[[nodiscard]] std::optional<array> as_array(element value);

/// The same of field `name`; "" or 0 when it is missing, null or of another type.
[[nodiscard]] std::string_view text(const object& from, std::string_view name);
[[nodiscard]] std::int64_t integer(const object& from, std::string_view name);
/// Tokens are counted from 0 to 2^40.
[[nodiscard]] std::int64_t tokens(const object& from, std::string_view name);
[[nodiscard]] std::optional<object> object_at(const object& from, std::string_view name);
[[nodiscard]] std::optional<array> array_at(const object& from, std::string_view name);

/// The value's JSON without white space.
[[nodiscard]] std::string raw(element value);
[[nodiscard]] std::string raw(const object& value);

/// `json` when it is one valid JSON value of at most depth_max levels, minified; else nothing.
[[nodiscard]] std::optional<std::string> valid_json(std::string_view json);
/// As valid_json, and an object; "{}" for nothing at all.
[[nodiscard]] std::optional<std::string> valid_object(std::string_view json);

/// A short machine word ("rate_limit_exceeded"), which cannot hold content; else nothing.
[[nodiscard]] std::string plain_word(std::string_view word);

/// `"FIELD" must be EXPECTED.`, invalid_FIELD.
[[nodiscard]] std::unexpected<Error> wrong(std::string_view field, std::string_view expected);
/// The server's bytes are not of the dialect.
[[nodiscard]] std::unexpected<Error> not_of_dialect(std::string_view dialect);
/// The stream ended without its end.
[[nodiscard]] Error truncated();

}  // namespace bastide::dialects::detail
