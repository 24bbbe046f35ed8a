#include "knowledge/parse/mail/mime.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "knowledge/parse/charset.h"

namespace bastide::knowledge::parse::mail {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr int depth_max = 12;
constexpr int parts_max = 1000;

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::string from_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  unsigned bits = 0;
  unsigned held = 0;
  for (char c : text) {
    if (c == '=') break;
    auto value = base64_value(c);
    if (value < 0) continue;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xFFU);
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Two hexadecimal digits at `at`, or -1.
int hex_byte(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return -1;
  auto high = hex_value(text[at]);
  auto low = hex_value(text[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum class Underscore { space, itself };

std::string from_quoted_printable(std::string_view text, Underscore underscore) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '_' && underscore == Underscore::space) {
      out += ' ';
    } else if (c != '=') {
      out += c;
    } else if (auto byte = hex_byte(text, i + 1); byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      // A soft line end, perhaps after spaces.
      auto end = text.find_first_not_of(" \t", i + 1);
      if (end != npos && text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n') ++end;
      if (end != npos && text[end] == '\n')
        i = end;
      else
        out += c;
    }
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = text[i] == '%' ? hex_byte(text, i + 1) : -1;
    if (byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else
      out += text[i];
  }
  return out;
}

// "text/plain; charset=utf-8; name*0*=utf-8''a%20; name*1=b" as its value and its parameters, decoded.
struct Field {
  std::string value;
  std::map<std::string, std::string, std::less<>> parameters;
};

struct Piece {
  std::string text;
  bool encoded = false;
};

Field read_field(std::string_view raw) {
  Field out;
  auto semicolon = raw.find(';');
  out.value = ascii_lower(trim(raw.substr(0, semicolon)));
  std::map<std::string, std::map<int, Piece>> pieces;
  constexpr int pieces_max = 200;
  int count = 0;
  while (semicolon != npos && count++ < pieces_max) {
    raw.remove_prefix(semicolon + 1);
    auto equals = raw.find_first_of("=;");
    if (equals == npos || raw[equals] == ';') {
      semicolon = equals;
      continue;
    }
    auto name = ascii_lower(trim(raw.substr(0, equals)));
    raw.remove_prefix(equals + 1);
    while (!raw.empty() && (raw.front() == ' ' || raw.front() == '\t')) raw.remove_prefix(1);
    std::string value;
    if (raw.starts_with('"')) {
      std::size_t i = 1;
      for (; i < raw.size() && raw[i] != '"'; ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) ++i;
        value += raw[i];
      }
      semicolon = raw.find(';', std::min(i, raw.size()));
    } else {
      semicolon = raw.find(';');
      value = trim(raw.substr(0, semicolon));
    }
    Piece piece{std::move(value), name.ends_with('*')};
    if (piece.encoded) name.pop_back();
    int index = 0;
    if (auto star = name.find('*'); star != std::string::npos) {
      for (char c : std::string_view(name).substr(star + 1))
        if (c >= '0' && c <= '9' && index < 1000) index = index * 10 + (c - '0');
      name.resize(star);
    }
    pieces[name].emplace(index, std::move(piece));
  }
  for (auto& [name, parts] : pieces) {
    std::string charset;
    std::string bytes;
    auto encoded = false;
    for (auto& [index, piece] : parts) {
      std::string_view text = piece.text;
      if (piece.encoded && !encoded) {
        encoded = true;
        auto first = text.find('\'');
        auto second = first == npos ? npos : text.find('\'', first + 1);
        if (second != npos) {
          charset = text.substr(0, first);
          text.remove_prefix(second + 1);
        }
      }
      bytes += piece.encoded ? percent_decode(text) : std::string(text);
    }
    out.parameters[name] = encoded ? detail::decode_as(bytes, charset) : decode_header(bytes);
  }
  return out;
}

// One line at `at`, without its end; `at` moves past it.
std::string_view take_line(std::string_view text, std::size_t& at) {
  auto end = std::min(text.find('\n', at), text.size());
  auto line = text.substr(at, end - at);
  at = end + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

class MessageReader {
 public:
  Part read(std::string_view text, int depth) {
    Part part;
    auto at = read_headers(text, part);
    part.body = text.substr(std::min(at, text.size()));
    describe(part);
    if (!part.boundary.empty() && part.type.starts_with("multipart/") && depth < depth_max)
      divide(part, depth);
    return part;
  }

 private:
  static std::size_t read_headers(std::string_view text, Part& part) {
    constexpr std::size_t headers_max = 500;
    constexpr std::size_t value_bytes_max = 64 * 1024;
    std::size_t at = 0;
    while (at < text.size()) {
      auto before = at;
      auto line = take_line(text, at);
      if (line.empty()) return at;
      if (line.front() == ' ' || line.front() == '\t') {
        if (!part.headers.empty() && part.headers.back().second.size() + line.size() < value_bytes_max)
          part.headers.back().second += line;
        continue;
      }
      auto colon = line.find(':');
      if (colon == npos) {
        if (before == 0 && line.starts_with("From ")) continue;  // mbox
        return before;                                           // no empty line before the body
      }
      if (part.headers.size() < headers_max)
        part.headers.emplace_back(ascii_lower(trim(line.substr(0, colon))),
                                  std::string(trim(line.substr(colon + 1)).substr(0, value_bytes_max)));
    }
    return text.size();
  }

  static std::string_view raw(const Part& part, std::string_view name) {
    for (const auto& [key, value] : part.headers)
      if (key == name) return value;
    return {};
  }

  static void describe(Part& part) {
    if (auto value = raw(part, "content-type"); !value.empty()) {
      auto field = read_field(value);
      if (field.value.find('/') != std::string::npos) part.type = field.value;
      part.charset = field.parameters["charset"];
      part.boundary = field.parameters["boundary"];
      part.file_name = field.parameters["name"];
    }
    if (auto value = raw(part, "content-disposition"); !value.empty()) {
      auto field = read_field(value);
      part.attachment = field.value == "attachment";
      if (auto& name = field.parameters["filename"]; !name.empty()) part.file_name = name;
    }
  }

  void divide(Part& part, int depth) {
    auto mark = "--" + part.boundary;
    std::size_t start = npos;
    for (std::size_t at = 0; at < part.body.size() && count_ < parts_max;) {
      auto line_start = at;
      auto line = take_line(part.body, at);
      if (!line.starts_with(mark)) continue;
      auto rest = trim(line.substr(mark.size()));
      if (!rest.empty() && rest != "--") continue;
      if (start != npos) add(part, start, line_start, depth);
      start = std::min(at, part.body.size());
      if (rest == "--") return;
    }
    // A message cut short: the last part goes to its end.
    if (start != npos && start < part.body.size()) add(part, start, part.body.size(), depth);
  }

  void add(Part& part, std::size_t start, std::size_t end, int depth) {
    if (end > start && part.body[end - 1] == '\n') --end;
    if (end > start && part.body[end - 1] == '\r') --end;
    ++count_;
    part.parts.push_back(read(part.body.substr(start, end - start), depth + 1));
  }

  int count_ = 0;
};

}  // namespace

std::string decode_header(std::string_view value) {
  std::string out;
  auto after_word = false;
  for (std::size_t at = 0; at < value.size();) {
    auto start = value.find("=?", at);
    auto charset_end = start == npos ? npos : value.find('?', start + 2);
    auto end =
        charset_end == npos || charset_end + 2 >= value.size() ? npos : value.find("?=", charset_end + 3);
    if (end == npos || value[charset_end + 2] != '?') {
      auto more = start != npos && charset_end != npos ? charset_end : value.size();
      if (start != npos && charset_end != npos) {
        out += detail::decode(value.substr(at, more - at));
        at = more;
        continue;
      }
      out += detail::decode(value.substr(at));
      break;
    }
    auto between = value.substr(at, start - at);
    if (!after_word || between.find_first_not_of(" \t") != npos) out += detail::decode(between);
    auto charset = std::string(value.substr(start + 2, charset_end - start - 2));
    if (auto star = charset.find('*'); star != std::string::npos)
      charset.resize(star);  // RFC 2231's language
    auto text = value.substr(charset_end + 3, end - charset_end - 3);
    auto how = value[charset_end + 1];
    out += detail::decode_as(
        how == 'B' || how == 'b' ? from_base64(text) : from_quoted_printable(text, Underscore::space),
        charset);
    after_word = true;
    at = end + 2;
  }
  return out;
}

std::string Part::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return decode_header(value);
  return {};
}

std::string Part::content() const {
  auto encoding = ascii_lower(trim(header("content-transfer-encoding")));
  if (encoding == "base64") return from_base64(body);
  if (encoding == "quoted-printable") return from_quoted_printable(body, Underscore::itself);
  return std::string(body);
}

Part read_message(std::string_view message) { return MessageReader().read(message, 0); }

}  // namespace bastide::knowledge::parse::mail
