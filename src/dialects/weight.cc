#include "dialects/weight.h"

namespace bastide::dialects {
namespace {

// Where base64 begins in a long string within `json`; npos when it holds none. It stands in data: addresses
// and in fields called "data"; amid other text it is text for the model too.
std::size_t base64_begin(std::string_view json, std::string_view text) {
  constexpr std::size_t media_type_bytes_max = 128;
  constexpr std::string_view mark = ";base64,";
  if (text.starts_with("data:")) {
    const auto at = text.substr(0, media_type_bytes_max).find(mark);
    return at == std::string_view::npos ? at : at + mark.size();
  }
  auto before = json.substr(0, static_cast<std::size_t>(text.data() - json.data()) - 1);
  const auto cut_blanks = [&] {
    while (!before.empty() && static_cast<unsigned char>(before.back()) <= ' ') before.remove_suffix(1);
  };
  cut_blanks();
  if (!before.ends_with(':')) return std::string_view::npos;
  before.remove_suffix(1);
  cut_blanks();
  return before.ends_with("\"data\"") ? 0 : std::string_view::npos;
}

}  // namespace

void Weight::add(std::string_view json, const std::vector<std::string_view>& long_strings) {
  text += json.size();
  for (auto one : long_strings) {
    const auto begin = base64_begin(json, one);
    if (begin == std::string_view::npos) continue;
    text -= one.size() - begin;
    ++attachments;
  }
}

}  // namespace bastide::dialects
