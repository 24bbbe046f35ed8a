// The keys and values of a sequence, as llama.cpp writes them for one sequence, cut into blocks of tokens and
// put together again. Knows the layout of the llama.cpp that tools/setup pins; a layout that it does not know
// is an error, never a guess.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::models::local {

/// Cuts `count` blocks off the beginning of `state`, which holds the tokens of the positions `first`, `first`
/// + 1
/// ...: one that lacks some of them is refused. Code::unsupported.
[[nodiscard]] Result<std::vector<std::string>> cut_state(std::string_view state, std::size_t block,
                                                         std::size_t first, std::size_t count);

/// The state of a sequence that holds the tokens of `blocks`, one after the other, for a context of `slots`
/// sequences. Code::corrupt when they do not belong together.
[[nodiscard]] Result<std::string> join_state(std::span<const std::string_view> blocks, std::size_t slots);

}  // namespace bastide::models::local
