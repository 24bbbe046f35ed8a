// Which of the running answers are computed together, and which of these read a beginning once for all.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "models/local/llama_engine.h"

namespace bastide::models::local {

/// Indices of slots in rising order, and how many of the first tokens all of them hold.
struct Group {
  std::vector<std::size_t> slots;
  std::size_t shared = 0;
};

/// Answers with the same adapters, which one computation goes on with: groups whose attention reads what they
/// share once, then those that share nothing, as a group with nothing shared.
using Computation = std::vector<Group>;

/// What a slot brings.
struct Answering {
  std::span<const Token> cache;  // empty: it does not answer
  std::string_view adapters{};
};

/// Every answering slot is in exactly one group. They are split so that the most tokens need not be read
/// again.
[[nodiscard]] std::vector<Computation> group_answers(std::span<const Answering> slots);

}  // namespace bastide::models::local
