// Responses that run by themselves: accepted, run, followed, cancelled, run again after a restart.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/run_queue.h"
#include "exchange/pipeline.h"
#include "identity/identity.h"
#include "responses/recorder.h"
#include "responses/responses.h"

namespace bastide::responses {

/// How many there are at once; beyond the waiting ones a call is refused.
constexpr RunBounds background_bounds{.running_max = 32, .running_per_person_max = 4};

/// Thread-safe. Responses run on `loop`, detached from the call that asked for them, as whom it then is: a
/// key or a person that has ended meanwhile asks no more.
class Background {
 public:
  /// All outlive it.
  struct Rooms {
    Responses& responses;
    ResponseStore& store;
    const exchange::Pipeline& pipeline;
    identity::Identity& identity;
    const policy::Labels& labels;
    Pool& pool;
    Executor& loop;
    /// What a call says of the house itself, from the request into the ask. Blocks.
    std::function<Result<void>(const identity::Principal& who, dialects::ChatRequest& request,
                               exchange::Ask& ask)>
        take_options;
    /// The model that an alias stands for; empty: it is none.
    std::function<std::string(std::string_view name)> alias;
    /// An error in the language of who asked.
    std::function<Error(Error error, std::string_view language)> told;
  };
  Background(Rooms rooms, RunBounds bounds);
  ~Background();

  struct Accepted {
    std::string id;
    std::string exchange;       // of the receipt
    std::string response_json;  // queued
  };
  /// Durable when it returns. What is wrong with the call is told at once; Code::rate_limited, detail
  /// too_many_in_background, beyond the bounds.
  [[nodiscard]] Task<Result<Accepted>> accept(identity::Principal who, std::string language,
                                              std::string body);
  /// Stops it, if it has not ended, and gives what it is then. Code::invalid, detail not_in_background.
  [[nodiscard]] Task<Result<std::string>> cancel(std::string person, std::string id);

  struct Batch {
    std::vector<StreamFrame> frames;
    bool ended = false;
  };
  /// Events above `after`: stored ones at once, else when some come or `deadline` passes. Code::invalid,
  /// detail not_streamed, when none are kept.
  [[nodiscard]] Task<Result<Batch>> follow(std::string person, std::string id, std::int64_t after,
                                           Deadline deadline);

  /// Ends one without a word, or all of a person's: they are being removed.
  void drop(std::string_view person, std::string_view id);
  void drop_all(std::string_view person);

  /// At start: what was accepted and has not ended runs again. Blocks.
  Result<std::size_t> recover();
  [[nodiscard]] std::size_t running() const;
  /// Ends what runs, which the next start runs again; waits for it, `patience` at most. Blocks.
  void drain(Millis patience);

 private:
  struct Live;
  struct Run;
  Task<void> run(std::shared_ptr<Live> live);
  [[nodiscard]] Task<Result<void>> answer(std::shared_ptr<Live> live, StoredResponse& stored);
  [[nodiscard]] Task<Result<void>> ask(std::shared_ptr<Live> live, StoredResponse& stored, Run& run);
  [[nodiscard]] Result<identity::Principal> who_of(const Run& run, const std::string& person);
  [[nodiscard]] Task<Result<void>> prepare(const std::string& person, Run& run);
  [[nodiscard]] Task<Result<void>> finish(std::shared_ptr<Live> live, StoredResponse& stored, Run& run,
                                          std::string_view status, const Error* error);

  const Rooms rooms_;
  RunQueue<Live> queue_;
};

}  // namespace bastide::responses
