#include "knowledge/parse/office/cell_format.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

#include "base/text.h"

namespace bastide::knowledge::parse::office {
namespace {

std::string clock_text(long seconds) {
  auto hours = seconds / 3600;
  auto minutes = seconds / 60 % 60;
  if (seconds % 60 == 0) return fmt::format("{:02}:{:02}", hours, minutes);
  return fmt::format("{:02}:{:02}:{:02}", hours, minutes, seconds % 60);
}

std::string date_text(double serial, CellFormat format, bool from_1904) {
  auto days = static_cast<long>(std::floor(serial));
  auto seconds = std::lround((serial - static_cast<double>(days)) * 86'400);
  if (seconds == 86'400) {
    ++days;
    seconds = 0;
  }
  if (format == CellFormat::time && days == 0) return clock_text(seconds);
  // Day 60 of the 1900 calendar is the 29 February 1900 that never was.
  auto epoch = from_1904 ? std::chrono::sys_days(std::chrono::January / 1 / 1904)
                         : std::chrono::sys_days(std::chrono::December / (days < 60 ? 31 : 30) / 1899);
  std::chrono::year_month_day day(epoch + std::chrono::days(days));
  auto out = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                         static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  if (format != CellFormat::date && (seconds != 0 || format == CellFormat::time))
    out += ' ' + clock_text(seconds);
  return out;
}

}  // namespace

CellFormat builtin_format(long id) {
  if (id == 9 || id == 10) return CellFormat::percent;
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || (id >= 50 && id <= 58)) return CellFormat::date;
  if (id == 22) return CellFormat::date_time;
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 36) || (id >= 45 && id <= 47)) return CellFormat::time;
  return CellFormat::general;
}

CellFormat format_of_code(std::string_view code) {
  auto date = false;
  auto time = false;
  auto percent = false;
  auto in_quotes = false;
  for (std::size_t i = 0; i < code.size() && code[i] != ';'; ++i) {
    char c = code[i];
    if (c == '"') in_quotes = !in_quotes;
    if (in_quotes) continue;
    if (c == '\\' || c == '_' || c == '*') {
      ++i;
      continue;
    }
    if (c == '[') {
      // "[h]" counts hours; colours and locales do not matter.
      auto end = code.find(']', i);
      if (end == std::string_view::npos) break;
      auto inside = code.substr(i + 1, end - i - 1);
      if (inside.find_first_not_of("hHmMsS") == std::string_view::npos) time = true;
      i = end;
      continue;
    }
    if (c == 'y' || c == 'Y' || c == 'd' || c == 'D') date = true;
    if (c == 'h' || c == 'H' || c == 's' || c == 'S') time = true;
    if (c == 'm' || c == 'M') date = date || !time;
    if (c == '%') percent = true;
    // "General" and "Standard" hold letters that are no codes.
    if (c == 'G' || c == 'g') return CellFormat::general;
  }
  if (date && time) return CellFormat::date_time;
  if (date) return CellFormat::date;
  if (time) return CellFormat::time;
  return percent ? CellFormat::percent : CellFormat::general;
}

std::string show_number(std::string_view raw, CellFormat format, bool from_1904) {
  raw = trim(raw);
  double value = 0;
  auto done = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (done.ec != std::errc() || done.ptr != raw.data() + raw.size() || !std::isfinite(value))
    return std::string(raw);
  constexpr double serial_max = 2'958'465;  // 9999-12-31
  if (format >= CellFormat::date && value >= 0 && value <= serial_max)
    return date_text(value, format, from_1904);
  // Fifteen digits is what Excel keeps: 0.1 + 0.2 is shown as 0.3.
  if (format == CellFormat::percent) return fmt::format("{:.12g}%", value * 100);
  return fmt::format("{:.15g}", value);
}

}  // namespace bastide::knowledge::parse::office
