// The text normaliser of a SentencePiece tokenizer, as the double array that llama.cpp reads
// (`tokenizer.ggml.precompiled_charsmap`).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bastide::models::convert {

/// What each sequence of bytes becomes, both UTF-8.
using Replacements = std::map<std::string, std::string>;

/// Adds the composition of base letter and combining mark for every canonical decomposition under U+2000,
/// where the sequence has no replacement yet: per-code-point maps lack it.
void add_compositions(Replacements& replacements);

/// Four bytes of length, a Darts-clone double array (github.com/s-yata/darts-clone: bits 0-7 label, bit 8 has
/// a value, bits 10-30 offset, bit 9 offset << 8, bit 31 a value unit), then the replacements, each with a
/// NUL. The same input gives the same bytes. Keys hold no NUL.
[[nodiscard]] std::string build_charsmap(const Replacements& replacements);

}  // namespace bastide::models::convert
