#include "dialects/part.h"

namespace bastide::dialects {

Part text_part(std::string text) { return Part{Text{std::move(text)}}; }

std::string text_of(const std::vector<Part>& parts, std::string_view separator) {
  std::string out;
  bool first = true;
  for (const auto& part : parts) {
    const auto* text = std::get_if<Text>(&part.content);
    if (text == nullptr) continue;
    if (!first) out += separator;
    first = false;
    out += text->text;
  }
  return out;
}

}  // namespace bastide::dialects
