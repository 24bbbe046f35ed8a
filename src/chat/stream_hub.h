// Answers that are running: events are stored first, then shown, so that what anyone saw is there after a
// kill -9.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/bell.h"
#include "base/metrics.h"
#include "chat/conversation_store.h"

namespace bastide::chat {

/// One journal thread writes the pending events of all streams in one transaction at a time, then rings their
/// readers: with few streams an event waits for one small write, with thousands they share it. Thread-safe.
class StreamHub {
 public:
  StreamHub(ConversationStore& store, Metrics& metrics);
  ~StreamHub();
  StreamHub(const StreamHub&) = delete;
  StreamHub& operator=(const StreamHub&) = delete;

  void open(const std::string& stream);
  /// Queues an event. Suspends while `unstored_max` events of this stream wait; an error of storage is
  /// returned from then on (Code::storage_full), and nothing more of this stream is shown.
  [[nodiscard]] Task<Result<void>> append(std::string stream, std::string name, std::string data_json);
  /// Returns once all that was appended is stored: the number that the next event gets.
  [[nodiscard]] Task<Result<std::uint64_t>> settle(std::string stream);
  /// Shows `last`, which the caller has stored, and ends the stream.
  void close(const StreamEvent& last);

  struct Batch {
    std::vector<StreamEvent> events;
    bool ended = false;
    bool live = true;  // false: unknown here, read the store
  };
  /// Stored events after `after`, at once when there are some, else when one comes or `deadline` passes
  /// (none).
  [[nodiscard]] Task<Batch> next(std::string stream, std::uint64_t after, Deadline deadline);
  /// Wakes the readers of `stream`, so that one who left can notice.
  void nudge(const std::string& stream);
  [[nodiscard]] std::size_t live() const;

 private:
  struct Live {
    std::deque<StreamEvent> events;  // stored, all since the start
    std::uint64_t next_seq = 1;
    std::size_t unstored = 0;
    bool ended = false;
    std::optional<Error> broken;
    Bell bell;
  };
  [[nodiscard]] std::shared_ptr<Live> find(const std::string& stream) const;
  void write_journal();
  void publish(std::vector<StreamEvent> batch, const Result<void>& stored);

  ConversationStore& store_;
  Counter& events_total_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::shared_ptr<Live>, std::less<>> streams_;
  std::vector<StreamEvent> pending_;
  bool stopping_ = false;
  std::thread journal_;
};

}  // namespace bastide::chat
