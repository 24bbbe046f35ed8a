// What the TOML parser is given.
#include <fmt/format.h>

#include "base/config_reader.h"
#include "base/text.h"

namespace bastide::detail {
namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// The bytes of the code point at the front of `text`.
std::string_view first_code_point(std::string_view text) {
  return text.substr(0, byte_of_code_point(text, 1));
}

std::uint32_t decode(std::string_view code_point) {
  constexpr std::uint32_t tail_bits = 6;
  const auto first = static_cast<unsigned char>(code_point.front());
  std::uint32_t value = first & (0xFFU >> (code_point.size() + 1));
  for (const char c : code_point.substr(1))
    value = (value << tail_bits) | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

/// Copies the rest of a quoted text, with the quote that ends it, as a basic string. `at` stands behind the
/// first quote and is moved behind the last, or to the end of the line. False: a backslash stands before a
/// letter beyond ASCII.
bool copy_quoted(std::string_view line, std::size_t& at, char quote, std::string& out) {
  const bool is_literal = quote == '\'';
  while (at < line.size()) {
    const char c = line[at];
    if (c == quote) {
      ++at;
      out += '"';
      return true;
    }
    if (!is_ascii(c)) {
      const auto code_point = first_code_point(line.substr(at));
      out += fmt::format("\\U{:08X}", decode(code_point));
      at += code_point.size();
      continue;
    }
    if (is_literal && (c == '"' || c == '\\')) out += '\\';
    out += c;
    ++at;
    if (c != '\\' || is_literal || at == line.size()) continue;
    if (!is_ascii(line[at])) return false;
    out += line[at++];
  }
  return true;
}

}  // namespace

Result<std::string> config_as_ascii(std::string_view toml, const std::string& name) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (toml.starts_with(byte_order_mark)) toml.remove_prefix(byte_order_mark.size());
  std::string out;
  out.reserve(toml.size());
  int number = 0;
  const auto wrong = [&](std::string_view what) {
    return fail(Code::invalid, fmt::format("{}:{}: {}.", name, number, what), "config",
                "Correct the line; the form is TOML (toml.io).");
  };
  for (const auto line : split(toml, '\n')) {
    if (++number > 1) out += '\n';
    std::size_t at = 0;
    while (at < line.size() && line[at] != '#') {
      const char c = line[at];
      if (!is_ascii(c))
        return wrong(fmt::format("\"{}\" stands outside of quotes: put text into \"...\"",
                                 first_code_point(line.substr(at))));
      const auto rest = line.substr(at);
      if (rest.starts_with("\"\"\"") || rest.starts_with("'''"))
        return wrong("text over several lines is not used here: write it on one line");
      ++at;
      if (c != '"' && c != '\'') {
        out += c;
        continue;
      }
      out += '"';
      if (!copy_quoted(line, at, c, out))
        return wrong("a backslash stands before a letter that it cannot escape");
    }
  }
  return out;
}

}  // namespace bastide::detail
