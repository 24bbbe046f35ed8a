#include "net/framing.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/text.h"
#include "picohttpparser.h"

namespace bastide::net::detail {
namespace {
constexpr std::size_t fields_max = 512;  // ServerOptions::headers_max and what clients take are below it
using Fields = std::array<phr_header, fields_max + 1>;

constexpr bool is_token_sign(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
constexpr auto token_chars = [] {
  std::array<bool, 256> out{};
  for (int c = 0; c < 256; ++c) out[static_cast<std::size_t>(c)] = is_token_sign(static_cast<char>(c));
  return out;
}();

// How many of 32 bytes stand before the first control character.
constexpr std::size_t step = 32;
std::size_t plain_bytes(const char* at) {
  const auto bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  // Bytes from 0x80 on are below zero for the signed comparison, and no control characters.
  const auto low = _mm256_andnot_si256(bytes, _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes));
  const auto both = _mm256_or_si256(low, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f)));
  return static_cast<std::size_t>(std::countr_zero(static_cast<std::uint32_t>(_mm256_movemask_epi8(both))));
}

bool is_token_char(char c) { return token_chars[static_cast<unsigned char>(c)]; }

// A host as a Host header may name it; what is served does not depend on it, so this only keeps rubbish out.
bool is_host(std::string_view host) {
  return host.size() <= 300 && std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-._~:[]%!$&'()*+,;=").find(c) != std::string_view::npos;
         });
}

struct BodyFields {
  Framing framing;
  bool has_length = false;
  bool has_coding = false;
  bool close = false;
  bool keep_alive = false;
};

// The fields that say where a message ends, of requests and responses alike.
std::optional<Refusal> read_body_fields(const Headers& headers, int minor_version, BodyFields& out) {
  for (const auto& field : headers.all()) {
    if (equal_ignoring_ascii_case(field.name, "content-length")) {
      if (out.has_length) return Refusal{400, "duplicate_content_length"};
      auto length = parse_length(field.value);
      if (!length) return Refusal{400, "content_length"};
      out.has_length = true;
      out.framing = {Framing::Kind::length, *length};
    } else if (equal_ignoring_ascii_case(field.name, "transfer-encoding")) {
      if (out.has_coding) return Refusal{400, "duplicate_transfer_encoding"};
      out.has_coding = true;
      if (!equal_ignoring_ascii_case(field.value, "chunked")) return Refusal{501, "transfer_encoding"};
    } else if (equal_ignoring_ascii_case(field.name, "connection")) {
      for (auto option : split(field.value, ',')) {
        if (equal_ignoring_ascii_case(trim(option), "close")) out.close = true;
        if (equal_ignoring_ascii_case(trim(option), "keep-alive")) out.keep_alive = true;
      }
    }
  }
  if (out.has_coding) {
    if (out.has_length) return Refusal{400, "length_and_chunked"};
    if (minor_version == 0) return Refusal{400, "chunked_in_http10"};
    out.framing = {Framing::Kind::chunked, 0};
  }
  return std::nullopt;
}

std::optional<Refusal> copy_headers(const Fields& fields, std::size_t count, Headers& out) {
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& field = fields[i];
    if (!field.name) return Refusal{400, "folded_header"};
    // The parser takes tokens as names, and nothing that is a control character in a value.
    const std::string_view value(field.value, field.value_len);
    out.add(std::string(field.name, field.name_len), std::string(trim(value)));
  }
  return std::nullopt;
}
}  // namespace

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

HeadScanner::State HeadScanner::scan(std::string_view all) {
  // One empty line before a head is skipped: some clients end a body with one too many.
  while (at_ < all.size()) {
    if (at_ >= bytes_max_)
      return refuse(lines_ == 0 ? 414 : 431, lines_ == 0 ? "target_too_long" : "head_too_large");
    char c = all[at_];
    if (after_cr_) {
      if (c != '\n') return refuse(400, "bare_cr");
      after_cr_ = false;
      bool empty = at_ == line_start_ + 1;
      ++at_;
      line_start_ = at_;
      if (empty && at_ > 2) return State::complete;
      if (!empty && ++lines_ > headers_max_ + 1) return refuse(431, "too_many_headers");
      continue;
    }
    if (all.size() - at_ > step && bytes_max_ - at_ > step) {
      const auto plain = plain_bytes(all.data() + at_);
      at_ += plain;
      if (plain == step) continue;
      c = all[at_];
    }
    if (c == '\n') return refuse(400, "bare_lf");
    if (c == '\r') {
      after_cr_ = true;
    } else {
      auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7f) return refuse(400, "control_character");
    }
    ++at_;
  }
  return State::more;
}

