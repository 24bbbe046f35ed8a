#include "guard/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "guard/masking.h"

namespace bastide::guard {
namespace {

std::int64_t since_us(Steady::time_point start) {
  return std::chrono::duration_cast<Micros>(Steady::now() - start).count();
}

// A score as people read it: three digits.
std::string score_text(double score) { return fmt::format("{:.3g}", score); }

void write_finding(JsonWriter& json, std::string_view type, std::size_t start, std::size_t end, double score,
                   std::string_view rule) {
  json.object()
      .field("type", type)
      .field("start", start)
      .field("end", end)
      .key("score")
      .raw(score_text(score));
  json.field("rule", rule);
}

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

// Lines of a stream by code point, for findings that come in order.
class Lines {
 public:
  void feed(std::string_view bytes) {
    for (char c : bytes) {
      if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++points_;
      if (c == '\n') breaks_.push_back(points_);
    }
  }
  // The line of code point `at`; earlier lines are forgotten.
  std::size_t line(std::size_t at) {
    std::size_t passed = 0;
    while (passed < breaks_.size() && breaks_[passed] <= at) ++passed;
    before_ += passed;
    breaks_.erase(breaks_.begin(), breaks_.begin() + static_cast<std::ptrdiff_t>(passed));
    return before_ + 1;
  }
  // Nothing before `at` will be asked for.
  void forget(std::size_t at) { (void)line(at); }
  [[nodiscard]] std::size_t points() const { return points_; }

 private:
  std::vector<std::size_t> breaks_;  // code points up to and with each line's end
  std::size_t points_ = 0;
  std::size_t before_ = 0;
};

}  // namespace

std::optional<Direction> direction_of(std::string_view name) {
  if (name == "in") return Direction::in;
  if (name == "out") return Direction::out;
  if (name == "document") return Direction::document;
  return std::nullopt;
}

InspectReport inspect_report(const Detector& detector, const std::vector<Type>& blocked,
                             std::string_view text, Direction direction, std::string_view /*context*/) {
  auto start = Steady::now();
  InspectReport report;
  auto seen = preview(detector, text);
  if (!seen) {
    report.decision = "block";
    report.took_us = since_us(start);
    return report;
  }
  bool block = false, personal = false, attack = false;
  for (const auto& match : seen->matches) {
    // An answer that quotes an attack is not one.
    if (!is_data(match.type) && direction == Direction::out) continue;
    report.findings.push_back(
        {std::string(type_name(match.type)), match.first, match.last, match.score, std::string(match.rule)});
    attack = attack || !is_data(match.type);
    block = block || std::ranges::find(blocked, match.type) != blocked.end();
    personal = personal || (is_data(match.type) && match.personal);
  }
  report.decision = block ? "block" : attack ? "warn" : personal ? "mask" : "allow";
  report.masked = std::move(seen->text);
  report.replaced = std::move(seen->masked);
  report.took_us = since_us(start);
  return report;
}

std::string report_json(const InspectReport& report) {
  JsonWriter json;
  json.object().field("decision", report.decision).key("findings").array();
  for (const auto& finding : report.findings) {
    write_finding(json, finding.type, finding.start, finding.end, finding.score, finding.rule);
    json.end();
  }
  json.end().field("masked", report.masked).key("replaced").array();
  for (const auto& item : report.replaced)
    json.object().field("type", item.type).field("token", item.token).field("original", item.original).end();
  json.end().field("took_us", report.took_us).end();
  return json.take();
}

int scan_command(const Detector& detector, const std::string& file, ScanOutput output, std::FILE* out,
                 std::FILE* errors) {
  auto start = Steady::now();
  std::unique_ptr<std::FILE, Close> input(file == "-" ? stdin : std::fopen(file.c_str(), "rb"));
  if (!input) {
    fmt::print(errors, "bastide guard scan: {}: {}. Give a file that can be read, or - for standard input.\n",
               file, std::strerror(errno));
    return 2;
  }
  std::size_t count = 0;
  Lines lines;
  if (output == ScanOutput::json) {
    std::string head = "{\"file\":";
    append_json_string(head, file);
    fmt::print(out, "{},\"findings\":[", head);
  }
  WindowedFinder finder(detector, [&](const Match& match) {
    auto line = lines.line(match.first);
    if (output == ScanOutput::json) {
      JsonWriter json;
      write_finding(json, type_name(match.type), match.first, match.last, match.score, match.rule);
      json.field("line", line).end();
      fmt::print(out, "{}\n{}", count == 0 ? "" : ",", json.text());
    } else {
      fmt::print(out, "{}:{}: {} at {}-{} ({}, {})\n", file, line, type_name(match.type), match.first,
                 match.last, match.rule, score_text(match.score));
    }
    ++count;
  });
  auto failed = [&](const std::string& message) {
    // The JSON stays whole, and says that it is not all.
    if (output == ScanOutput::json) {
      std::string text;
      append_json_string(text, message);
      fmt::print(out, "],\"count\":{},\"error\":{}}}\n", count, text);
    }
    fmt::print(errors, "bastide guard scan: {}: {}\n", file, message);
    return 2;
  };
  std::vector<char> piece(64 * 1024);
  std::string carry;
  while (true) {
    errno = 0;
    auto size = std::fread(piece.data(), 1, piece.size(), input.get());
    if (size == 0) {
      if (std::ferror(input.get())) return failed(std::strerror(errno));
      break;
    }
    carry.append(piece.data(), size);
    auto tail = incomplete_utf8_tail(carry);
    auto whole = to_valid_utf8(std::string_view(carry).substr(0, carry.size() - tail));
    carry.erase(0, carry.size() - tail);
    lines.feed(whole);
    if (auto fed = finder.feed(whole); !fed) return failed(fed.error().message);
    // Findings lag behind by a window at most.
    constexpr std::size_t lag = 512 * 1024;
    if (lines.points() > lag) lines.forget(lines.points() - lag);
  }
  auto whole = to_valid_utf8(carry);
  lines.feed(whole);
  if (auto fed = finder.feed(whole); !fed) return failed(fed.error().message);
  if (auto rest = finder.finish(); !rest) return failed(rest.error().message);
  if (output == ScanOutput::json)
    fmt::print(out, "{}],\"count\":{},\"code_points\":{},\"took_ms\":{}}}\n", count == 0 ? "" : "\n", count,
               lines.points(), since_us(start) / 1000);
  return std::fflush(out) != 0 ? 2 : count > 0 ? 1 : 0;
}

}  // namespace bastide::guard
