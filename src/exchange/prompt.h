// From what was asked to what a model reads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "exchange/exchange.h"

namespace bastide::exchange {

/// The last thing the person said.
[[nodiscard]] std::string question_of(const Ask& ask);
/// What to search for: the question, with the one before it when it is too short to stand alone.
[[nodiscard]] std::string query_of(const Ask& ask);
/// The ask with what compose made of its messages: what a model within the walls receives.
[[nodiscard]] dialects::ChatRequest call_of(const Exchange& exchange);
/// Whether an answer in words is wanted, rather than a ranking, vectors or sound.
[[nodiscard]] bool wants_words(const Ask& ask);
/// Whether the router may choose.
[[nodiscard]] bool wants_any_model(const Ask& ask);

/// An upper estimate where no tokenizer is at hand: a token for three bytes of text and tool arguments, four
/// a message, a thousand an image or file.
[[nodiscard]] std::int64_t estimate_tokens(std::span<const Message> messages);
/// What they take at the least, in any tokeniser that is in use: where this is too long, nothing is refused
/// by a guess. Models themselves count exactly.
[[nodiscard]] std::int64_t least_tokens(std::span<const Message> messages);
/// More tokens than `messages` can have in any vocabulary: one for each byte, and what an image by address
/// may add.
[[nodiscard]] std::int64_t tokens_bound(std::span<const Message> messages);
/// The same of all that the exchange's model will read, tools and schemas included.
[[nodiscard]] std::int64_t input_bound(const Exchange& exchange);
/// The longest answer that `model` may give: what budgets allow or was asked for, else the model's own most,
/// else 16,384.
[[nodiscard]] std::int64_t answer_bound(const Exchange& exchange, const policy::ModelCard& model);
/// Tokens to keep free for the answer.
[[nodiscard]] std::int64_t answer_tokens(const Ask& ask);

struct Composed {
  std::vector<Message> messages;
  std::int64_t tokens = 0;
  std::int64_t instruction_tokens = 0;
  int turns_dropped = 0;
};

/// Instructions first, then the history from its end backwards as far as `window_tokens` allows, the question
/// always. Passages are numbered from 1 in their order. Code::too_large when the question alone does not fit.
[[nodiscard]] Result<Composed> compose_prompt(const Ask& ask, std::span<const Passage> passages,
                                              std::int64_t window_tokens);

}  // namespace bastide::exchange
