// An answer that becomes a stored message: the sink of exchanges that come from conversations.
#pragma once

#include <string>

#include "base/pool.h"
#include "chat/conversation_store.h"
#include "chat/stream_hub.h"
#include "exchange/exchange.h"

namespace bastide::chat {

/// Lives as long as its exchange; one coroutine at a time.
class AnswerWriter final : public exchange::AnswerSink {
 public:
  AnswerWriter(StoredMessage answer, ConversationStore& store, StreamHub& hub, Pool& pool,
               const policy::Labels& labels, const policy::Router& router)
      : answer_(std::move(answer)), store_(store), hub_(hub), pool_(pool), labels_(labels), router_(router) {}

  Task<Result<void>> on_stage(const exchange::StageTrace& stage) override;
  Task<Result<void>> on_masked(const std::vector<exchange::Masked>& masked) override;
  Task<Result<void>> on_text(std::string text) override;
  Task<Result<void>> on_reasoning(std::string text) override;
  Task<Result<void>> on_citation(const exchange::Citation& citation) override;
  Task<Result<void>> on_replace(std::string text, std::string reason) override;
  Task<Result<void>> on_event(dialects::StreamEvent event) override;
  Task<Result<void>> on_done(const exchange::Exchange& exchange) override;

  /// The other end: the exchange failed or was refused. What was shown stays.
  [[nodiscard]] Task<Result<void>> on_failed(const exchange::Exchange& exchange, Error error);
  /// Text that stands before what the model adds, when an interrupted answer goes on.
  [[nodiscard]] Task<Result<void>> begin_with(std::string text);

 private:
  [[nodiscard]] Task<Result<void>> end(const exchange::Exchange& exchange, std::string event,
                                       std::string data_json);

  StoredMessage answer_;
  ConversationStore& store_;
  StreamHub& hub_;
  Pool& pool_;
  const policy::Labels& labels_;
  const policy::Router& router_;
  std::string masked_json_;  // an array, once something was masked
};

}  // namespace bastide::chat
