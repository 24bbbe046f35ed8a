// What a model can do beside answering, by its own chat template.
#pragma once

#include <string_view>

namespace bastide::models::local {

struct Skills {
  bool calls_tools = false;
  bool thinks = false;  // before it answers, apart from the answer
};

/// None for a template that cannot be read. Takes some milliseconds; a template is a program, and one that
/// does not end keeps the caller.
[[nodiscard]] Skills read_skills(std::string_view chat_template);

}  // namespace bastide::models::local
