#include "gateway/meter.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/json.h"
#include "base/text.h"

namespace bastide::gateway {
namespace {

constexpr std::size_t slack = 64;  // net::RelayWatcher::on_body promises so much behind the content

// What of an upstream's head a client may want; the rest speaks of the provider's account and machines.
bool may_pass(std::string_view name) {
  static constexpr std::array<std::string_view, 7> known{
      "content-type",         "x-request-id",   "request-id",  "cache-control",
      "openai-processing-ms", "openai-version", "openai-model"};
  return std::ranges::any_of(known, [&](auto one) { return equal_ignoring_ascii_case(one, name); });
}

// Some servers answer 200 with an error within.
bool begins_as_error(std::string_view body) {
  std::string start;
  for (const char c : body.substr(0, 64))
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') start += c;
  return start.starts_with(R"({"error":{)") || start.starts_with(R"({"error":")") ||
         start.starts_with(R"([{"error":{)") || start.starts_with(R"({"type":"error")") ||
         start.starts_with(R"({"object":"error")");
}

Error failed_within() {
  return {Code::upstream, "The provider answered with an error.", "provider_failed", "Try again."};
}

}  // namespace

std::string stream_error(dialects::Dialect dialect, const Error& error) {
  JsonWriter json;
  switch (dialect) {
    case dialects::Dialect::anthropic:
      json.object().field("type", "error").key("error").object();
      json.field("type", "api_error").field("message", error.message).end().end();
      return "event: error\ndata: " + json.take() + "\n\n";
    case dialects::Dialect::gemini:
      json.object().key("error").object().field("code", 502).field("message", error.message);
      json.field("status", "UNAVAILABLE").end().end();
      return "data: " + json.take() + "\n\n";
    default:
      json.object().key("error").object().field("message", error.message);
      json.field("type", "upstream_error").field("code", error.detail).end().end();
      return "data: " + json.take() + "\n\n";
  }
}

Meter::Meter(dialects::Dialect dialect, bool stream, UsageEvent usage_event, std::string own_lines,
             dialects::Scanner& scanner)
    : dialect_(dialect),
      stream_(stream),
      hides_(usage_event == UsageEvent::hide),
      own_lines_(std::move(own_lines)),
      scanner_(scanner),
      meter_(dialect) {}

Meter::Verdict Meter::on_head(int status, net::Headers& headers) {
  first_byte_ = Steady::now();
  if (status != 200) return Verdict::keep;
  judge_head(headers, stream_, dialect_ == dialects::Dialect::gemini);
  if (fault_) return Verdict::keep;
  if (auto length = headers.find("content-length")) {
    std::uint64_t bytes = 0;
    if (std::from_chars(length->data(), length->data() + length->size(), bytes).ec == std::errc{})
      length_ = bytes;
  }
  headers.remove_if([](const net::Header& field) { return !may_pass(field.name); });
  headers.add_lines(std::move(own_lines_));
  return is_events() && hides_ ? Verdict::rewrite : Verdict::pass_on;
}

std::optional<Meter::Copy> Meter::take_copy() {
  if (!copies() || fault_ || (is_events() && !meter_.ended())) return std::nullopt;
  return Copy{is_events() ? "text/event-stream" : "application/json", std::move(copy_)};
}

void Meter::on_body(std::string_view content) {
  if (copies() && !hides_) copy(content);
  const bool is_first = content_bytes_ == 0;
  content_bytes_ += static_cast<std::int64_t>(content.size());
  if (is_events()) {
    read_lines(content);
    // As long as the client got nothing, another provider may do better.
    if (is_first && meter_.failed()) fault_ = failed_within();
    return;
  }
  if (is_first && begins_as_error(content)) fault_ = failed_within();
  if (partial_.empty() && length_ == content.size()) {
    read_whole(content, content.size() + slack);
    return;
  }
  if (partial_.size() + content.size() > body_bytes_max) {
    unread_ = true;
    partial_.clear();
  }
  if (!unread_) partial_ += content;
}

void Meter::read_whole(std::string_view body, std::size_t readable_bytes) {
  usage_ = scanner_.usage_of_answer(dialect_, body, readable_bytes);
}

namespace {

struct Look {
  bool tells = false;  // something that a meter must read
  std::int64_t lines = 0;
};

// Whole lines of a stream, looked at once, 32 bytes at a time; most pieces of an answer tell a meter nothing.
// 64 bytes behind them may be read.
Look look_at(dialects::Dialect dialect, std::string_view lines) {
  constexpr std::size_t block = 32;
  const bool anthropic = dialect == dialects::Dialect::anthropic;
  const std::string_view end = anthropic ? "\"message_stop\"" : "[DONE]";
  const auto load = [](const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); };
  const auto is = [](__m256i bytes, char wanted) {
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(wanted));
  };
  Look out;
  for (std::size_t at = 0; at < lines.size(); at += block) {
    const auto here = load(lines.data() + at), next = load(lines.data() + at + 1);
    // Where "usage", "error" or the end may begin, by its first two bytes.
    const auto quoted = _mm256_and_si256(is(here, '"'), _mm256_or_si256(is(next, 'u'), is(next, 'e')));
    const auto ends = _mm256_and_si256(is(here, end[0]), is(next, end[1]));
    auto places = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(quoted, ends)));
    auto breaks = static_cast<std::uint32_t>(_mm256_movemask_epi8(is(here, '\n')));
    if (lines.size() - at < block) {
      const auto within = (1U << (lines.size() - at)) - 1;
      places &= within;
      breaks &= within;
    }
    out.lines += std::popcount(breaks);
    for (; places != 0; places &= places - 1) {
      const auto rest = lines.substr(at + static_cast<std::size_t>(std::countr_zero(places)));
      if (rest.starts_with("\"usage\"") || rest.starts_with("\"error\"") || rest.starts_with(end)) {
        out.tells = true;
        return out;
      }
    }
  }
  return out;
}

