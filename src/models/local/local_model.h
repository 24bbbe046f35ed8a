// LocalModel: one model of this machine. Loads its worker at the first call, restarts it when it dies,
// unloads it when idle.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/bell.h"
#include "base/metrics.h"
#include "exchange/ports.h"
#include "models/catalogue/manifest.h"
#include "models/local/gpu_trust.h"
#include "models/local/link.h"
#include "models/local/local_call.h"

namespace bastide::models::local {

struct LocalModelOptions {
  Manifest manifest;
  std::optional<Manifest> draft;  // the installed model that `manifest` names as such
  std::string own_binary;
  int slots = 4;
  int threads = 1;
  Millis idle_unload{600'000};
  Millis load_timeout{120'000};  // without a word of progress
  Millis restart_pause{200};     // doubles with each death in a row
  GpuTrustBounds gpu_trust{};
  /// Where computed beginnings of prompts outlive the worker, sealed under `prefix_key` (32 bytes). Empty:
  /// they are kept in the slots alone.
  std::string prefix_folder;
  std::string prefix_key;
  std::uint64_t prefix_memory_bytes = 1ULL << 30;
  std::uint64_t prefix_disk_bytes = 8ULL << 30;
  /// What this machine has left; replaced in tests.
  std::function<std::uint64_t()> available_memory_bytes;
};

struct LocalStatus {
  enum class State { stopped, loading, ready, failed };
  State state = State::stopped;
  std::string detail;            // for a person
  std::optional<Error> error{};  // why it failed
};

/// Thread-safe. One supervisor thread, started at the first call. Where the worker ends again and again with
/// a GPU at work, the processor computes the model for an hour.
class LocalModel : public std::enable_shared_from_this<LocalModel> {
 public:
  LocalModel(LocalModelOptions options, Counter& restarts);
  ~LocalModel();
  LocalModel(const LocalModel&) = delete;
  LocalModel& operator=(const LocalModel&) = delete;

  [[nodiscard]] const Manifest& manifest() const { return options_.manifest; }
  [[nodiscard]] const std::optional<Manifest>& draft() const { return options_.draft; }
  [[nodiscard]] LocalStatus status() const;
  /// Whether it stays when nobody calls it.
  void keep_loaded(bool keeps) { keeps_ = keeps; }
  /// Begins to load it, as a call would, unless it is there or failed a moment ago.
  void load_ahead();
  /// Loads the model unless it is there. Code::unavailable with detail missing, not_enough_memory,
  /// load_failed, load_timeout, restarting; Code::corrupt with cut_short or corrupt_file; Code::cancelled.
  Task<Result<void>> ready(std::stop_token stop);
  /// `body_json`: an OpenAI chat completion body.
  Task<Result<std::unique_ptr<exchange::Completion>>> start(std::string body_json, std::stop_token stop);
  Task<Result<exchange::Embeddings>> embed(std::vector<std::string> texts, exchange::TooLong too_long,
                                           std::stop_token stop);
  /// How relevant each document is for `query`, by a reranker.
  Task<Result<ScoresBody>> rerank(std::string query, std::vector<std::string> documents,
                                  std::stop_token stop);
  /// Exact tokens when the model is loaded and answers within a few milliseconds.
  [[nodiscard]] std::optional<std::int64_t> count(const std::string& body_json);
  /// What computes it and what measures that; nothing until it was loaded once.
  [[nodiscard]] exchange::Computed computed() const;
  /// Drops what was computed for prompts: files at once, the worker's memory when it has no calls.
  void forget_beginnings();
  /// Ends the worker and the thread; calls fail from then on. Waits for both.
  void shut_down();
  /// The worker's process, for tests; -1 when none runs.
  [[nodiscard]] int worker_pid() const { return worker_pid_.load(); }

 private:
  friend class LocalCompletion;
  using State = LocalStatus::State;
  enum class Served { died, idle, stopping };

  void ask_for();
  void load_locked();
  /// Nothing where the worker does not run.
  std::optional<std::uint64_t> open_call(const std::shared_ptr<LocalCall>& call, FrameKind kind,
                                         const std::string& body);
  Task<Result<std::uint64_t>> open(std::shared_ptr<LocalCall> call, FrameKind kind, std::string body,
                                   std::stop_token stop);
  void cancel(std::uint64_t id, const std::shared_ptr<LocalCall>& call);
  void forget(std::uint64_t id);

  void supervise();
  void remove_beginnings();
  bool wait_until_wanted();
  Result<std::vector<std::string>> check();
  Result<void> load();
  Result<void> note_placed(std::string_view body);
  Result<void> note_ready(std::string_view body);
  void send_setup();
  Served serve();
  void hand_out(std::vector<Frame>& frames);
  void set(State state, std::string detail, std::optional<Error> error = std::nullopt);
  void fail_calls(const Error& error);
  [[nodiscard]] bool rests_gpus() const { return gpus_.are_resting(Steady::now()); }
  void note_gpu_failure();
  void restart_or_give_up();
  void pause_before_restart(int deaths);

  const LocalModelOptions options_;
  Counter& restarts_;
  Link link_;
  Bell changed_;
  std::atomic<int> worker_pid_{-1};
  std::atomic<bool> keeps_{false};

  mutable std::mutex mutex_;
  std::condition_variable wanted_;
  State state_ = State::stopped;
  std::string detail_;
  exchange::Computed computed_;
  std::optional<Error> error_;
  Steady::time_point retry_at_{};
  Steady::time_point last_used_{};
  bool is_wanted_ = false;
  bool stopping_ = false;
  bool forgets_ = false;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<LocalCall>> calls_;

  // The supervisor's own.
  int deaths_ = 0;       // in a row, without an answer between
  bool on_gpu_ = false;  // the worker that runs, or ran last
  GpuTrust gpus_;
  std::thread thread_;
};

}  // namespace bastide::models::local
