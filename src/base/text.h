// UTF-8 and small string work. Offsets in code points are what leaves the house; bytes are what we index
// with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bastide {

[[nodiscard]] bool is_utf8(std::string_view bytes);
/// Replaces each malformed sequence by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view bytes);
/// Code points in valid UTF-8.
[[nodiscard]] std::size_t count_code_points(std::string_view text);
/// Byte offset of code point `index`; text.size() when there are fewer.
[[nodiscard]] std::size_t byte_of_code_point(std::string_view text, std::size_t index);
/// The longest prefix of at most `bytes_max` bytes that does not cut a code point.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);
/// How many bytes at the end of `bytes` begin a code point that is not complete yet (0 to 3).
[[nodiscard]] std::size_t incomplete_utf8_tail(std::string_view bytes);

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] bool equal_ignoring_ascii_case(std::string_view a, std::string_view b);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace bastide
