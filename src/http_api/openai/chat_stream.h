// Chat completions going out: one object, or chunks as they come.
#pragma once

#include <string>

#include "exchange/exchange.h"
#include "net/server.h"

namespace bastide::http_api {

/// The sink of exchanges that come from /v1/chat/completions. Lives as long as its exchange.
class ChatStream final : public exchange::AnswerSink {
 public:
  enum class Mode { whole, chunks };
  ChatStream(net::ServerCall& http, const exchange::Exchange& exchange, const policy::Labels& labels,
             Mode mode, bool include_usage);

  Task<Result<void>> on_stage(const exchange::StageTrace& stage) override;
  Task<Result<void>> on_masked(const std::vector<exchange::Masked>& masked) override;
  Task<Result<void>> on_text(std::string text) override;
  Task<Result<void>> on_reasoning(std::string text) override;
  Task<Result<void>> on_citation(const exchange::Citation& citation) override;
  Task<Result<void>> on_replace(std::string text, std::string reason) override;
  Task<Result<void>> on_tool_calls(std::string openai_json) override;
  Task<Result<void>> on_done(const exchange::Exchange& exchange) override;

  /// Whether bytes went out: an error is then told inside the stream.
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] Task<Result<void>> break_off(Error error);

 private:
  [[nodiscard]] Task<Result<void>> begin();
  [[nodiscard]] Task<Result<void>> chunk(std::string delta_json);
  [[nodiscard]] std::string frame(const std::string& choice_json, const std::string& more = {}) const;

  net::ServerCall& http_;
  const exchange::Exchange& exchange_;
  const policy::Labels& labels_;
  Mode mode_;
  bool include_usage_;
  bool started_ = false;
  std::string reasoning_;
  std::string tool_calls_;  // whole mode: merged deltas, an array
};

}  // namespace bastide::http_api