bool speaks_seldom(dialects::Dialect dialect) {
  return dialect != dialects::Dialect::gemini && dialect != dialects::Dialect::responses;
}

}  // namespace

void Meter::read_lines(std::string_view content) {
  if (partial_.empty() && !unread_ && !skips_blank_ && content.ends_with('\n') && speaks_seldom(dialect_)) {
    const auto look = look_at(dialect_, content);
    if (!look.tells) {
      events_ += (look.lines + 1) / 2;  // a line of data and an empty one
      if (hides_) out_ += content;
      return;
    }
  }
  while (!content.empty()) {
    const auto end = content.find('\n');
    if (end == std::string_view::npos) {
      if (partial_.size() + content.size() > line_bytes_max && !hides_) {
        unread_ = true;
        partial_.clear();
      }
      if (!unread_) partial_ += content;
      return;
    }
    auto line = content.substr(0, end);
    content.remove_prefix(end + 1);
    if (!partial_.empty()) {
      partial_ += line;
      partial_.reserve(partial_.size() + slack);
      std::string whole = std::move(partial_);
      partial_.clear();
      read_line(whole);
    } else if (!unread_) {
      read_line(line);
    }
    unread_ = false;
  }
}

void Meter::read_line(std::string_view line) {
  bool shown = true;
  auto text = line;
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.starts_with("data:")) {
    auto data = text.substr(text.starts_with("data: ") ? 6 : 5);
    ++events_;
    const auto event = scanner_.scan_event(dialect_, data, data.size() + slack);
    if (event.usage || event.ends || event.fails) meter_.take(event);
    shown = !(hides_ && event.usage && data.find("\"choices\":[]") != std::string_view::npos);
    skips_blank_ = !shown;
  } else if (text.empty() && std::exchange(skips_blank_, false)) {
    shown = false;
  }
  if (hides_ && shown) {
    out_ += line;
    out_ += '\n';
  }
}

std::string_view Meter::rewritten() {
  shown_.swap(out_);
  out_.clear();
  if (copies()) copy(shown_);
  return shown_;
}

std::string Meter::on_end(const Error* broken) {
  if (!is_events()) {
    if (!broken && !partial_.empty()) {
      partial_.reserve(partial_.size() + slack);
      read_whole(partial_, partial_.size() + slack);
    }
    return {};
  }
  usage_ = meter_.usage();
  if (copies()) copy(out_);
  if (!broken && (meter_.ended() || meter_.failed())) return std::exchange(out_, {});
  const Error cut{Code::upstream, "The provider's stream ended before its answer was complete.", "truncated",
                  "Try again."};
  if (!broken) fault_ = cut;
  // A line that never ended must not swallow ours.
  const bool glued = !hides_ && (!partial_.empty() || unread_);
  return out_ + (glued ? "\n\n" : "") + stream_error(dialect_, broken ? *broken : cut);
}

}  // namespace bastide::gateway
