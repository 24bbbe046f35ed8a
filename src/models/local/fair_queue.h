// FairQueue: whose turn is next. Interactive calls before batches; among people, who has least.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "models/local/llama_engine.h"

namespace bastide::models::local {

struct Waiting {
  std::uint64_t call = 0;
  std::unique_ptr<Generation> generation;
  std::string person;
  Priority priority = Priority::interactive;
  Steady::time_point since = Steady::now();
};

/// Bounded. One thread at a time.
class FairQueue {
 public:
  static constexpr std::size_t size_max = 256;
  /// Of one person, so that nobody fills the queue alone.
  static constexpr std::size_t person_max = 64;
  /// A batch's call that has waited for so long counts as interactive: it is delayed, not starved.
  static constexpr std::chrono::seconds batch_patience{60};

  enum class Refused { no, full, person_full };
  /// Moves out of `waiting` only when it is taken.
  Refused push(Waiting& waiting);
  enum class Takes { all, interactive };
  /// The next call of those that `takes` names: the person with the fewest answers running, then the one
  /// served longest ago, then the order of arrival.
  [[nodiscard]] std::optional<Waiting> pop(const std::function<std::size_t(const std::string&)>& running_of,
                                           Steady::time_point now, Takes takes = Takes::all);
  /// The calls in the order in which `pop` would give them, were each served as soon as the one before it.
  [[nodiscard]] std::vector<std::uint64_t> order(
      const std::function<std::size_t(const std::string&)>& running_of, Steady::time_point now) const;
  /// Takes a waiting call out. Nothing: it does not wait here.
  [[nodiscard]] std::optional<Waiting> remove(std::uint64_t call);
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Rank;
  [[nodiscard]] Rank rank(const Waiting& each, std::size_t running, Steady::time_point now) const;

  std::deque<Waiting> waiting_;
  std::map<std::string, std::uint64_t> served_;  // person: when last, in turns; only of those who wait
  std::uint64_t turn_ = 0;
};

}  // namespace bastide::models::local
