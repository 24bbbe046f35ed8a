// The sampling fields of an OpenAI chat completion body, with those that users of llama-server and vLLM know.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/local/tool_schemas.h"
#include "models/schema/grammar.h"

namespace bastide::models::local {

struct LogitBias {
  std::string text;  // its tokens, where `token` is -1
  std::int32_t token = -1;
  float bias = 0;  // -infinity: never
};

/// Unset fields leave llama.cpp's own default.
struct Sampling {
  std::int64_t max_tokens = 0;  // max_completion_tokens, max_tokens or n_predict; 0: up to the context
  std::optional<float> temperature, top_p, min_p, typical_p, top_n_sigma, repeat_penalty, presence_penalty,
      frequency_penalty;
  std::optional<float> dynatemp_range, dynatemp_exponent, xtc_probability, xtc_threshold;
  std::optional<float> dry_multiplier, dry_base, mirostat_tau, mirostat_eta;
  std::optional<int> top_k, repeat_last_n, dry_allowed_length, dry_penalty_last_n, mirostat, min_keep;
  std::optional<std::vector<std::string>> dry_sequence_breakers;
  std::optional<std::vector<std::string>> samplers;  // in their order, by llama.cpp's names
  std::optional<std::uint32_t> seed;
  std::vector<LogitBias> logit_bias;
  int logprobs =
      -1;  // of so many candidates for each token (logprobs with top_logprobs, or n_probs); -1: none
  std::optional<int> guess_max;  // speculative.n_max: tokens guessed ahead; 0: none
  std::optional<int> guess_min;  // speculative.n_min: so many at least wherever there are guesses
  std::vector<std::string> stop_words;
  std::vector<std::int32_t> stop_token_ids;
  std::string grammar;      // GBNF
  std::string json_schema;  // JSON text, also from response_format
  schema::Grammar schema;   // what `json_schema` allows
  std::vector<ToolRules> tools;
  bool ignore_eos = false;
};

/// Code::invalid with detail bad_request and a message that names the field and its limits.
/// In the order of the call: properties of an answer come in that of its schema. `arguments`: how the model
/// writes those of its calls.
[[nodiscard]] Result<Sampling> read_sampling(const nlohmann::ordered_json& body,
                                             schema::Notation arguments = schema::Notation::json);

}  // namespace bastide::models::local
