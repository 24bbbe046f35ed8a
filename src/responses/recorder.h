// The sink of a response that runs by itself: its events are stored, then shown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bell.h"
#include "base/pool.h"
#include "dialects/collect.h"
#include "dialects/responses_state.h"
#include "exchange/event_sink.h"
#include "responses/response_store.h"

namespace bastide::responses {

/// Stores frames of one stream in their order, while more of them come. One executor; the bell is rung when
/// there is more to read.
class FrameJournal {
 public:
  FrameJournal(ResponseStore& store, Pool& pool, std::string id, std::string person, Bell& readers)
      : store_(store), pool_(pool), id_(std::move(id)), person_(std::move(person)), readers_(readers) {}

  /// Returns at once unless too much waits to be stored. An error of the store is returned from then on.
  [[nodiscard]] Task<Result<void>> append(std::shared_ptr<FrameJournal> self,
                                          std::vector<StreamFrame> frames);
  /// Returns when all that was appended is stored.
  [[nodiscard]] Task<Result<void>> settle();

 private:
  static Task<void> write(std::shared_ptr<FrameJournal> self);

  ResponseStore& store_;
  Pool& pool_;
  const std::string id_, person_;
  Bell& readers_;
  Bell written_;
  std::vector<StreamFrame> pending_;
  std::size_t pending_bytes_ = 0;
  bool writes_ = false;
  std::optional<Error> broken_;
};

/// What of an answer its reader sees besides its events.
struct Recording {
  std::string answer_id;  // of the response, without its prefix
  std::int64_t created_s = 0;
  dialects::Others repeated{};
  bool shows_sealed = false;
  bool streams = false;
  std::int64_t first_number = 0;  // of the events that are not stored yet
};

/// Lives as long as its exchange; one coroutine at a time.
class Recorder final : public exchange::EventSink {
 public:
  Recorder(Recording recording, const exchange::Exchange& exchange, const policy::Labels& labels,
           std::shared_ptr<FrameJournal> journal)
      : recording_(std::move(recording)),
        exchange_(exchange),
        labels_(labels),
        journal_(std::move(journal)),
        next_(recording_.first_number) {}

  Task<Result<void>> on_done(const exchange::Exchange& exchange) override;

  /// What came; null before anything did.
  [[nodiscard]] const dialects::ChatAnswer* answer() const { return encoder_ ? &whole_.so_far() : nullptr; }
  /// The last events, which are stored with the response.
  [[nodiscard]] std::vector<StreamFrame>& last() { return last_; }
  /// The number of the next event.
  [[nodiscard]] std::int64_t next() const { return next_; }

 private:
  [[nodiscard]] Task<Result<void>> tell(dialects::StreamEvent event) override;
  [[nodiscard]] std::vector<StreamFrame> frames_of(const dialects::StreamEvent& event);
  [[nodiscard]] Result<void> begin();

  const Recording recording_;
  const exchange::Exchange& exchange_;
  const policy::Labels& labels_;
  const std::shared_ptr<FrameJournal> journal_;
  std::int64_t next_;
  std::unique_ptr<dialects::StreamEncoder> encoder_;
  dialects::Collector whole_;
  std::vector<StreamFrame> last_;
  bool in_thought_ = false;
};

}  // namespace bastide::responses
