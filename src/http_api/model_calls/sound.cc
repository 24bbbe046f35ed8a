#include "http_api/model_calls/sound.h"

#include <charconv>
#include <cstring>
#include <optional>

namespace bastide::http_api {
namespace {

constexpr std::int64_t ms_a_second = 1000;

std::optional<std::int64_t> wav_ms(std::string_view bytes) {
  constexpr std::size_t riff_head = 12, chunk_head = 8, rate_at = 8;
  constexpr std::uint32_t rate_min = 1000, rate_max = 8'000'000;
  if (!bytes.starts_with("RIFF") || bytes.size() < riff_head || bytes.substr(8, 4) != "WAVE")
    return std::nullopt;
  const auto number = [&bytes](std::size_t at) {
    std::uint32_t out = 0;
    std::memcpy(&out, bytes.data() + at, sizeof(out));
    return out;
  };
  for (std::size_t at = riff_head; at + chunk_head + rate_at + 4 <= bytes.size();) {
    const std::size_t size = number(at + 4);
    if (bytes.substr(at, 4) == "fmt ") {
      const auto rate = number(at + chunk_head + rate_at);
      if (rate < rate_min || rate > rate_max) return std::nullopt;
      return static_cast<std::int64_t>(bytes.size()) * ms_a_second / rate;
    }
    at += chunk_head + size + size % 2;
  }
  return std::nullopt;
}

std::int64_t by_rate(std::string_view bytes, std::int64_t bytes_a_second) {
  if (const auto exact = wav_ms(bytes)) return *exact;
  return static_cast<std::int64_t>(bytes.size()) * ms_a_second / bytes_a_second;
}

}  // namespace

std::int64_t sound_ms_at_most(std::string_view bytes) { return by_rate(bytes, 1000); }
std::int64_t sound_ms_about(std::string_view bytes) { return by_rate(bytes, 4000); }

std::int64_t subtitles_ms(std::string_view subtitles) {
  constexpr std::string_view arrow = " --> ";
  const auto last = subtitles.rfind(arrow);
  if (last == std::string_view::npos) return 0;
  auto time = subtitles.substr(last + arrow.size());
  time = time.substr(0, time.find_first_of(" \r\n"));
  // [hours:]minutes:seconds, thousandths after a point or a comma
  std::int64_t ms = 0;
  for (int part = 0; part < 4 && !time.empty(); ++part) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), number);
    if (error != std::errc{} || number < 0 || number > 100'000) return 0;
    const bool is_last = end == time.data() + time.size();
    const bool is_whole_second = !is_last && (*end == '.' || *end == ',');
    if (is_last) return ms + number;
    ms = is_whole_second ? (ms + number) * ms_a_second : (ms + number) * 60;
    time.remove_prefix(static_cast<std::size_t>(end - time.data()) + 1);
  }
  return ms;
}

}  // namespace bastide::http_api
