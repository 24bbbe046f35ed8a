#include "chat/answer_writer.h"

#include "base/json.h"
#include "chat/message_json.h"

namespace bastide::chat {
namespace {
std::string text_json(std::string_view text) {
  JsonWriter json;
  return json.object().field("text", text).end().take();
}
}  // namespace

Task<Result<void>> AnswerWriter::on_stage(const exchange::StageTrace& stage) {
  JsonWriter json;
  json.object().field("name", stage.name).field("decision", stage.decision).key("reasons").array();
  for (const auto& reason : stage.reasons) json.value(reason);
  json.end().end();
  co_return co_await hub_.append(answer_.stream, "stage", json.take());
}

Task<Result<void>> AnswerWriter::on_masked(const std::vector<exchange::Masked>& masked) {
  masked_json_ = masked_json(masked);
  JsonWriter json;
  json.object().key("items").raw(masked_json_).end();
  co_return co_await hub_.append(answer_.stream, "masked", json.take());
}

Task<Result<void>> AnswerWriter::on_text(std::string text) {
  answer_.content += text;
  co_return co_await hub_.append(answer_.stream, "delta", text_json(text));
}

Task<Result<void>> AnswerWriter::begin_with(std::string text) {
  auto told = co_await on_text(std::move(text));
  co_return told;
}

Task<Result<void>> AnswerWriter::on_reasoning(std::string text) {
  co_return co_await hub_.append(answer_.stream, "reasoning", text_json(text));
}

Task<Result<void>> AnswerWriter::on_citation(const exchange::Citation& citation) {
  JsonWriter json;
  write_citation(json, citation);
  co_return co_await hub_.append(answer_.stream, "citation", json.take());
}

Task<Result<void>> AnswerWriter::on_replace(std::string text, std::string reason) {
  answer_.content = text;
  JsonWriter json;
  json.object().field("text", text).field("reason", reason).end();
  co_return co_await hub_.append(answer_.stream, "replace", json.take());
}

// Conversations offer no tools: of what else may come, only summaries of thoughts and a refusal are for the
// reader.
Task<Result<void>> AnswerWriter::on_event(dialects::StreamEvent event) {
  if (auto* thought = std::get_if<dialects::ReasoningDelta>(&event)) {
    auto told = co_await on_reasoning(std::move(thought->text));
    co_return told;
  }
  auto* refusal = std::get_if<dialects::RefusalDelta>(&event);
  if (refusal == nullptr) co_return Result<void>{};
  auto told = co_await on_text(std::move(refusal->text));
  co_return told;
}

Task<Result<void>> AnswerWriter::on_done(const exchange::Exchange& exchange) {
  answer_.state =
      exchange.finish == exchange::Finish::cancelled ? MessageState::stopped : MessageState::complete;
  answer_.meta_json = answer_meta(exchange, labels_, router_, masked_json_, nullptr);
  JsonWriter json;
  write_message(json, answer_);
  co_return co_await end(exchange, "done", json.take());
}

Task<Result<void>> AnswerWriter::on_failed(const exchange::Exchange& exchange, Error error) {
  bool stopped = error.code == Code::cancelled;
  answer_.state = stopped                                 ? MessageState::stopped
                  : error.code == Code::refused_by_policy ? MessageState::refused
                  : answer_.content.empty()               ? MessageState::failed
                                                          : MessageState::interrupted;
  answer_.meta_json = answer_meta(exchange, labels_, router_, masked_json_, stopped ? nullptr : &error);
  JsonWriter json;
  if (stopped)
    write_message(json, answer_);
  else
    json.raw(error_json(exchange, labels_, error));
  co_return co_await end(exchange, stopped ? "done" : "error", json.take());
}

Task<Result<void>> AnswerWriter::end(const exchange::Exchange& exchange, std::string event,
                                     std::string data_json) {
  auto seq = co_await hub_.settle(answer_.stream);
  // When the journal could not store the last pieces, the message as a whole is tried once more; if that
  // fails too, the reader is told so and the answer counts as interrupted after a restart.
  StreamEvent last{answer_.stream, seq.value_or(std::uint64_t{1} << 32), std::move(event),
                   std::move(data_json)};
  auto label = labels_.id(exchange.label);
  auto kept = co_await run_on(pool_, [this, &last, &label] { return store_.finish(answer_, last, label); });
  if (!kept) {
    last.name = "error";
    last.data_json = error_json(exchange, labels_, kept.error());
  }
  hub_.close(last);
  co_return kept;
}

}  // namespace bastide::chat
