// Speculation: an answer often repeats what stands before it (quotes, corrected texts, names). What followed
// there is guessed to follow here, and several guessed tokens are checked in one computation.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "models/local/llama_engine.h"

namespace bastide::models::local {

/// With the token before it, a guess stays below the eight at which llama.cpp takes other kernels, which sum
/// in another order.
constexpr std::size_t guess_max = 6;

struct Guess {
  enum class Source { repetition, draft, grammar };
  std::vector<Token> tokens;
  std::size_t matched = 0;  // so many of the last tokens stood there too
  Source source = Source::repetition;
};

/// What followed the latest of the longest earlier places that end as `tokens` does. Empty where less than
/// three tokens agree. Looks back over 32,768 tokens at most.
[[nodiscard]] Guess look_up(std::span<const Token> tokens, std::size_t size_max);

/// How long a computation of so many tokens takes, in computations of one. Learnt while it runs.
class RowCosts {
 public:
  void note(std::size_t rows, double seconds);
  [[nodiscard]] double of(std::size_t rows) const;
  /// `seconds` in computations of one token. Infinite where that is not known.
  [[nodiscard]] double in_tokens(double seconds) const;

 private:
  std::array<double, guess_max + 2> seconds_{};  // by rows; 0: not known
};

/// How many of the guessed tokens of one answer are worth checking, by how its guesses went.
class Speculation {
 public:
  explicit Speculation(Draws draws = Draws::the_likeliest);
  /// 0: none. Never more than `guess` has.
  [[nodiscard]] std::size_t worth_checking(const Guess& guess, const RowCosts& costs) const;
  /// How many tokens, `size_max` at most, a draft model should guess that takes `token_s` over each. 0: none;
  /// where `token_s` is 0, which is not known, as many as that needs.
  [[nodiscard]] std::size_t worth_drafting(std::size_t size_max, double token_s, const RowCosts& costs) const;
  /// How the answer went on: the first `right` tokens of `guess` were right; all that followed was right or
  /// was not looked at when `right` is `looked_at`.
  void learn(const Guess& guess, std::size_t right, std::size_t looked_at);

 private:
  /// How likely a guessed token is right, if those before it were: by how much agreed (3, 4 to 7, more), and
  /// of a draft model's and of what a grammar forces.
  std::array<double, 5> right_;
};

}  // namespace bastide::models::local
