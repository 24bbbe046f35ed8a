#include "observe/top.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"

namespace bastide::observe {
namespace {

using Counts = std::array<double, Histogram::buckets + 1>;

std::size_t bucket_of(const std::string& bound) {
  if (bound == "+Inf") return Histogram::buckets;
  const double value = std::atof(bound.c_str());
  std::size_t i = 0;
  while (i < Histogram::buckets && Histogram::bound(i) < value * 0.99) ++i;
  return i;
}

/// A name as it may stand on a terminal, cut or filled to `width` code points.
std::string cell(std::string_view name, std::size_t width) {
  std::string out;
  std::size_t points = 0;
  for (const char c : to_valid_utf8(name)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) continue;
    const bool begins = (byte & 0xc0) != 0x80;
    if (begins && points == width) break;
    points += begins ? 1 : 0;
    out += c;
  }
  return out + std::string(width - points, ' ');
}

std::string time_text(double seconds) {
  if (seconds <= 0) return "-";
  if (seconds < 1) return fmt::format("{:.0f}ms", seconds * 1000);
  return fmt::format("{:.1f}s", seconds);
}

std::string number_text(double value) {
  if (value >= 1e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f}k", value / 1e3);
  return value >= 100 || value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{:.0f}", value)
             : fmt::format("{:.1f}", value);
}

TopRow minus(const TopRow& now, const TopRow& before) {
  TopRow out = now;
  out.calls -= before.calls;
  out.failed -= before.failed;
  out.tokens -= before.tokens;
  out.cost -= before.cost;
  for (std::size_t i = 0; i < out.latency.size(); ++i) {
    out.latency[i] -= before.latency[i];
    out.first_token[i] -= before.first_token[i];
  }
  return out;
}

}  // namespace

TopReading read_top(const std::vector<Sample>& samples) {
  TopReading reading;
  std::map<std::pair<std::string, std::string>, TopRow> rows;
  for (const auto& sample : samples) {
    const auto label = [&](const char* name) {
      const auto found = sample.labels.find(name);
      return found == sample.labels.end() ? std::string() : found->second;
    };
    if (sample.name == "bastide_gateway_provider_open" && sample.value > 0)
      reading.left_alone.push_back(label("provider"));
    if (sample.name == "bastide_http_connections") reading.connections = sample.value;
    if (!sample.name.starts_with("bastide_call")) continue;
    auto& row = rows[{label("model"), label("provider")}];
    if (sample.name == "bastide_calls_total") {
      row.calls += sample.value;
      if (label("outcome") == "failed") row.failed += sample.value;
    } else if (sample.name == "bastide_call_tokens_total" && label("kind") == "output") {
      row.tokens += sample.value;
    } else if (sample.name == "bastide_call_nanocost_total") {
      row.cost += sample.value / 1e9;
    } else if (sample.name == "bastide_call_seconds_bucket") {
      row.latency[bucket_of(label("le"))] = sample.value;
    } else if (sample.name == "bastide_call_first_token_seconds_bucket") {
      row.first_token[bucket_of(label("le"))] = sample.value;
    }
  }
  for (auto& [key, row] : rows) {
    row.model = key.first;
    row.provider = key.second;
    reading.rows.push_back(std::move(row));
  }
  return reading;
}

double quantile(const Counts& counts, double share) {
  const double all = counts.back();
  if (all <= 0) return 0;
  const double wanted = all * share;
  for (std::size_t i = 0; i < Histogram::buckets; ++i) {
    if (counts[i] < wanted) continue;
    const double below = i == 0 ? 0 : counts[i - 1];
    const double low = i == 0 ? 0 : Histogram::bound(i - 1);
    return low + (Histogram::bound(i) - low) * (wanted - below) / (counts[i] - below);
  }
  return Histogram::bound(Histogram::buckets - 1);
}

std::string draw_top(const TopReading* before, const TopReading& now, double seconds, int columns,
                     int lines) {
  std::vector<TopRow> rows = now.rows;
  if (before)
    for (auto& row : rows)
      for (const auto& old : before->rows)
        if (old.model == row.model && old.provider == row.provider) row = minus(row, old);
  if (!before) seconds = 1;
  std::ranges::sort(rows, [](const TopRow& a, const TopRow& b) {
    return a.calls != b.calls ? a.calls > b.calls
                              : std::tie(a.model, a.provider) < std::tie(b.model, b.provider);
  });
  const auto spare = static_cast<std::size_t>(std::max(0, columns - 80));
  const std::size_t model_width = 22 + spare / 2, provider_width = 12 + spare / 2;
  const auto line = [&](std::string_view model, std::string_view provider, auto... figures) {
    return cell(model, model_width) + " " + cell(provider, provider_width) +
           fmt::format("{:>8}{:>6}{:>7}{:>7}{:>7}{:>8}", figures...);
  };
  std::string out = line("MODEL", "PROVIDER", before ? "CALLS/S" : "CALLS", "FAIL%", "P50", "P95", "FIRST",
                         before ? "TOK/S" : "TOKENS") +
                    "\n";
  int drawn = 1;
  for (const auto& row : rows) {
    if (drawn++ >= lines) break;
    const double failed = row.calls > 0 ? row.failed * 100 / row.calls : 0;
    out += line(row.model.empty() ? "(none)" : row.model, row.provider, number_text(row.calls / seconds),
                row.calls > 0 ? fmt::format("{:.0f}", failed) : "-", time_text(quantile(row.latency, 0.5)),
                time_text(quantile(row.latency, 0.95)), time_text(quantile(row.first_token, 0.5)),
                number_text(row.tokens / seconds)) +
           "\n";
  }
  return out;
}

}  // namespace bastide::observe
