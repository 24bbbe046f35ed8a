// The markers "[1]", "[1, 3]" of an answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bastide::knowledge::citations {

struct Marked {
  std::string text;          // without markers
  std::vector<int> markers;  // in order, each once; also ones that number nothing
};

/// Takes "[n]", "[n, m]" and "[n-m]" out, with the space before each.
[[nodiscard]] Marked take_markers(std::string_view sentence);
/// Puts "[n]" before the sentence's final punctuation and before closing marks of Markdown.
[[nodiscard]] std::string put_markers(std::string_view text, const std::vector<int>& markers);

}  // namespace bastide::knowledge::citations
