#include "models/local/draft.h"

#include <algorithm>
#include <chrono>

#include "base/time.h"
#include "models/local/slot.h"

namespace bastide::models::local {
namespace {

/// Read a call: the answer waits for so little of it.
constexpr std::size_t piece_tokens = 64;
/// Less likely guesses are wrong too often to be worth their time.
constexpr float likely_min = 0.4F;
constexpr double forgetting = 0.2;

}  // namespace

Result<std::unique_ptr<Draft>> Draft::create(std::unique_ptr<Engine> engine, const Engine& large) {
  if (!engine->has_vocabulary_of(large))
    return fail(Code::invalid,
                "The draft model has another vocabulary than the model that it is to guess for.",
                "draft_vocabulary", "Choose a smaller model of the same family as draft.");
  return std::unique_ptr<Draft>(new Draft(std::move(engine)));
}

Guess Draft::guess(std::span<const Token> tokens, std::size_t size_max) {
  Guess out;
  out.source = Guess::Source::draft;
  if (size_max == 0 || tokens.empty() || !read(tokens)) return out;
  for (auto next = engine_->likeliest(); next.probability >= likely_min; next = engine_->likeliest()) {
    out.tokens.push_back(next.token);
    if (out.tokens.size() == size_max || held_.size() + 1 >= context_tokens) break;
    const auto begun = Steady::now();
    if (!decode({&next.token, 1})) break;
    const double took = std::chrono::duration<double>(Steady::now() - begun).count();
    token_s_ = token_s_ == 0 ? took : token_s_ + forgetting * (took - token_s_);
  }
  return out;
}

/// Whether all of `tokens` (their end, where they are many) is read and the next token can be guessed.
bool Draft::read(std::span<const Token> tokens) {
  const auto goes_on = [&] {
    return begins_at_ < tokens.size() && tokens.size() - begins_at_ + 2 * guess_max < context_tokens;
  };
  std::size_t common = goes_on() ? common_prefix(held_, tokens.subspan(begins_at_)) : 0;
  if (tokens.size() > begins_at_ + common + read_tokens) common = 0;
  if (common == 0) begins_at_ = tokens.size() - std::min(tokens.size(), read_tokens);
  const auto own = tokens.subspan(begins_at_);
  common = std::min(common, own.size() - 1);  // of the last one the logits are needed
  if (!engine_->forget(0, static_cast<int>(common))) common = 0;
  held_.resize(common);
  const auto rest = own.subspan(common);
  return decode(rest.first(std::min(rest.size(), piece_tokens))) && held_.size() == own.size();
}

bool Draft::decode(std::span<const Token> tokens) {
  engine_->clear_batch();
  for (std::size_t each = 0; each < tokens.size(); ++each)
    engine_->add(0, tokens[each], static_cast<int>(held_.size() + each), each + 1 == tokens.size());
  if (!engine_->decode()) {
    engine_->forget(0, 0);
    held_.clear();
    return false;
  }
  held_.insert(held_.end(), tokens.begin(), tokens.end());
  return true;
}

}  // namespace bastide::models::local
