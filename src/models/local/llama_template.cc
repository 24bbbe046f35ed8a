#include "models/local/llama_template.h"

#include <xxhash.h>

#include <algorithm>
#include <string_view>

#include "models/local/either_grammar.h"
#include "models/local/schema_rules.h"
#include "models/local/tool_aliases.h"

namespace bastide::models::local {
namespace {

using Mode = ToolChoice::Mode;

bool is_plain(const common_chat_templates* templates) try {
  common_chat_templates_inputs inputs;
  common_chat_msg question;
  question.role = "user";
  question.content = "Hello";
  inputs.messages = {question};
  inputs.reasoning_format = COMMON_REASONING_FORMAT_AUTO;
  const auto analysed = common_chat_templates_apply(templates, inputs);
  inputs.force_pure_content = true;
  const auto plain = common_chat_templates_apply(templates, inputs);
  return !analysed.supports_thinking && analysed.thinking_start_tag.empty() &&
         analysed.additional_stops.empty() && analysed.preserved_tokens.empty() && analysed.grammar.empty() &&
         analysed.prompt == plain.prompt;
} catch (const std::exception&) {
  return false;
}

bool flag_of(const common_json& body, const char* name, bool otherwise) {
  return body.contains(name) && body.at(name).is_boolean() ? body.at(name).get<bool>() : otherwise;
}

/// gpt-oss knows three efforts, and no answer without thoughts.
std::string harmony_effort(const std::string& effort) {
  if (effort == "none" || effort == "minimal") return "low";
  return effort == "xhigh" || effort == "max" ? "high" : effort;
}

void set_reasoning(common_chat_templates_inputs& inputs, const common_json& body,
                   const std::string& template_text) {
  inputs.reasoning_format = COMMON_REASONING_FORMAT_AUTO;
  if (body.contains("chat_template_kwargs") && body.at("chat_template_kwargs").is_object())
    for (const auto& entry : body.at("chat_template_kwargs").items())
      inputs.chat_template_kwargs[entry.key()] = entry.value().dump();
  if (const auto thinking = inputs.chat_template_kwargs.find("enable_thinking");
      thinking != inputs.chat_template_kwargs.end())
    inputs.enable_thinking = thinking->second != "false";
  if (!body.contains("reasoning_effort") || !body.at("reasoning_effort").is_string()) return;
  auto effort = body.at("reasoning_effort").get<std::string>();
  if (template_text.find("<|channel|>analysis") != std::string::npos)
    effort = harmony_effort(effort);
  else if (effort == "none")
    inputs.enable_thinking = false;
  if (effort != "none") inputs.chat_template_kwargs["reasoning_effort"] = common_json(effort).dump();
}

/// Nine letters and digits: the same of the same text.
std::string short_id(const std::string& id) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string out;
  for (auto rest = XXH3_64bits(id.data(), id.size()); out.size() < 9; rest /= digits.size())
    out += digits[rest % digits.size()];
  return out;
}

/// Mistral's older templates refuse identifiers of calls that are not nine letters and digits, as those of
/// other models and ours are not.
void shorten_ids(std::vector<common_chat_msg>& messages, const std::string& template_text) {
  if (template_text.find("alphanumeric strings with length 9") == std::string::npos) return;
  const auto shorten = [](std::string& id) {
    if (!id.empty() && id.size() != 9) id = short_id(id);
  };
  for (auto& message : messages) {
    shorten(message.tool_call_id);
    for (auto& call : message.tool_calls) shorten(call.id);
  }
}

common_chat_templates_inputs inputs_of(const common_chat_templates* templates, const common_json& body,
                                       const Sampling& sampling, const ToolChoice& choice) {
  common_chat_templates_inputs inputs;
  const auto template_text = common_chat_templates_source(templates);
  inputs.messages = common_chat_msgs_parse_oaicompat(body.at("messages"));
  shorten_ids(inputs.messages, template_text);
  if (body.contains("tools")) inputs.tools = common_chat_tools_parse_oaicompat(body.at("tools"));
  inputs.tool_choice = choice.mode == Mode::none       ? COMMON_CHAT_TOOL_CHOICE_NONE
                       : choice.mode == Mode::required ? COMMON_CHAT_TOOL_CHOICE_REQUIRED
                                                       : COMMON_CHAT_TOOL_CHOICE_AUTO;
  if (!inputs.tools.empty())
    inputs.parallel_tool_calls =
        flag_of(body, "parallel_tool_calls",
                common_chat_templates_get_caps(templates)["supports_parallel_tool_calls"]);
  if (!sampling.json_schema.empty()) inputs.json_schema = schema_stand_in;
  inputs.grammar = sampling.grammar;
  set_reasoning(inputs, body, template_text);
  if (!inputs.messages.empty() && inputs.messages.back().role == "assistant" &&
      inputs.messages.back().tool_calls.empty()) {
    // The last turn is the model's own: it goes on from there.
    inputs.continue_final_message = COMMON_CHAT_CONTINUATION_AUTO;
    inputs.add_generation_prompt = false;
  }
  return inputs;
}

common_chat_parser_params parser_of(const common_chat_params& chat) {
  common_chat_parser_params out(chat);
  out.reasoning_format = COMMON_REASONING_FORMAT_AUTO;
  if (!chat.parser.empty()) out.parser.load(chat.parser);
  return out;
}

/// What llama.cpp made of schemas gives way to what holds exactly.
void keep_schemas(const Sampling& sampling, const common_chat_templates_inputs& inputs,
                  const ToolAliases& aliases, common_chat_params& out) {
  for (const auto& tool : sampling.tools)
    if (const auto name = aliases.of(tool.name);
        std::ranges::find(inputs.tools, name, &common_chat_tool::name) != inputs.tools.end())
      (void)replace_tool_rule(out.grammar, name, tool.parameters);
  if (inputs.json_schema.empty()) return;
  show_schema(out.prompt, sampling.json_schema);
  if (out.grammar.empty() || replace_stand_in(out.grammar, sampling.schema)) return;
  // A template that knows no schema: the schema's own grammar is taken.
  out.grammar.clear();
  out.grammar_lazy = false;
  out.grammar_triggers.clear();
}

common_chat_params applied(const common_chat_templates* templates, const common_chat_templates_inputs& inputs,
                           const Sampling& sampling, const ToolAliases& aliases) {
  auto out = common_chat_templates_apply(templates, inputs);
  // The words that the caller began with are before a call all the same.
  if (inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED &&
      inputs.continue_final_message == COMMON_CHAT_CONTINUATION_NONE)
    out.grammar = without_words_before_calls(std::move(out.grammar));
  if (!inputs.parallel_tool_calls) out.grammar = with_one_call(std::move(out.grammar));
  keep_schemas(sampling, inputs, aliases, out);
  aliases.undo(out);
  return out;
}

/// Only `names` may be called. The prompt tells of all tools nevertheless: it stays the one whose state is
/// kept, and the model knows what earlier calls were.
common_chat_params apply(const Templates& templates, common_chat_templates_inputs inputs,
                         const Sampling& sampling, const std::vector<std::string>& names) {
  auto whole = applied(templates.prompts.get(), inputs, sampling, {});
  const auto& calls = templates.calls && !inputs.tools.empty() ? templates.calls : templates.prompts;
  if (!names.empty())
    std::erase_if(inputs.tools,
                  [&](const auto& tool) { return std::ranges::find(names, tool.name) == names.end(); });
  const ToolAliases aliases(inputs.tools);
  if (names.empty() && calls == templates.prompts && aliases.empty()) return whole;
  auto out = applied(calls.get(), inputs, sampling, aliases);
  if (out.generation_prompt != whole.generation_prompt)
    out = applied(templates.prompts.get(), inputs, sampling, aliases);
  out.prompt = std::move(whole.prompt);
  return out;
}

/// llama.cpp takes a schema or tools. Here the answer is either: one in the schema, or calls.
void add_calls(Rendered& out, const common_chat_params& must_call) {
  out.chat.grammar = either_grammar(out.chat.grammar, must_call.grammar);
  out.chat.grammar_lazy = false;
  out.chat.grammar_triggers.clear();
  out.format.parsers.insert(out.format.parsers.begin(), parser_of(must_call));
}

}  // namespace

