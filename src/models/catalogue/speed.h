// What a machine does with a model, as `bastide model bench` measured it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/json.h"

namespace bastide::models {

/// Tokens per second; 0 where the kind of model does not have it.
struct Speed {
  std::string at;       // RFC 3339, UTC
  std::string machine;  // its processor, for people
  double load_s = 0;
  int threads = 0;
  std::string place;         // what computes it, for people
  double prompt = 0;         // of a prompt of 512 tokens
  double one_answer = 0;     // after it, one token after the other
  double eight_answers = 0;  // all eight together, after the same prompt
  double embedding = 0;      // of passages of 128 tokens
  double wh = 0;             // watt-hours of 1,000 tokens of one answer, or of passages; 0: not known
  std::string energy;        // what counted it: "RAPL", "RAPL and NVML"; empty: this machine tells nothing
};

/// Its fields, into the object that is open.
void put_speed(JsonWriter& json, const Speed& speed);
/// Nothing where `json` is none.
[[nodiscard]] std::optional<Speed> get_speed(const nlohmann::json& json);

}  // namespace bastide::models
