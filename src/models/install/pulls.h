// Pulls: models that the server fetches, each in a process of its own (`bastide model pull`), so that what
// comes is unpacked, read and converted outside of the server, and can be ended at any moment.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace bastide::models {

/// One that runs or failed.
struct Pull {
  enum class Step { fetching, checking, failed };
  std::string model;
  Step step = Step::fetching;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;  // 0: not known
  std::optional<Error> error;     // of one that failed
};

/// Thread-safe. Ends what runs with itself; what has come stays and is gone on with.
class Pulls {
 public:
  static constexpr std::size_t running_max = 2;
  /// Called from a thread of the pull when it ended by itself: without an error it is installed.
  using Ended = std::function<void(const std::string& model, const std::optional<Error>& error)>;

  /// `own_binary` is started as `own_binary model pull MODEL --json --data DATA_FOLDER`.
  Pulls(std::string own_binary, std::string data_folder);
  ~Pulls();
  Pulls(const Pulls&) = delete;
  Pulls& operator=(const Pulls&) = delete;

  /// `model` is an id that the list has. Code::conflict, pull_running; Code::overloaded, too_many_pulls;
  /// Code::unavailable. May wait for a process that has ended.
  [[nodiscard]] Result<void> start(const std::string& model, Ended ended);
  /// Ends one that runs, or forgets that it failed. False: there is none. Waits for its process.
  bool cancel(const std::string& model);
  [[nodiscard]] std::vector<Pull> all() const;

 private:
  struct One;
  void follow(One& one);
  void take(One& one, const std::string& line);

  const std::string own_binary_;
  const std::string data_folder_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<One>> pulls_;
};

}  // namespace bastide::models
