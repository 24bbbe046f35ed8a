// EmbedScheduler: texts into vectors, batch by batch.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "models/local/frame.h"
#include "models/local/llama_engine.h"

namespace bastide::models::local {

/// Embeddings in batches, short calls before long ones: a question does not wait for a thousand passages.
/// Thread-safe.
class EmbedScheduler {
 public:
  static constexpr std::size_t queue_max = 64;

  EmbedScheduler(Engine& engine, Send send);
  ~EmbedScheduler();
  EmbedScheduler(const EmbedScheduler&) = delete;
  EmbedScheduler& operator=(const EmbedScheduler&) = delete;

  void submit(std::uint64_t call, std::vector<std::string> texts);
  void cancel(std::uint64_t call);

 private:
  struct Work {
    std::uint64_t call = 0;
    std::vector<std::string> texts;
    std::vector<std::vector<float>> vectors;
    bool cancelled = false;
  };
  void run();
  void step(Work& work);

  Engine& engine_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Work>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::models::local
