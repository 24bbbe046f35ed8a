// EmbedScheduler: texts into vectors, or documents into their relevance for a query, batch by batch.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "exchange/ports.h"
#include "models/local/frame.h"
#include "models/local/llama_engine.h"
#include "models/local/watchdog.h"

namespace bastide::models::local {

/// Embeddings in batches, short calls and old ones in turns: a question does not wait for a thousand
/// passages. Thread-safe.
class EmbedScheduler {
 public:
  static constexpr std::size_t queue_max = 64;

  /// `watchdog`, of the steps, may be null.
  EmbedScheduler(Engine& engine, Send send, Watchdog* watchdog = nullptr);
  ~EmbedScheduler();
  EmbedScheduler(const EmbedScheduler&) = delete;
  EmbedScheduler& operator=(const EmbedScheduler&) = delete;

  /// Ends with `vectors` or `error`. What is too long is cut, or refused as a whole call.
  void embed(std::uint64_t call, std::vector<std::string> texts, exchange::TooLong too_long);
  /// The engine is a reranker. Ends with `scores` or `error`.
  void rank(std::uint64_t call, std::vector<std::string> documents, std::string query);
  void cancel(std::uint64_t call);

 private:
  struct Work {
    std::uint64_t call = 0;
    std::vector<std::string> texts;
    exchange::TooLong too_long = exchange::TooLong::cut;
    std::optional<std::string> query;
    VectorsBody embedding;
    ScoresBody ranking;
    std::optional<std::vector<Token>> next;  // was read and did not fit into the batch before
    [[nodiscard]] std::size_t done() const {
      return query ? ranking.scores.size() : embedding.vectors.size();
    }
    bool cancelled = false;
  };
  void submit(std::shared_ptr<Work> work);
  void run();
  void step(Work& work);
  /// The next text's tokens.
  [[nodiscard]] Result<std::vector<Token>> read(Work& work, std::size_t text) const;
  [[nodiscard]] Result<void> compute(Work& work, const std::vector<std::vector<Token>>& batch);

  Engine& engine_;
  Watchdog* const watchdog_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Work>> queue_;
  bool stopping_ = false;
  bool oldest_first_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace bastide::models::local
