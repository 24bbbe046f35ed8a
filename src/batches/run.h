// One batch that is there to run, and one that runs. Private to the room.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bell.h"
#include "batches/batches.h"
#include "files/pieces.h"

namespace bastide::batches {

/// What its lines ask.
[[nodiscard]] dialects::BatchAsk ask_of(const Batch& batch);

struct Batches::Live {
  static std::shared_ptr<Live> of(std::string id, std::string person) {
    auto live = std::make_shared<Live>();
    live->id = std::move(id);
    live->person = std::move(person);
    return live;
  }

  std::string id, person;
  std::atomic<bool> cancelled{false};    // by its person
  std::atomic<bool> dropped{false};      // nothing of it is to be kept
  std::atomic<bool> interrupted{false};  // the process ends: the next one runs it on
  std::stop_source stop{};
  Bell bell{};  // something of it ended, or is to end

  void end() {
    stop.request_stop();
    bell.ring();
  }
  [[nodiscard]] bool leaves_no_word() const { return dropped || interrupted; }
};

/// Of the loop's thread, but for what is given to the pool while nothing else touches it.
struct Batches::Run {
  const std::shared_ptr<Live> live;
  Batch batch;
  Deadline window{};
  std::optional<files::PieceReader> input{};
  std::size_t lines = 0;           // that run
  std::optional<Error> broken{};   // something could not be kept
  std::optional<Error> refused{};  // who asked may ask no more
  bool expired = false;
};

}  // namespace bastide::batches
