// Batches: accepted, checked, run line by line, ended, and run on after a restart.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/run_queue.h"
#include "batches/batch_store.h"
#include "batches/input.h"
#include "files/files.h"
#include "identity/later.h"

namespace bastide::batches {

/// How much runs at once; beyond the waiting ones a call is refused.
struct BatchBounds {
  RunBounds runs{};
  std::size_t lines_at_once = 4;  // of one batch
  Millis window{24LL * 3600 * 1000};
  std::int64_t kept_days = 30;  // batches, and files of what they gave
  InputBounds input{};
};

/// A call of the house's own door.
struct LineCall {
  identity::Principal who;
  std::string language;
  std::string door;  // in whose dialect it is written, where the path does not say it
  std::string path;  // "/v1/chat/completions"
  std::string body;
  std::stop_token stop;
};
struct LineAnswer {
  int status = 0;  // 0: it was stopped before it answered
  std::string body{};
  std::string exchange{};        // of the receipt
  std::optional<Error> error{};  // what `body` says, where it is one
};

/// Thread-safe. Lines run on `loop`, each as its own call of the person who asked, as who that then is.
class Batches {
 public:
  /// All outlive it.
  struct Rooms {
    BatchStore& store;
    files::Files& files;
    Pool& pool;
    Executor& loop;
    /// Who asks now. Blocks.
    std::function<Result<identity::Principal>(const identity::Asker& asker)> who_now;
    /// Answers as the door would answer this person, with all that a call walks through.
    std::function<Task<LineAnswer>(LineCall call)> ask;
    /// An error in the language of who asked.
    std::function<Error(Error error, std::string_view language)> told;
  };
  Batches(Rooms rooms, BatchBounds bounds);
  ~Batches();  // drains

  struct Wish {
    std::string door;
    std::string endpoint;
    std::string input_file;
    std::string model{};             // of lines that name none
    std::optional<Millis> window{};  // to end in; none: that of the bounds
    std::int64_t output_kept_s = 0;
    std::int64_t total = 0;  // lines, where that is known
    std::vector<std::pair<std::string, std::string>> metadata{};
  };
  /// Durable when it returns. Code::not_found when there is no such file of theirs; Code::invalid, detail
  /// invalid_input_file_id, when it was not sent for a batch; Code::rate_limited, too_many_batches, beyond
  /// the bounds. What is wrong within the file is told by the batch, which then failed.
  [[nodiscard]] Task<Result<Batch>> accept(identity::Principal who, std::string language, Wish wish);
  [[nodiscard]] Task<Result<Batch>> find(std::string person, std::string id);
  [[nodiscard]] Task<Result<std::vector<Batch>>> list(std::string person, BatchQuery query);
  [[nodiscard]] Task<Result<std::int64_t>> count(std::string person, std::string door);
  /// Asks it to end: what runs is stopped, what was answered is kept. Code::conflict, detail batch_ended,
  /// when it has ended otherwise.
  [[nodiscard]] Task<Result<Batch>> cancel(std::string person, std::string id);
  /// Code::conflict, detail batch_running, unless it has ended. Its files stay.
  [[nodiscard]] Task<Result<void>> remove(std::string person, std::string id);

  /// Ends all of a person's without a word and removes them; gives how many. Blocks.
  Result<std::int64_t> remove_all(std::string_view person);
  /// Removes some that ended long ago; gives how many. Blocks.
  Result<std::size_t> sweep(UnixMillis now);

  /// At start: what has not ended runs on. Blocks.
  Result<std::size_t> recover();
  [[nodiscard]] RunCounts counts() const { return queue_.counts(); }
  /// Ends what runs, which the next start runs on; waits for it, `patience` at most. Blocks.
  void drain(Millis patience);

 private:
  struct Live;
  struct Run;
  Task<void> run(std::shared_ptr<Live> live);
  [[nodiscard]] Task<Result<void>> work(std::shared_ptr<Live> live);
  [[nodiscard]] Task<Result<void>> check(std::shared_ptr<Run> run);
  [[nodiscard]] Task<Result<void>> run_lines(std::shared_ptr<Run> run);
  Task<void> run_line(std::shared_ptr<Run> run, Line line);
  [[nodiscard]] Task<Result<void>> answer_line(std::shared_ptr<Run> run, Line line);
  [[nodiscard]] Task<Result<void>> end(std::shared_ptr<Run> run);

  const Rooms rooms_;
  const BatchBounds bounds_;
  RunQueue<Live> queue_;
};

}  // namespace bastide::batches
