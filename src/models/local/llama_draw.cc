// How the next token of an answer is drawn: first without the grammar, because asking it about all of a
// vocabulary costs milliseconds, and again among what it allows where it refuses.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

/// So many of the likeliest tokens are asked of the grammar before all are: all of a vocabulary cost
/// milliseconds.
constexpr std::array<std::size_t, 2> likeliest_asked{64, 1024};
/// So many tokens are all asked,
constexpr std::size_t few = 4096;
/// and so many before one is drawn among all of the vocabulary, which costs as much.
constexpr std::size_t very_few = 512;

std::unexpected<Error> dead_end() {
  return fail(Code::upstream, "The grammar left the model nothing to say.", "grammar_dead_end",
              "Check the grammar or schema.");
}

}  // namespace

bool Generation::Impl::is_allowed(Token token) const {
  if (ignore_eos && llama_vocab_is_eog(vocab, token)) return false;
  return !grammar || grammar->allows(token);
}

/// All that begin as the grammar wants, if they are `count_max` at most.
bool Generation::Impl::find_few(const float* logits, std::size_t count_max) {
  if (!grammar) return false;
  const auto first = grammar->first_bytes();
  const auto after_space = first[' '] ? grammar->first_bytes(" ") : std::bitset<256>();
  std::size_t count = tokens->ends.size();
  for (std::size_t byte = 0; byte < first.size(); ++byte)
    count += (first[byte] ? tokens->by_first_byte[byte].size() : 0) +
             (after_space[byte] ? tokens->by_byte_after_space[byte].size() : 0);
  if (count > count_max) return false;
  candidates.clear();
  const auto add = [&](Token token) { candidates.push_back({token, logits[token], 0.0F}); };
  for (std::size_t byte = 0; byte < first.size(); ++byte) {
    if (first[byte]) std::ranges::for_each(tokens->by_first_byte[byte], add);
    if (after_space[byte]) std::ranges::for_each(tokens->by_byte_after_space[byte], add);
  }
  std::ranges::for_each(tokens->ends, add);
  return true;
}

void Generation::Impl::refuse(std::span<llama_token_data> asked) const {
  if (grammar) grammar->refuse(asked);
  for (auto& each : asked)
    if (ignore_eos && llama_vocab_is_eog(vocab, each.id)) each.logit = -INFINITY;
}

/// Those of the allowed tokens that are likeliest, `wanted` at least where there are so many; beside them
/// others, whose logits are minus infinity. In no order. Valid until the next call.
std::span<llama_token_data> Generation::Impl::allowed(int row, std::size_t wanted) {
  const float* logits = llama_get_logits_ith(context, row);
  if (find_few(logits, few)) {
    refuse(candidates);
    return candidates;
  }
  const auto size = static_cast<std::size_t>(llama_vocab_n_tokens(vocab));
  candidates.resize(size);
  for (std::size_t each = 0; each < size; ++each)
    candidates[each] = {static_cast<Token>(each), logits[each], 0.0F};
  const auto is_likelier = [](const auto& a, const auto& b) { return a.logit > b.logit; };
  const auto is_allowed = [](const auto& each) { return std::isfinite(each.logit); };
  auto asked = candidates.begin();
  std::size_t found = 0;
  for (const std::size_t enough : likeliest_asked) {
    if (wanted > enough || enough >= size) continue;
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(enough);
    std::nth_element(asked, end, candidates.end(), is_likelier);
    refuse({asked, end});
    found += static_cast<std::size_t>(std::count_if(asked, end, is_allowed));
    asked = end;
    if (found >= wanted) return {candidates.begin(), asked};
  }
  refuse({asked, candidates.end()});
  return candidates;
}

/// Nothing: no token is allowed.
std::optional<Token> Generation::Impl::likeliest(int row) {
  const float* logits = llama_get_logits_ith(context, row);
  const auto best =
      static_cast<Token>(std::max_element(logits, logits + llama_vocab_n_tokens(vocab)) - logits);
  if (is_allowed(best)) return best;
  const auto asked = allowed(row, 1);
  const auto found = std::ranges::max_element(asked, {}, &llama_token_data::logit);
  return found != asked.end() && std::isfinite(found->logit) ? std::optional(found->id) : std::nullopt;
}

/// Nothing: none of them is allowed.
std::optional<Token> Generation::Impl::sampled_among(std::span<llama_token_data> asked) {
  const auto refused =
      std::ranges::partition(asked, [](const auto& each) { return std::isfinite(each.logit); });
  llama_token_data_array left{asked.data(), asked.size() - refused.size(), -1, false};
  if (left.size == 0) return std::nullopt;
  llama_sampler_apply(common_sampler_get(sampler.get()), &left);
  return left.selected >= 0 ? std::optional(left.data[left.selected].id) : std::nullopt;
}

/// As llama.cpp's sampler does with a grammar: a token is drawn and, where the grammar refuses it, drawn once
/// more from those that are allowed; from these at once where they are few.
std::optional<Token> Generation::Impl::sampled(int row) {
  if (find_few(llama_get_logits_ith(context, row), very_few)) {
    refuse(candidates);
    return sampled_among(candidates);
  }
  const Token token = common_sampler_sample(sampler.get(), context, row);
  if (is_allowed(token)) return token;
  return sampled_among(allowed(row, top_k > 0 ? top_k : std::numeric_limits<std::size_t>::max()));
}

Result<Token> Generation::Impl::draw(int row) {
  const auto token = is_greedy ? likeliest(row) : sampled(row);
  if (!token) return dead_end();
  if (grammar) grammar->accept(*token);
  if (sampler) common_sampler_accept(sampler.get(), *token, true);
  return *token;
}

Result<Token> Generation::sample(int row) try {
  auto token = impl_->draw(row);
  if (token && impl_->logprobs >= 0)
    impl_->drawn = logprobs_json(impl_->context, impl_->vocab, row, *token, impl_->logprobs);
  return token;
} catch (const std::exception&) {
  return dead_end();
}

}  // namespace bastide::models::local
