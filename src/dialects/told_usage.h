// What an answer of a service (vectors, judgements, transcripts, speech) says of its cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dialects/answer.h"

namespace bastide::dialects {

struct ToldUsage {
  Usage tokens{};
  std::int64_t audio_ms = 0;  // of sound that was read, where the provider counts time
};

/// Of a whole answer, or of the last event of a stream. Nothing when it does not say, or is no JSON object.
[[nodiscard]] std::optional<ToldUsage> told_usage(Dialect from, std::string_view json);

}  // namespace bastide::dialects
