// Draft: a small model beside a large one of the same vocabulary. It guesses what the large one writes next,
// and the large one checks several guesses in one computation.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "models/local/llama_engine.h"
#include "models/local/speculation.h"

namespace bastide::models::local {

/// The inference thread's own.
class Draft {
 public:
  /// What it reads of what stands before: longer prompts are read from here on.
  static constexpr std::size_t read_tokens = 512;
  static constexpr int context_tokens = 2048;

  /// Code::invalid, draft_vocabulary, when the two were not made for the same tokens. `engine` was loaded
  /// with one slot of `context_tokens` at most.
  static Result<std::unique_ptr<Draft>> create(std::unique_ptr<Engine> engine, const Engine& large);

  /// What follows `tokens`, as far as it is sure, `size_max` tokens at most. Empty as long as it still reads
  /// what stands before: it reads a small piece a call.
  [[nodiscard]] Guess guess(std::span<const Token> tokens, std::size_t size_max);
  /// How long it takes over a token. 0: not known.
  [[nodiscard]] double token_s() const { return token_s_; }

 private:
  explicit Draft(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
  bool read(std::span<const Token> tokens);
  bool decode(std::span<const Token> tokens);

  std::unique_ptr<Engine> engine_;
  std::vector<Token> held_;    // what its context holds
  std::size_t begins_at_ = 0;  // of what stands before, where `held_` begins
  double token_s_ = 0;
};

}  // namespace bastide::models::local
