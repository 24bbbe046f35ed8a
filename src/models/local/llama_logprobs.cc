// How likely the drawn token was, and what else could have been drawn.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/json.h"
#include "base/text.h"
#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

void put_token(JsonWriter& json, const llama_vocab* vocab, Token token, double logprob) {
  const std::string piece = common_token_to_piece(vocab, token, true);
  json.field("id", token).field("token", to_valid_utf8(piece)).field("logprob", logprob).key("bytes").array();
  for (const char byte : piece) json.value(int{static_cast<unsigned char>(byte)});
  json.end();
}

}  // namespace

std::string logprobs_json(llama_context* context, const llama_vocab* vocab, int row, Token token, int top) {
  const float* logits = llama_get_logits_ith(context, row);
  const auto size = static_cast<std::size_t>(llama_vocab_n_tokens(vocab));
  const double highest = *std::max_element(logits, logits + size);
  double sum = 0;
  for (std::size_t each = 0; each < size; ++each) sum += std::exp(logits[each] - highest);
  const double all = highest + std::log(sum);

  std::vector<Token> best(size);
  std::iota(best.begin(), best.end(), 0);
  const auto count = std::min(static_cast<std::size_t>(std::max(top, 0)), size);
  std::ranges::partial_sort(best, best.begin() + static_cast<std::ptrdiff_t>(count), std::greater{},
                            [&](Token each) { return logits[each]; });
  JsonWriter json;
  json.array().object();
  put_token(json, vocab, token, logits[token] - all);
  json.key("top_logprobs").array();
  for (const Token each : std::span(best).first(count)) {
    json.object();
    put_token(json, vocab, each, logits[each] - all);
    json.end();
  }
  return json.end().end().end().take();
}

}  // namespace bastide::models::local
