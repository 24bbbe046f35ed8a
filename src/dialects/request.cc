#include "dialects/request.h"

namespace bastide::dialects {

Message text_message(Role role, std::string text) {
  Message out;
  out.role = role;
  out.parts.push_back(text_part(std::move(text)));
  return out;
}

std::string text_of(const Message& message) {
  auto out = text_of(message.parts, "\n");
  for (const auto& part : message.parts)
    if (const auto* result = std::get_if<ToolResult>(&part.content)) {
      if (!out.empty()) out += "\n";
      out += text_of(result->parts, "\n");
    }
  return out;
}

}  // namespace bastide::dialects
