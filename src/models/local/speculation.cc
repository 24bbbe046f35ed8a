#include "models/local/speculation.h"

#include <algorithm>
#include <limits>

namespace bastide::models::local {
namespace {

constexpr std::size_t look_back_max = 32'768;
constexpr std::size_t match_min = 3;
constexpr std::size_t match_max = 8;
constexpr double gain_min = 1.05;          // less is within what the machine varies
constexpr double row_cost_guessed = 0.25;  // of one more row, until it was measured
constexpr double forgetting = 0.2;
constexpr double drift =
    0.002;  // towards what was guessed: a cost that was measured in a bad moment is tried again

constexpr std::array right_of_likeliest{0.4, 0.55, 0.7, 0.7, 0.8};
constexpr std::array right_by_chance{0.3, 0.4, 0.5, 0.4, 0.4};

constexpr std::size_t draft_bucket = 3, grammar_bucket = 4;

std::size_t bucket(const Guess& guess) {
  if (guess.source == Guess::Source::draft) return draft_bucket;
  if (guess.source == Guess::Source::grammar) return grammar_bucket;
  return guess.matched >= match_max ? 2 : guess.matched > match_min ? 1 : 0;
}

/// The size with which most tokens come in a time, by how likely each is right. 0: none at all.
std::size_t best_size(std::size_t size_max, double right, double token_cost, const RowCosts& costs) {
  double gained = 1, reached = 1, best = gain_min;
  std::size_t out = 0;
  for (std::size_t size = 1; size <= size_max; ++size) {
    reached *= right;
    gained += reached;  // tokens of this computation
    const double gain = gained / (costs.of(size + 1) + static_cast<double>(size) * token_cost);
    if (gain > best) {
      best = gain;
      out = size;
    }
  }
  return out;
}

}  // namespace

Guess look_up(std::span<const Token> tokens, std::size_t size_max) {
  Guess out;
  tokens = tokens.last(std::min(tokens.size(), look_back_max));
  if (tokens.size() <= match_min || size_max == 0) return out;
  std::size_t best = 0;
  for (std::size_t end = tokens.size() - 1; end >= match_min; --end) {
    // tokens[end] would follow: how many before it agree with the last ones?
    std::size_t matched = 0;
    while (matched < std::min(match_max, end) &&
           tokens[end - 1 - matched] == tokens[tokens.size() - 1 - matched])
      ++matched;
    if (matched < match_min || matched <= out.matched) continue;
    out.matched = matched;
    best = end;
    if (matched == match_max) break;
  }
  if (out.matched == 0) return out;
  // Beyond the end, what repeats itself goes on doing so.
  const std::size_t known = tokens.size() - best;
  for (std::size_t each = 0; each < size_max; ++each)
    out.tokens.push_back(each < known ? tokens[best + each] : out.tokens[each - known]);
  return out;
}

void RowCosts::note(std::size_t rows, double seconds) {
  if (rows == 0 || rows >= seconds_.size() || seconds <= 0) return;
  double& known = seconds_[rows];
  known = known == 0 ? seconds : known + forgetting * (seconds - known);
  for (std::size_t other = 2; other < seconds_.size(); ++other)
    if (other != rows && seconds_[other] > 0 && seconds_[1] > 0) {
      const double guessed = seconds_[1] * (1 + row_cost_guessed * static_cast<double>(other - 1));
      seconds_[other] += drift * (guessed - seconds_[other]);
    }
}

double RowCosts::of(std::size_t rows) const {
  const bool known = rows < seconds_.size() && seconds_[rows] > 0 && seconds_[1] > 0;
  return known ? seconds_[rows] / seconds_[1] : 1 + row_cost_guessed * static_cast<double>(rows - 1);
}

double RowCosts::in_tokens(double seconds) const {
  return seconds_[1] > 0 ? seconds / seconds_[1] : std::numeric_limits<double>::infinity();
}

Speculation::Speculation(Draws draws)
    : right_(draws == Draws::the_likeliest ? right_of_likeliest : right_by_chance) {}

std::size_t Speculation::worth_checking(const Guess& guess, const RowCosts& costs) const {
  return best_size(guess.tokens.size(), right_[bucket(guess)], 0, costs);
}

std::size_t Speculation::worth_drafting(std::size_t size_max, double token_s, const RowCosts& costs) const {
  if (token_s == 0) return std::min<std::size_t>(size_max, 2);
  return best_size(size_max, right_[draft_bucket], costs.in_tokens(token_s), costs);
}

void Speculation::learn(const Guess& guess, std::size_t right, std::size_t looked_at) {
  double& known = right_[bucket(guess)];
  for (std::size_t each = 0; each < std::min(right + 1, looked_at); ++each)
    known += forgetting * ((each < right ? 1.0 : 0.0) - known);
}

}  // namespace bastide::models::local
