// Prompts without a template: a text to go on from, or a gap, where the vocabulary's own tokens stand around
// the texts before and after it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

/// Text of the user's message number `index`; empty when there is none.
std::string text_at(const nlohmann::json& body, std::size_t index) {
  const auto& messages = body.at("messages");
  if (index >= messages.size()) return {};
  const auto content = messages[index].find("content");
  return content != messages[index].end() && content->is_string() ? content->get<std::string>()
                                                                  : std::string();
}

Result<std::vector<Token>> gap_prompt(const llama_vocab* vocab, const nlohmann::json& body) {
  const Token before = llama_vocab_fim_pre(vocab);
  const Token after = llama_vocab_fim_suf(vocab);
  const Token middle = llama_vocab_fim_mid(vocab);
  if (before == LLAMA_TOKEN_NULL || after == LLAMA_TOKEN_NULL || middle == LLAMA_TOKEN_NULL)
    return fail(Code::invalid, "This model cannot fill gaps: its vocabulary has no tokens for that.",
                "no_infill", "Choose a model that was trained for code completion.");
  std::vector<Token> out;
  if (llama_vocab_get_add_bos(vocab)) out.push_back(llama_vocab_bos(vocab));
  const auto add = [&](Token mark, const std::string& text) {
    out.push_back(mark);
    const auto tokens = common_tokenize(vocab, text, false, false);
    out.insert(out.end(), tokens.begin(), tokens.end());
  };
  add(before, text_at(body, 0));
  add(after, text_at(body, 1));
  out.push_back(middle);
  return out;
}

}  // namespace

Form form_of(const nlohmann::json& body) {
  const auto caller = body.find("bastide");
  const auto word =
      caller != body.end() && caller->is_object() ? caller->value("form", std::string()) : std::string();
  return word == "gap" ? Form::gap : word == "continuation" ? Form::continuation : Form::talk;
}

Result<std::vector<Token>> text_prompt(const llama_vocab* vocab, const nlohmann::json& body, Form form) {
  if (form == Form::gap) return gap_prompt(vocab, body);
  // Who writes a model's marks into its text means them: the template is theirs.
  return common_tokenize(vocab, text_at(body, 0), true, true);
}

}  // namespace bastide::models::local
