// Tools under names of our own while llama.cpp makes a grammar and a parser for their calls. It names rules
// after tools, and where two come to the same name (get_weather and get-weather; call, whose "tool-call" is a
// rule of its own) one takes the other's place: a call is not allowed, or its rule leads to itself for ever.
#pragma once

#include <chat.h>

#include <string>
#include <vector>

namespace bastide::models::local {

class ToolAliases {
 public:
  ToolAliases() = default;
  /// Renames `tools` where rules of theirs would clash, else leaves them alone.
  explicit ToolAliases(std::vector<common_chat_tool>& tools);

  [[nodiscard]] bool empty() const { return names_.empty(); }
  /// The name of `tool` for llama.cpp.
  [[nodiscard]] std::string of(const std::string& tool) const;
  /// Puts the tools' own names where calls have them.
  void undo(common_chat_params& made) const;

 private:
  void put_names(std::string& text, bool is_gbnf) const;

  std::vector<std::string> names_;
};

}  // namespace bastide::models::local
