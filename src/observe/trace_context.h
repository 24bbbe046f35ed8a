// W3C trace context: the header traceparent (www.w3.org/TR/trace-context, version 00).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bastide::observe {

struct TraceContext {
  std::array<std::uint8_t, 16> trace{};
  std::array<std::uint8_t, 8> span{};
  bool sampled = false;
};

/// Nothing for what is not well-formed, or all zeros. Versions above 00 are read as 00, as the standard says.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view header);
[[nodiscard]] std::string traceparent(const TraceContext& context);
/// New random ids. With `parent`, the same trace.
[[nodiscard]] TraceContext new_context(const TraceContext* parent, bool sampled);

}  // namespace bastide::observe
