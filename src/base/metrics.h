// Counters, gauges and histograms, written as Prometheus text. One Metrics object a process, passed by
// reference.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace bastide {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Seconds, in buckets that double from 0.1 ms to 100 s.
class Histogram {
 public:
  static constexpr std::size_t buckets = 21;
  void observe(double seconds);
  /// Upper bound of bucket `i`, in seconds.
  [[nodiscard]] static double bound(std::size_t i);
  [[nodiscard]] std::uint64_t in_bucket(std::size_t i) const {
    return counts_[i].load(std::memory_order_relaxed);
  }
  [[nodiscard]] double sum_seconds() const {
    return static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / 1e6;
  }

 private:
  std::array<std::atomic<std::uint64_t>, buckets + 1> counts_{};  // the last: beyond every bound
  std::atomic<std::uint64_t> sum_us_{0};
};

/// Registration happens at start and returns references that live as long as the Metrics; using them is
/// lock-free. `labels` is Prometheus text such as `route="/api/search"`, from code and never from input.
class Metrics {
 public:
  Counter& counter(std::string name, std::string help, std::string labels = {});
  Histogram& histogram(std::string name, std::string help, std::string labels = {});
  /// `read` is called at each scrape, from the scraping thread.
  void gauge(std::string name, std::string help, std::function<double()> read, std::string labels = {});
  /// Prometheus text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  template <class T>
  struct Entry {
    std::string name, help, labels;
    T what;
  };
  mutable std::mutex mutex_;
  std::deque<Entry<Counter>> counters_;
  std::deque<Entry<Histogram>> histograms_;
  std::deque<Entry<std::function<double()>>> gauges_;
};

}  // namespace bastide
