// Frames of server-sent events, appended.
#pragma once

#include <string>
#include <string_view>

namespace bastide::dialects {

/// `data` is JSON on one line, or a word.
inline void write_event(std::string_view name, std::string_view data, std::string& out) {
  if (!name.empty()) out.append("event: ").append(name).append("\n");
  out.append("data: ").append(data).append("\n\n");
}

}  // namespace bastide::dialects
