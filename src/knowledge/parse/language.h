// Which of the languages of the house a text is written in.
#pragma once

#include <string>
#include <string_view>

namespace bastide::knowledge::parse::detail {

/// "fr" or "en" by the commonest words of each in the first 40,000 bytes; empty when neither is clear.
[[nodiscard]] std::string guess_language(std::string_view text);

}  // namespace bastide::knowledge::parse::detail
