#include "knowledge/citations/markers.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bastide::knowledge::citations {
namespace {
constexpr int marker_max = 999;

/// The numbers of "[...]" at `at`, and where it ends; nothing when it is no marker.
struct Bracket {
  std::vector<int> numbers;
  std::size_t end = 0;
};

std::optional<Bracket> read_bracket(std::string_view text, std::size_t at) {
  if (text[at] != '[') return std::nullopt;
  Bracket found;
  int from = 0;
  bool expect_number = true, range = false;
  for (std::size_t i = at + 1; i < text.size();) {
    const char c = text[i];
    if (c >= '0' && c <= '9' && expect_number) {
      int number = 0;
      const auto [end, bad] =
          std::from_chars(text.data() + i, text.data() + std::min(text.size(), i + 4), number);
      if (bad != std::errc() || number > marker_max) return std::nullopt;
      i = static_cast<std::size_t>(end - text.data());
      if (range && number - from > 20) return std::nullopt;
      for (int n = range ? from + 1 : number; n <= number; ++n) found.numbers.push_back(n);
      from = number;
      expect_number = range = false;
    } else if ((c == ',' || c == ';' || c == '-') && !expect_number) {
      expect_number = true;
      range = c == '-';
      ++i;
    } else if (c == ' ') {
      ++i;
    } else if (c == ']' && !expect_number) {
      // "[1](address)" is a link.
      if (i + 1 < text.size() && text[i + 1] == '(') return std::nullopt;
      found.end = i + 1;
      return found;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}
}  // namespace

Marked take_markers(std::string_view sentence) {
  Marked out;
  for (std::size_t i = 0; i < sentence.size();) {
    const auto bracket = read_bracket(sentence, i);
    if (!bracket) {
      out.text += sentence[i++];
      continue;
    }
    for (int number : bracket->numbers)
      if (std::ranges::find(out.markers, number) == out.markers.end()) out.markers.push_back(number);
    i = bracket->end;
    while (!out.text.empty() && out.text.back() == ' ') out.text.pop_back();
    const bool word_follows = i < sentence.size() && static_cast<unsigned char>(sentence[i]) > ' ' &&
                              std::string_view(".,;:!?)*_|").find(sentence[i]) == std::string_view::npos;
    if (word_follows && sentence[i] != '[' && !out.text.empty()) out.text += ' ';
  }
  return out;
}

std::string put_markers(std::string_view text, const std::vector<int>& markers) {
  if (markers.empty()) return std::string(text);
  auto end = text.size();
  auto back_over = [&](std::string_view set) {
    while (end > 0 && set.find(text[end - 1]) != std::string_view::npos) --end;
  };
  back_over(" \t\r\n");
  back_over("|");
  back_over(" ");
  back_over("*_");
  back_over(".!?;:");
  constexpr std::string_view ellipsis = "…";
  if (text.substr(0, end).ends_with(ellipsis)) end -= ellipsis.size();
  back_over(" ");
  std::string out(text.substr(0, end));
  out += out.empty() ? "" : " ";
  for (int marker : markers) {
    out += '[';
    out += std::to_string(marker);
    out += ']';
  }
  return out.append(text.substr(end));
}

}  // namespace bastide::knowledge::citations