Templates read_templates(common_chat_templates_ptr prompts) {
  Templates out;
  out.is_plain = is_plain(prompts.get());
  // llama.cpp's analysis takes the mark that ends an answer for one that ends the identifier of a call, and
  // then knows none of its calls.
  const auto text = common_chat_templates_source(prompts.get());
  if (text.find("[CALL_ID]") != std::string::npos) out.calls = common_chat_templates_init(nullptr, text);
  if (text.find("'<|tool_call>call:'") != std::string::npos) out.arguments = schema::Notation::gemma4;
  out.prompts = std::move(prompts);
  return out;
}

Templates read_templates(const llama_model* model) {
  return read_templates(common_chat_templates_init(model, ""));
}

Rendered render(const Templates& templates, const common_json& body, const Sampling& sampling,
                const ToolChoice& choice) {
  auto inputs = inputs_of(templates.prompts.get(), body, sampling, choice);
  const bool may_call = !inputs.tools.empty() && choice.mode != Mode::none;
  const bool must_call = may_call && choice.mode == Mode::required;
  if (must_call) inputs.json_schema.clear();  // calls have schemas of their own
  inputs.force_pure_content = templates.is_plain && inputs.tools.empty() &&
                              inputs.continue_final_message == COMMON_CHAT_CONTINUATION_NONE;
  const bool is_either = may_call && !must_call && !inputs.json_schema.empty();
  if (is_either) inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;  // first the schema's part
  Rendered out;
  out.chat = apply(templates, inputs, sampling, choice.names);
  out.format.continues = inputs.continue_final_message != COMMON_CHAT_CONTINUATION_NONE;
  if (may_call)
    for (const auto& tool : inputs.tools)
      if (choice.names.empty() || std::ranges::find(choice.names, tool.name) != choice.names.end())
        out.format.tools.push_back(tool.name);
  // With a schema, the grammar lets the model fence the JSON, and the parser takes the fence away.
  const bool may_fence = !inputs.force_pure_content && !inputs.json_schema.empty();
  out.format.reads_json = may_call || may_fence;
  // Llama 3 writes a call as bare JSON.
  out.format.has_marks = !may_call || !out.chat.grammar.empty();
  if (may_call || may_fence || !out.chat.thinking_start_tag.empty() || out.chat.supports_thinking)
    out.format.parsers.push_back(parser_of(out.chat));
  if (is_either) {
    inputs.json_schema.clear();
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    const auto calls = apply(templates, inputs, sampling, choice.names);
    if (!calls.grammar.empty() && !out.chat.grammar.empty()) add_calls(out, calls);
  }
  return out;
}

}  // namespace bastide::models::local
