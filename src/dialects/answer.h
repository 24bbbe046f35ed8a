// What a model answered, whole.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dialects/part.h"

namespace bastide::dialects {

/// Tokens by what they cost. `input` holds all that the model read, the cached ones included; `output` all
/// that it wrote, reasoning included.
struct Usage {
  std::int64_t input = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  std::int64_t input_audio = 0;
  std::int64_t output_audio = 0;
  std::int64_t input_image = 0;
  std::int64_t output_image = 0;
  Others others{};
};

enum class Finish : std::uint8_t {
  stop,            // the model was done
  stop_sequence,   // it wrote one of the stop words
  length,          // max_tokens
  context_length,  // the model's window is full
  tool_calls,
  refusal,  // the model would not
  filter,   // the provider's filter would not
  pause,    // a long turn of server tools: send it back to go on
  cancelled,
  interrupted,  // it broke off
  other
};

struct TokenLogprob {
  std::string token;
  double logprob = 0;
  std::optional<std::vector<std::uint8_t>> bytes{};
  std::optional<std::int64_t> token_id{};
  std::vector<TokenLogprob> top{};
};

struct Logprobs {
  std::vector<TokenLogprob> content{};
  std::vector<TokenLogprob> refusal{};
};

struct Choice {
  std::vector<Part> parts{};
  Finish finish = Finish::stop;
  /// The dialect's own word where `finish` alone would not give it back ("MALFORMED_FUNCTION_CALL").
  RawField finish_raw{};
  std::string stop_sequence{};
  std::optional<Logprobs> logprobs{};
  Others others{};
};

struct ChatAnswer {
  Dialect from = Dialect::openai;
  std::string id{};
  std::string model{};
  std::int64_t created_s = 0;  // 0: not said
  std::vector<Choice> choices{};
  std::optional<Usage> usage{};
  std::string service_tier{};
  std::string bastide_json{};  // the `bastide` object of interface.md; empty: none
  Others others{};
};

}  // namespace bastide::dialects
