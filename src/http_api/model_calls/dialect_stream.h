// An exchange's sink that answers in any dialect, as a stream or whole.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialects/codec.h"
#include "dialects/collect.h"
#include "exchange/event_sink.h"
#include "net/server.h"
#include "policy/accounts.h"

namespace bastide::http_api {

/// Makes an answer durable before its reader is told that it is whole.
class AnswerKeeper {
 public:
  virtual ~AnswerKeeper() = default;
  [[nodiscard]] virtual Task<Result<void>> keep(const dialects::ChatAnswer& answer,
                                                const exchange::Exchange& exchange) = 0;
};

/// Lives as long as its exchange; one coroutine at a time.
class DialectStream final : public exchange::EventSink {
 public:
  enum class Mode : std::uint8_t { stream, whole };
  /// What the provider sealed of the model's reasoning, which the next call may give back.
  enum class Sealed : std::uint8_t { shown, hidden };
  /// What the call said of its answer.
  struct Said {
    Mode mode = Mode::whole;
    bool include_usage = true;
    Sealed sealed = Sealed::shown;
    dialects::Others repeated{};  // fields of the call that stand in its answer
  };
  /// All outlive it.
  struct Door {
    net::ServerCall& http;
    const dialects::Codec& codec;
    const policy::Labels& labels;
    policy::Accounts& accounts;
  };
  DialectStream(Door door, const exchange::Exchange& exchange, Said said);
  ~DialectStream() override;

  /// Says that the line is open whenever nothing else was said for a while, until `settle`: a stream's reader
  /// and what stands between must not take a model that thinks for a dead one.
  void keep_alive();
  /// Ends that. Await it before this goes.
  [[nodiscard]] Task<void> settle();

  Task<Result<void>> on_stage(const exchange::StageTrace& stage) override;
  Task<Result<void>> on_replace(std::string text, std::string reason) override;
  Task<Result<void>> on_done(const exchange::Exchange& exchange) override;

  /// Who keeps the answer; outlives this. Before anything is said.
  void keep_with(AnswerKeeper& keeper) { keeper_ = &keeper; }
  /// Whether the client has got a head: an error can then only break the stream off.
  [[nodiscard]] bool started() const { return started_; }
  /// The answer must not end as if it were whole: it ends as this error when it does.
  void cut(Error why) { cut_ = std::move(why); }
  [[nodiscard]] const std::optional<Error>& cut_by() const { return cut_; }
  /// Ends a stream that began as an error of the dialect.
  [[nodiscard]] Task<Result<void>> break_off(Error error);
  /// Tells in the head what of the call was not done. Before anything is said.
  void lose(std::string field, std::string sentence) {
    dialects::lose(losses_, std::move(field), std::move(sentence));
  }
  /// What the caller's limits leave, as complete header lines.
  [[nodiscard]] std::string rate_lines() const;

 private:
  /// What the client is told besides: the exchange, what its model was not told, its limits.
  [[nodiscard]] net::Headers headers() const;
  [[nodiscard]] Task<Result<void>> begin();
  [[nodiscard]] Task<Result<void>> tell(dialects::StreamEvent event) override;
  [[nodiscard]] Task<Result<void>> tell_now(dialects::StreamEvent event);
  [[nodiscard]] bool collects() const { return mode_ == Mode::whole || keeper_; }
  /// Takes out what is hidden; false when nothing is left.
  [[nodiscard]] bool shown_to_client(dialects::StreamEvent& event);
  [[nodiscard]] Task<Result<void>> tell_queue();
  struct Pulse;
  static Task<void> beat(std::shared_ptr<Pulse> pulse);

  Door door_;
  const exchange::Exchange& exchange_;
  const Said said_;
  const Mode mode_;
  const bool include_usage_;
  std::unique_ptr<dialects::StreamEncoder> encoder_;
  dialects::Collector whole_;
  dialects::Losses losses_;
  AnswerKeeper* keeper_ = nullptr;
  bool in_thought_ = false;
  bool begun_ = false;
  bool started_ = false;
  std::optional<Error> cut_{};
  std::string queue_;  // where the call waits, as a sentence; empty: it does not
  std::shared_ptr<Pulse> pulse_;
};

}  // namespace bastide::http_api
