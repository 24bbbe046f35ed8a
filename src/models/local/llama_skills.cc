#include <chat.h>

#include <exception>
#include <string>

#include "models/local/skills.h"

namespace bastide::models::local {

Skills read_skills(std::string_view chat_template) try {
  if (chat_template.empty()) return {};
  const auto templates = common_chat_templates_init(nullptr, std::string(chat_template));
  const auto caps = common_chat_templates_get_caps(templates.get());
  const auto has = [&](const char* name) {
    const auto found = caps.find(name);
    return found != caps.end() && found->second;
  };
  common_chat_msg question;
  question.role = "user";
  question.content = "Hello";
  common_chat_templates_inputs inputs;
  inputs.messages = {question};
  inputs.reasoning_format = COMMON_REASONING_FORMAT_AUTO;
  const auto chat = common_chat_templates_apply(templates.get(), inputs);
  return {has("supports_tools") && has("supports_tool_calls"),
          chat.supports_thinking || !chat.thinking_start_tag.empty() || has("supports_reasoning_effort")};
} catch (const std::exception&) {
  return {};
}

}  // namespace bastide::models::local
