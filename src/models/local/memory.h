// How much memory a model needs and how much this machine, or the container around us, has left.
#pragma once

#include <cstdint>
#include <string>

#include "models/gguf/reader.h"

namespace bastide::models::local {

/// Answers that one model writes at once, where there is memory for them.
constexpr int slots_default = 16;

/// Bytes that can be taken without swapping: MemAvailable, or less where a control group (v2 or v1) limits
/// us. `root` is "/" but in tests.
[[nodiscard]] std::uint64_t available_memory_bytes(const std::string& root = "/");

/// Weights, keys and values of `slots` contexts, and what llama.cpp computes with.
[[nodiscard]] std::uint64_t needed_memory_bytes(const gguf::FileFacts& facts, std::int64_t context_tokens,
                                                int slots);

}  // namespace bastide::models::local
