// Several answers to one call: as many exchanges side by side, joined at the door.
#pragma once

#include "dialects/codec.h"
#include "exchange/exchange.h"
#include "http_api/call.h"

namespace bastide::http_api {

inline constexpr std::int64_t choices_max = 16;  // of a prompt
inline constexpr std::int64_t answers_max = 64;  // of a call

struct ChoicesCall {
  const dialects::Codec& codec;
  std::int64_t count = 2;  // of each prompt
  bool stream = false;
  bool include_usage = true;
  exchange::Ask ask{};  // of each; a seed is counted up
  /// Each in the place of the ask's messages. None: the ask's own are the one prompt.
  std::vector<std::vector<dialects::Message>> prompts{};
};

/// Answers with `count` choices for each prompt, which interleave in a stream; 16 are asked for at once. Each
/// is an exchange of its own, with its limits, its reservation, its receipt and its row in the usage log;
/// x-bastide-exchange names the first, x-bastide-exchanges all. Their usage is told as a sum. When one fails
/// the others are stopped and the call fails.
[[nodiscard]] Task<Result<void>> answer_choices(Call& call, ChoicesCall wanted);

}  // namespace bastide::http_api
