// The sampling fields of an OpenAI chat completion body, with those that users of llama-server and vLLM know.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace bastide::models::local {

/// Unset fields leave llama.cpp's own default.
struct Sampling {
  std::int64_t max_tokens = 0;  // max_completion_tokens, max_tokens or n_predict; 0: up to the context
  std::optional<float> temperature, top_p, min_p, typical_p, repeat_penalty, presence_penalty,
      frequency_penalty;
  std::optional<int> top_k, repeat_last_n;
  std::optional<std::uint32_t> seed;
  std::vector<std::string> stop_words;
  std::string grammar;      // GBNF
  std::string json_schema;  // JSON text, also from response_format
  bool ignore_eos = false;
};

/// Code::invalid with detail bad_request and a message that names the field and its limits.
[[nodiscard]] Result<Sampling> read_sampling(const nlohmann::json& body);

}  // namespace bastide::models::local
