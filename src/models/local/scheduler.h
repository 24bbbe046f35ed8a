// Continuous batching: one inference thread writes the answers of several slots at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "models/local/frame.h"
#include "models/local/llama_engine.h"

namespace bastide::models::local {

/// Receives the frames of all calls, from the inference thread and from the thread that submits.
using Send = std::function<void(FrameKind kind, std::uint64_t call, std::string_view body)>;

/// Thread-safe. Every call that was taken ends with exactly one `finish` or `error` frame.
class ChatScheduler {
 public:
  static constexpr std::size_t queue_max = 64;

  ChatScheduler(Engine& engine, int slots, Send send);
  ~ChatScheduler();
  ChatScheduler(const ChatScheduler&) = delete;
  ChatScheduler& operator=(const ChatScheduler&) = delete;

  /// Sends `accepted` before it returns, or `error` (Code::overloaded when the queue is full).
  void submit(std::uint64_t call, std::unique_ptr<Generation> generation);
  /// Takes effect within one batch (a quarter of a second at most, once the speed is known).
  void cancel(std::uint64_t call);

 private:
  struct Waiting {
    std::uint64_t call = 0;
    std::unique_ptr<Generation> generation;
  };
  /// A sequence of the context: what it holds stays after an answer, for the next prompt that begins alike.
  struct Slot {
    std::uint64_t call = 0;  // 0: idle
    std::unique_ptr<Generation> generation;
    std::vector<Token> cache;     // what the context holds, or will after the next decode
    std::size_t prompt_done = 0;  // tokens of the prompt that are in `cache`
    std::size_t reused = 0;       // of them, found there
    std::size_t decoded = 0;      // tokens of `cache` that the context holds by now
    bool begun = false;           // its prompt is being computed
    std::uint32_t written = 0;    // tokens of the answer
    Token next = 0;               // drawn, not yet in `cache`
    int row = -1;                 // of its logits in the current batch
    std::uint64_t last_used = 0;
    std::uint64_t order = 0;  // of arrival
  };

  void run();
  bool take_work();
  void seat(Waiting waiting);
  void drop_cancelled();
  bool fill_batch();
  bool waits_for_leader(std::size_t index);
  void after_batch(double seconds, std::size_t prompt_tokens);
  void draw(int index);
  void end(Slot& slot, FinishReason reason);
  void fail_slot(int index, const Error& error);
  void send_delta(std::uint64_t call, const Delta& delta);

  Engine& engine_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;
  std::unordered_set<std::uint64_t> cancelled_;
  std::unordered_set<std::uint64_t> open_;  // calls that have not ended
  bool stopping_ = false;

  // The inference thread's own.
  std::vector<Slot> slots_;
  std::uint64_t clock_ = 0;
  std::size_t prompt_tokens_max_ = 64;  // a batch; follows the machine's speed
  std::size_t batch_prompt_tokens_ = 0;

  std::thread thread_;
};

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
