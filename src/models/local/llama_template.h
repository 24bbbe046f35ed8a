// A call in the words of the model's own template, and how to read what the model answers.
#pragma once

#include <chat.h>

#include <string>
#include <vector>

#include "models/local/sampling.h"
#include "models/local/tool_choice.h"

namespace bastide::models::local {

/// A model's own. Read by any thread.
struct Templates {
  common_chat_templates_ptr prompts;
  common_chat_templates_ptr calls;                      // how they are written; null: as `prompts` say
  schema::Notation arguments = schema::Notation::json;  // of calls
  /// Its answers are plain text and its prompt is the template's alone, so that the analysis of the template,
  /// which costs a millisecond a call, can be left out where no tools are asked for.
  bool is_plain = false;
};
[[nodiscard]] Templates read_templates(const llama_model* model);
[[nodiscard]] Templates read_templates(common_chat_templates_ptr prompts);

/// How to tell text, reasoning and tool calls apart.
struct AnswerFormat {
  /// Each understands a kind of answer; the last one takes what the others do not. Empty: all of it is text.
  std::vector<common_chat_parser_params> parsers;
  std::vector<std::string> tools;  // names that may be called
  bool reads_json = false;         // calls, or an answer in a schema
  bool continues = false;          // the caller wrote the answer's beginning
  bool has_marks = true;           // no mark: what begins as a call and goes on otherwise is text
};

struct Rendered {
  common_chat_params chat;  // prompt, grammar, words that are one token
  AnswerFormat format;
};

/// `body` is an OpenAI chat completion body, `choice` what it says of its tools. Throws what the template
/// does.
[[nodiscard]] Rendered render(const Templates& templates, const common_json& body, const Sampling& sampling,
                              const ToolChoice& choice = {});

}  // namespace bastide::models::local
