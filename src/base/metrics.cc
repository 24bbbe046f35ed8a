#include "base/metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>
#include <vector>

namespace bastide {
namespace {
std::string braces(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }
}  // namespace

double Histogram::bound(std::size_t i) { return 1e-4 * std::exp2(static_cast<double>(i)); }

void Histogram::observe(double seconds) {
  std::size_t i = 0;
  while (i < buckets && seconds > bound(i)) ++i;
  counts_[i].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

Counter& Metrics::counter(std::string name, std::string help, std::string labels) {
  std::lock_guard lock(mutex_);
  auto& entry = counters_.emplace_back();
  entry.name = std::move(name), entry.help = std::move(help), entry.labels = std::move(labels);
  return entry.what;
}

Histogram& Metrics::histogram(std::string name, std::string help, std::string labels) {
  std::lock_guard lock(mutex_);
  auto& entry = histograms_.emplace_back();
  entry.name = std::move(name), entry.help = std::move(help), entry.labels = std::move(labels);
  return entry.what;
}

void Metrics::gauge(std::string name, std::string help, std::function<double()> read, std::string labels) {
  std::lock_guard lock(mutex_);
  gauges_.push_back({std::move(name), std::move(help), std::move(labels), std::move(read)});
}

std::string Metrics::text() const {
  std::lock_guard lock(mutex_);
  // All lines of a name stand together, in the order in which names came first.
  std::vector<std::string> groups;
  std::unordered_map<std::string, std::size_t> places;
  const auto group = [&](const std::string& name, const std::string& help,
                         std::string_view type) -> std::string& {
    const auto [at, is_new] = places.try_emplace(name, groups.size());
    if (is_new) groups.push_back(fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type));
    return groups[at->second];
  };
  for (const auto& [name, help, labels, what] : counters_) {
    auto& out = group(name, help, "counter");
    out += fmt::format("{}{} {}\n", name, braces(labels), what.value());
  }
  for (const auto& [name, help, labels, read] : gauges_) {
    auto& out = group(name, help, "gauge");
    out += fmt::format("{}{} {}\n", name, braces(labels), read());
  }
  for (const auto& [name, help, labels, what] : histograms_) {
    auto& out = group(name, help, "histogram");
    auto more = labels.empty() ? "" : labels + ",";
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
      total += what.in_bucket(i);
      out += fmt::format("{}_bucket{{{}le=\"{:.4f}\"}} {}\n", name, more, Histogram::bound(i), total);
    }
    total += what.in_bucket(Histogram::buckets);
    out += fmt::format("{0}_bucket{{{1}le=\"+Inf\"}} {2}\n{0}_sum{3} {4}\n{0}_count{3} {2}\n", name, more,
                       total, braces(labels), what.sum_seconds());
  }
  std::string all;
  for (const auto& lines : groups) all += lines;
  return all;
}

}  // namespace bastide
