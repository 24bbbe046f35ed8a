#include "observe/trace_context.h"

#include <algorithm>

#include "base/crypto.h"

namespace bastide::observe {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Lower-case hexadecimal only.
template <std::size_t N>
bool read(std::string_view text, std::array<std::uint8_t, N>& into) {
  for (std::size_t i = 0; i < N; ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    into[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

template <std::size_t N>
bool is_zero(const std::array<std::uint8_t, N>& bytes) {
  return std::ranges::all_of(bytes, [](auto byte) { return byte == 0; });
}

template <std::size_t N>
std::string text_of(const std::array<std::uint8_t, N>& bytes) {
  return hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), N));
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  constexpr std::size_t length = 55;  // 00-32 digits-16 digits-2 digits
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-')
    return std::nullopt;
  std::array<std::uint8_t, 1> version{}, flags{};
  TraceContext out;
  if (!read(header, version) || !read(header.substr(3), out.trace) || !read(header.substr(36), out.span) ||
      !read(header.substr(53), flags))
    return std::nullopt;
  if (version[0] == 0xff || (version[0] == 0 && header.size() != length) ||
      (header.size() > length && header[length] != '-') || is_zero(out.trace) || is_zero(out.span))
    return std::nullopt;
  out.sampled = (flags[0] & 1) != 0;
  return out;
}

std::string traceparent(const TraceContext& context) {
  return "00-" + text_of(context.trace) + "-" + text_of(context.span) + (context.sampled ? "-01" : "-00");
}

TraceContext new_context(const TraceContext* parent, bool sampled) {
  TraceContext out;
  if (parent)
    out.trace = parent->trace;
  else
    fill_random(out.trace.data(), out.trace.size());
  fill_random(out.span.data(), out.span.size());
  out.sampled = sampled;
  return out;
}

}  // namespace bastide::observe
