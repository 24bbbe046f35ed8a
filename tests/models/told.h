// What a call was told by the end of its answer.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/models/reader.h"

namespace bastide::models::test {

struct Told {
  std::vector<int> tokens;
  std::vector<double> logprobs;
  std::uint32_t cached = 0, prompt = 0;
};

/// Of a call with "logprobs". Waits for its end.
inline Told told(Reader& reader, std::uint64_t call) {
  Told out;
  EXPECT_TRUE(reader.ended(call));
  for (const auto& frame : reader.all(FrameKind::logprobs, call))
    for (const auto& each : nlohmann::json::parse(frame)) {
      out.tokens.push_back(each["id"].get<int>());
      out.logprobs.push_back(each["logprob"].get<double>());
    }
  for (const auto& frame : reader.all(FrameKind::finish, call)) {
    out.cached = local::decode_finish(frame)->cached_tokens;
    out.prompt = local::decode_finish(frame)->input_tokens;
  }
  return out;
}

}  // namespace bastide::models::test
