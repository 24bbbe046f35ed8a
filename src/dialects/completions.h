// OpenAI's /v1/completions, from the time before chat: a text in, what follows it out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/codec.h"

namespace bastide::dialects {

inline constexpr std::size_t prompts_max = 64;

/// A body of /v1/completions.
struct Completions {
  ChatRequest request{};  // of each prompt, but for its messages; marked with its form
  std::vector<std::string> prompts{};
  std::string suffix{};      // what stands after the gap; empty: there is none
  bool echo = false;         // the answer begins with the prompt
  bool scores_only = false;  // max_tokens is 0: nothing is to be written
  std::int64_t best_of = 1;  // so many are written, and the best `n` told
  std::int64_t choices = 1;  // `n`, of each prompt
};
/// Code::invalid names the field that is wrong: invalid_prompt where the prompt is a list of token ids, which
/// nobody but their model can read. Where it does not say how much may be written, that is 16 tokens, as
/// this dialect's servers have it.
[[nodiscard]] Result<Completions> read_completions(std::string_view body);
/// The messages of one of its prompts.
[[nodiscard]] std::vector<Message> messages_of(const Completions& completions, std::size_t prompt);

/// What a call gives back before its answers: `prompts` in their order, each for `choices` answers.
struct Echo {
  std::vector<std::string> prompts{};
  std::int64_t choices = 1;
};
/// Requests of one prompt. `echo` is for what is encoded; no prompts: nothing is given back.
[[nodiscard]] std::unique_ptr<Codec> make_completions_codec(Echo echo);
[[nodiscard]] const Codec& completions_codec();

}  // namespace bastide::dialects
