// Continuous batching: one inference thread writes the answers of several slots at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "models/local/answer_groups.h"
#include "models/local/draft.h"
#include "models/local/energy.h"
#include "models/local/fair_queue.h"
#include "models/local/frame.h"
#include "models/local/llama_engine.h"
#include "models/local/prefix_store.h"
#include "models/local/slot.h"
#include "models/local/speculation.h"
#include "models/local/watchdog.h"

namespace bastide::models::local {

/// Thread-safe. Every call that was taken ends with exactly one `finish` or `error` frame. One that waits is
/// told its place by `queued` frames, the last of which says that it waits no longer.
///
/// A turn of the inference thread: calls that wait are seated; every answer gets its next token; then a piece
/// of the prompts is computed, so small that the next turn is near. What a sequence holds when its answer
/// ends goes into `store`, block by block.
class ChatScheduler {
 public:
  /// What stands beside the model; each may be missing.
  struct Beside {
    PrefixStore* store = nullptr;
    Draft* draft = nullptr;
    EnergyShares* energy = nullptr;
    Watchdog* watchdog = nullptr;  // of the turns
  };
  /// References outlive this.
  ChatScheduler(Engine& engine, int slots, Beside beside, Send send);
  ~ChatScheduler();
  ChatScheduler(const ChatScheduler&) = delete;
  ChatScheduler& operator=(const ChatScheduler&) = delete;

  /// Sends `accepted` before it returns, or `error` (Code::rate_limited when the queue is full). May read
  /// files of the store: not for the inference thread.
  void submit(std::uint64_t call, std::unique_ptr<Generation> generation);
  /// Takes effect within one turn (a quarter of a second at most, once the speed is known).
  void cancel(std::uint64_t call);

 private:
  void run();
  bool take_work();
  [[nodiscard]] Result<void> decode();
  void note_tokens(std::uint64_t call, std::size_t tokens);
  [[nodiscard]] std::size_t running_of(const std::string& person) const;
  [[nodiscard]] FairQueue::Takes takes() const;
  void drop_cancelled();
  void decode_answers();
  void decode_together(const Computation& groups);
  void decode_prompts();
  std::vector<std::size_t> prompts_in_turn();
  [[nodiscard]] static bool is_at_image(const Slot& slot);
  std::size_t add_prompts(const std::vector<std::size_t>& prompts, std::vector<std::size_t>& in_batch);
  void decode_image(std::size_t index);
  std::size_t add_prompt(std::size_t index, std::size_t tokens_max);
  void pace(double seconds, std::size_t prompt_tokens);
  void draw(std::size_t index);
  [[nodiscard]] std::optional<FinishReason> advance(std::size_t index);
  void end(Slot& slot, FinishReason reason);
  void fail_slots(const std::vector<std::size_t>& indices, const Error& error);
  void close_call(std::uint64_t call);
  void send_delta(std::uint64_t call, const Delta& delta);

  // chat_guessing.cc
  void decode_answer(std::size_t index);
  [[nodiscard]] std::size_t guess_room(const Slot& slot) const;
  [[nodiscard]] Guess worth(Guess guess, const Slot& slot) const;
  [[nodiscard]] Guess draft(const Slot& slot, std::size_t room) const;

  // chat_queue.cc
  [[nodiscard]] std::int64_t wait_s(std::size_t place) const;
  [[nodiscard]] Error refusal(FairQueue::Refused why) const;
  void note_service(double seconds);
  void tell_places();
  void leave_queue(std::uint64_t call);

  // chat_seating.cc
  void seat(Waiting waiting);
  bool waits_for_leader(std::size_t index);
  std::optional<std::size_t> restore(std::size_t to, const Generation& generation, std::size_t have);
  void keep(std::size_t index);

  Engine& engine_;
  PrefixStore* const store_;
  Draft* const draft_;
  EnergyShares* const energy_;
  Watchdog* const watchdog_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable wake_;
  FairQueue waiting_;
  std::unordered_set<std::uint64_t> cancelled_;
  std::unordered_set<std::uint64_t> open_;  // calls that have not ended
  double service_s_ = 0;                    // mean time of an answer in its slot; 0: none has ended yet
  bool newcomers_ = false;                  // some wait who were not told their place
  bool stopping_ = false;

  // The inference thread's own.
  std::vector<Slot> slots_;
  std::uint64_t clock_ = 0;
  bool oldest_first_ = false;           // whose prompt goes first in the next turn
  std::size_t prompt_tokens_max_ = 64;  // a batch; follows the machine's speed
  bool store_works_ = true;
  RowCosts row_costs_;
  std::unordered_map<std::uint64_t, std::uint32_t> places_;  // told to calls that wait
  Steady::time_point places_told_{};

  std::thread thread_;
};

}  // namespace bastide::models::local
