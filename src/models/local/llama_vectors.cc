// Texts into vectors, and pairs of texts into their relevance.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

/// No token is shorter than a byte and few words make more than a token a byte: this keeps a huge text cheap.
constexpr std::size_t bytes_a_token_max = 64;
constexpr std::size_t counted_bytes_max = 1 << 20;

std::unexpected<Error> cannot_split() {
  return fail(Code::invalid, "A text could not be split into tokens.", "bad_request");
}

std::unexpected<Error> no_room() {
  return fail(Code::invalid, "The query is too long for this model: it leaves no room for a document.",
              "context_too_long", "Shorten the query.");
}

void put_in_place(std::string& text, std::string_view mark, std::string_view value) {
  if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), value);
}

/// Query and document as the model was trained to read them together.
std::vector<Token> join(const llama_model* model, std::string_view query, std::string_view document) {
  const auto* vocab = llama_model_get_vocab(model);
  if (const char* pattern = llama_model_chat_template(model, "rerank")) {
    // The document first: a query that holds its mark changes nothing then.
    std::string prompt = pattern;
    const auto at = prompt.find("{document}");
    std::string rest = at == std::string::npos ? std::string() : prompt.substr(at);
    prompt.resize(std::min(at, prompt.size()));
    put_in_place(prompt, "{query}", query);
    put_in_place(rest, "{document}", document);
    return common_tokenize(vocab, prompt + rest, false, true);
  }
  const Token end =
      llama_vocab_eos(vocab) == LLAMA_TOKEN_NULL ? llama_vocab_sep(vocab) : llama_vocab_eos(vocab);
  std::vector<Token> out;
  const auto add = [&](std::string_view text) {
    std::ranges::copy(common_tokenize(vocab, std::string(text), false, false), std::back_inserter(out));
  };
  if (llama_vocab_get_add_bos(vocab)) out.push_back(llama_vocab_bos(vocab));
  add(query);
  if (llama_vocab_get_add_eos(vocab)) out.push_back(end);
  if (llama_vocab_get_add_sep(vocab)) out.push_back(llama_vocab_sep(vocab));
  add(document);
  if (llama_vocab_get_add_eos(vocab)) out.push_back(end);
  return out;
}

}  // namespace

int Engine::embedding_batch_tokens() const { return impl_->batch_tokens_max; }
int Engine::embedding_batch_texts() const { return impl_->slots; }

Result<Engine::Reading> Engine::tokenize_for_embedding(std::string_view text) const try {
  const auto limit = static_cast<std::size_t>(impl_->facts.context_tokens);
  const auto shown = utf8_prefix(text, limit * bytes_a_token_max);
  Reading out{common_tokenize(impl_->vocab, std::string(shown), true, false), shown.size() < text.size()};
  if (out.tokens.size() > limit) {
    const Token end = out.tokens.back();
    out.tokens.resize(limit);
    if (llama_vocab_get_add_eos(impl_->vocab)) out.tokens.back() = end;
    out.is_cut = true;
  }
  return out;
} catch (const std::exception&) {
  return cannot_split();
}

Error Engine::too_long_to_embed(std::string_view text) const try {
  const auto counted = utf8_prefix(text, counted_bytes_max);
  const auto tokens = common_tokenize(impl_->vocab, std::string(counted), true, false).size();
  const auto count = static_cast<std::int64_t>(tokens);
  const std::int64_t most = impl_->facts.context_tokens;
  constexpr std::string_view advice = "Divide it, or ask that it be cut: \"truncate\": true.";
  if (counted.size() < text.size())
    return error_with({{"text_tokens_min", count}, {"tokens_max", most}}, Code::invalid,
                      "A text is longer than {text_tokens_min} tokens; this model reads {tokens_max}.",
                      "context_too_long", advice);
  return error_with({{"text_tokens", count}, {"tokens_max", most}}, Code::invalid,
                    "A text is {text_tokens} tokens long; this model reads {tokens_max}.", "context_too_long",
                    advice);
} catch (const std::exception&) {
  return cannot_split().error();
}

Result<Engine::Reading> Engine::tokenize_pair(std::string_view query, std::string_view document) const try {
  const auto limit = static_cast<std::size_t>(impl_->facts.context_tokens);
  if (query.size() > limit * bytes_a_token_max) return no_room();
  const auto* model = impl_->model.get();
  const std::size_t taken = join(model, query, {}).size();
  if (taken >= limit) return no_room();
  auto shown = utf8_prefix(document, limit * bytes_a_token_max);
  auto tokens = join(model, query, shown);
  // Text is cut, not tokens, so that what follows the document stays as it is. Each round comes nearer.
  while (tokens.size() > limit) {
    const std::size_t kept = shown.size() * (limit - taken) / (tokens.size() - taken);
    shown = utf8_prefix(shown, std::min(kept, shown.size() - 1));
    tokens = join(model, query, shown);
  }
  return Reading{std::move(tokens), shown.size() < document.size()};
} catch (const std::exception&) {
  return cannot_split();
}

Result<void> Engine::decode_texts(std::span<const std::vector<Token>> texts) {
  clear_batch();
  for (std::size_t text = 0; text < texts.size(); ++text)
    for (std::size_t at = 0; at < texts[text].size(); ++at)
      add(static_cast<int>(text), texts[text][at], static_cast<int>(at), true);
  if (auto* memory = llama_get_memory(impl_->context.get())) llama_memory_clear(memory, true);
  return decode();
}

Result<std::vector<std::vector<float>>> Engine::embed(std::span<const std::vector<Token>> texts) try {
  if (auto decoded = decode_texts(texts); !decoded) return pass(decoded);
  auto* context = impl_->context.get();
  const bool pooled = llama_pooling_type(context) != LLAMA_POOLING_TYPE_NONE;
  std::vector<std::vector<float>> out;
  for (std::size_t text = 0; text < texts.size(); ++text) {
    const float* from = pooled ? llama_get_embeddings_seq(context, static_cast<llama_seq_id>(text)) : nullptr;
    if (!from)
      return fail(Code::upstream, "The model gives no embeddings.", "decode_failed",
                  "Choose an embedding model.");
    std::vector<float> vector(from, from + impl_->facts.dimension);
    double square = 0;
    for (const float x : vector) square += static_cast<double>(x) * x;
    const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (float& x : vector) x = static_cast<float>(x * scale);
    out.push_back(std::move(vector));
  }
  return out;
} catch (const std::exception&) {
  return fail(Code::upstream, "The model could not compute embeddings.", "decode_failed", "Try again.");
}

Result<std::vector<float>> Engine::score(std::span<const std::vector<Token>> pairs) try {
  if (auto decoded = decode_texts(pairs); !decoded) return pass(decoded);
  // A head of one output gives a logit; llama.cpp turns heads of two (yes, no) into probabilities itself.
  const bool is_logit = llama_model_n_cls_out(impl_->model.get()) == 1;
  std::vector<float> out;
  for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
    const float* from = llama_get_embeddings_seq(impl_->context.get(), static_cast<llama_seq_id>(pair));
    if (!from) return fail(Code::upstream, "The model ranks nothing.", "decode_failed", "Choose a reranker.");
    out.push_back(is_logit ? 1 / (1 + std::exp(-from[0])) : from[0]);
  }
  return out;
} catch (const std::exception&) {
  return fail(Code::upstream, "The model could not rank the documents.", "decode_failed", "Try again.");
}

}  // namespace bastide::models::local
