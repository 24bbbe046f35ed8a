// Spans of calls of models, with OpenTelemetry's GenAI conventions, sent to a collector as OTLP over HTTP in
// JSON. Never content: neither prompts nor answers, nor who asked.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/config.h"
#include "base/metrics.h"
#include "net/client.h"
#include "net/loop.h"
#include "observe/trace_context.h"

namespace bastide::observe {

/// One call that has ended.
struct CallSpan {
  TraceContext context{};
  std::optional<TraceContext> parent{};
  UnixMillis began_at = 0;
  std::int64_t took_us = 0;
  std::int64_t first_byte_us = 0;  // 0: none came
  std::string exchange;
  std::string asked;                // the model as the caller named it, when the house knows it
  std::string model;                // the one that answered; empty: none
  std::string upstream;             // as its provider calls it
  std::string dialect;              // that the provider speaks: openai, anthropic, gemini, mistral
  std::string provider;             // its id in the configuration
  std::string server;               // host and port
  std::string error;                // the code's name; empty: none
  std::string hedge_lost{};         // the model that was given up for the one that answered; empty: none
  std::int64_t hedge_after_ms = 0;  // when the second was asked; 0: none was
  int status = 200;
  bool streamed = false;
  std::int64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;
};

/// The body of a request to /v1/traces.
[[nodiscard]] std::string otlp_json(const std::vector<CallSpan>& spans);

/// Thread-safe. Spans wait in a bounded queue, which a thread sends; what finds it full is dropped and
/// counted.
class Traces {
 public:
  static constexpr std::size_t queue_max = 4096;
  static constexpr std::size_t batch_max = 512;
  static constexpr Millis send_every{2'000};

  /// Requests run on `loop`. References outlive it.
  Traces(const ObservabilityConfig& config, net::Client& client, net::Loop& loop, Metrics& metrics);
  /// Sends what waits, within a second.
  ~Traces();

  /// The context of a call that came with `header` (traceparent, or empty): as its caller decided, else by
  /// the configured share. Nothing when it is not to be traced.
  struct Begun {
    TraceContext context;
    std::optional<TraceContext> parent;
  };
  [[nodiscard]] std::optional<Begun> begin(std::string_view header) const;
  void offer(CallSpan span);

 private:
  void work(const std::stop_token& stop);
  /// One batch; whether there was one and the collector took it.
  [[nodiscard]] bool send(Millis timeout);

  const std::string url_;
  const double share_;
  net::Client& client_;
  net::Loop& loop_;
  Counter& sent_;
  Counter& dropped_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<CallSpan> waiting_;
  std::jthread thread_;
};

}  // namespace bastide::observe