std::optional<Refusal> parse_target(std::string_view target, Request& out, std::optional<std::string>& host) {
  if (std::ranges::any_of(target, [](char c) { return c <= 0x20 || c >= 0x7f || c == '#'; }))
    return Refusal{400, "target"};
  if (target == "*") {
    if (out.method != "OPTIONS") return Refusal{400, "target"};
    out.path = "*";
    return std::nullopt;
  }
  if (!target.starts_with('/')) {
    auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return Refusal{400, "target"};
    auto scheme = target.substr(0, scheme_end);
    if (!equal_ignoring_ascii_case(scheme, "http") && !equal_ignoring_ascii_case(scheme, "https"))
      return Refusal{400, "target"};
    auto rest = target.substr(scheme_end + 3);
    auto authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.empty() || !is_host(authority)) return Refusal{400, "target"};
    host = std::string(authority);
    target = rest.substr(authority.size());
  }
  auto mark = target.find('?');
  auto raw_path = target.substr(0, mark);
  if (mark != std::string_view::npos) out.query = target.substr(mark + 1);
  auto path = percent_decode(raw_path.empty() ? "/" : raw_path);
  if (!path || !is_utf8(*path) || path->find('\0') != std::string::npos) return Refusal{400, "path"};
  // Clients resolve these before they send; what still carries them wants out of a folder.
  for (auto at = path->find("/."); at != std::string::npos; at = path->find("/.", at + 1)) {
    const auto segment = std::string_view(*path).substr(at + 1, path->find('/', at + 1) - at - 1);
    if (segment == "." || segment == "..") return Refusal{400, "path"};
  }
  out.path = std::move(*path);
  return std::nullopt;
}

std::optional<Refusal> parse_request(std::string_view head, std::size_t headers_max, RequestHead& out) {
  Fields fields;
  std::size_t count = std::min(headers_max + 1, fields.size());
  const char* method = nullptr;
  const char* target = nullptr;
  std::size_t method_size = 0;
  std::size_t target_size = 0;
  int minor = -1;
  auto used = phr_parse_request(head.data(), head.size(), &method, &method_size, &target, &target_size,
                                &minor, fields.data(), &count, 0);
  if (used < 0 || static_cast<std::size_t>(used) != head.size()) return Refusal{400, "malformed"};
  if (minor != 0 && minor != 1) return Refusal{505, "version"};
  // The parser lets several spaces pass between the parts of the first line.
  auto line_end = static_cast<std::size_t>(target - head.data()) + target_size;
  if (target != method + method_size + 1 || !head.substr(line_end).starts_with(" HTTP/"))
    return Refusal{400, "malformed"};
  if (count > headers_max) return Refusal{431, "too_many_headers"};
  out.minor_version = minor;
  auto& request = out.request;
  request.method.assign(method, method_size);
  if (!is_token(request.method) || request.method.size() > 32) return Refusal{400, "method"};
  if (request.method == "CONNECT") return Refusal{501, "method"};
  if (auto bad = copy_headers(fields, count, request.headers)) return bad;

  std::optional<std::string> absolute_host;
  if (auto bad = parse_target({target, target_size}, request, absolute_host)) return bad;

  std::size_t hosts = 0;
  for (const auto& field : request.headers.all()) {
    if (equal_ignoring_ascii_case(field.name, "host")) {
      if (!is_host(field.value)) return Refusal{400, "host"};
      ++hosts;
    } else if (equal_ignoring_ascii_case(field.name, "expect")) {
      if (!equal_ignoring_ascii_case(field.value, "100-continue")) return Refusal{417, "expect"};
      out.expects_continue = minor == 1;
    }
  }
  if (hosts > 1 || (hosts == 0 && minor == 1)) return Refusal{400, "host"};
  // The authority of an absolute target wins over the Host header (RFC 9112, 3.2.2).
  if (absolute_host) request.headers.set("Host", std::move(*absolute_host));

  BodyFields body;
  if (auto bad = read_body_fields(request.headers, minor, body)) return bad;
  out.framing = body.framing;
  if (out.framing.kind == Framing::Kind::length && out.framing.length == 0) out.framing = {};
  out.keep_alive = !body.close && (minor == 1 || body.keep_alive);
  return std::nullopt;
}

std::optional<Refusal> parse_response(std::string_view head, std::size_t headers_max, std::string_view method,
                                      ResponseHead& out) {
  Fields fields;
  std::size_t count = std::min(headers_max + 1, fields.size());
  const char* message = nullptr;
  std::size_t message_size = 0;
  int minor = -1;
  auto used = phr_parse_response(head.data(), head.size(), &minor, &out.status, &message, &message_size,
                                 fields.data(), &count, 0);
  if (used < 0 || static_cast<std::size_t>(used) != head.size()) return Refusal{400, "malformed"};
  if ((minor != 0 && minor != 1) || out.status < 100 || out.status > 999) return Refusal{400, "malformed"};
  if (count > headers_max) return Refusal{431, "too_many_headers"};
  if (auto bad = copy_headers(fields, count, out.headers)) return bad;
  BodyFields body;
  if (auto bad = read_body_fields(out.headers, minor, body)) return bad;
  out.keep_alive = !body.close && (minor == 1 || body.keep_alive);
  if (method == "HEAD" || out.status < 200 || out.status == 204 || out.status == 304) {
    out.framing = {};
  } else if (body.has_length || body.has_coding) {
    out.framing = body.framing;
    if (out.framing.kind == Framing::Kind::length && out.framing.length == 0) out.framing = {};
  } else {
    out.framing = {Framing::Kind::until_close, 0};
    out.keep_alive = false;
  }
  return std::nullopt;
}

}  // namespace bastide::net::detail
