// The contextual header of a passage: what it stands under is indexed along with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bastide::knowledge::ingest {

/// Title, section path and text as the embedding model reads them (contextual chunk headers: facts, Pass@5 81
/// to 86).
[[nodiscard]] std::string embedded_text(std::string_view title, std::string_view section,
                                        std::string_view text);
/// The terms of the same for the lexical index.
[[nodiscard]] std::vector<std::string> indexed_terms(std::string_view title, std::string_view section,
                                                     std::string_view text);

}  // namespace bastide::knowledge::ingest
