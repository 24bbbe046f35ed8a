// Provider: models that run elsewhere, behind one dialect.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "exchange/ports.h"

namespace bastide::models {

/// Thread-safe; called on a net::Loop's thread.
class Provider {
 public:
  virtual ~Provider() = default;
  /// Returns once the provider has accepted the call. Errors: Code::upstream with detail provider_key,
  /// provider_model, provider_rejected, provider_failed, provider_overloaded, wrong_content_type,
  /// invalid_json, truncated, too_large or those of net::Client; Code::rate_limited (the action says how long
  /// to wait); Code::timeout; Code::invalid with context_too_long; Code::cancelled.
  virtual Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall call,
                                                                    std::stop_token stop) = 0;
  /// Returns once the provider has accepted the call. Errors as of `start`.
  virtual Task<Result<std::unique_ptr<exchange::ProviderAnswer>>> send(exchange::ProviderCall call,
                                                                       std::stop_token stop) = 0;
  /// One normalised vector a text.
  virtual Task<Result<std::vector<std::vector<float>>>> embed(std::string upstream,
                                                              std::vector<std::string> texts,
                                                              std::stop_token stop) = 0;
  /// By the address and words that Jina, Cohere, vLLM and llama-server share: POST /rerank.
  virtual Task<Result<exchange::Ranking>> rerank(std::string upstream, std::string query,
                                                 std::vector<std::string> documents,
                                                 std::stop_token stop) = 0;
};

}  // namespace bastide::models
