// `bastide model bench`: what this machine does with a model, measured now.
#pragma once

#include <string>

#include "base/result.h"
#include "models/catalogue/manifest.h"

namespace bastide::models {

/// Tokens per second; 0 where the kind of model does not have it.
struct Speed {
  double load_s = 0;
  int threads = 0;
  std::string place;         // what computes it, for people
  double prompt = 0;         // of a prompt of 512 tokens
  double one_answer = 0;     // after it, one token after the other
  double eight_answers = 0;  // all eight together, after the same prompt
  double embedding = 0;      // of passages of 128 tokens
};

/// Loads the model into this process and computes for some seconds. Code::unavailable with load_failed or
/// not_enough_memory.
[[nodiscard]] Result<Speed> measure_speed(const Manifest& manifest);

}  // namespace bastide::models
