// The answer of POST /api/guard/inspect, and what `bastide guard scan` prints.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/exchange.h"
#include "guard/detector.h"

namespace bastide::guard {

enum class Direction { in, out, document };
[[nodiscard]] std::optional<Direction> direction_of(std::string_view name);

struct InspectReport {
  std::string decision;  // allow mask warn block
  std::vector<exchange::Finding> findings;
  std::string masked;  // the text with tokens for personal data
  std::vector<exchange::Masked> replaced;
  std::int64_t took_us = 0;
};

/// What the guard thinks of `text`: "block" when it holds a type of `blocked` (or could not be looked at),
/// "warn" when it looks like an attack, "mask" when it holds personal data, else "allow". `context` is a
/// question or passages that belong to the text; detectors of answers read it. Pure; thread-safe.
[[nodiscard]] InspectReport inspect_report(const Detector& detector, const std::vector<Type>& blocked,
                                           std::string_view text, Direction direction,
                                           std::string_view context = {});
/// {decision, findings: [{type, start, end, score, rule}], masked, replaced: [{type, token, original}],
/// took_us}
[[nodiscard]] std::string report_json(const InspectReport& report);

enum class ScanOutput { json, text };

/// `bastide guard scan FILE`: findings of a file ("-": standard input) to `out`, in constant memory. JSON:
/// {"file", "findings": [{type, start, end, score, rule, line}], "count", "code_points", "took_ms"}; text:
/// one line a finding. Values are never printed. Gives the exit code: 0 nothing found, 1 something, 2 an
/// error (told on `errors`).
int scan_command(const Detector& detector, const std::string& file, ScanOutput output, std::FILE* out,
                 std::FILE* errors);

}  // namespace bastide::guard
