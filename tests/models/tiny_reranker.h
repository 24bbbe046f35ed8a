// A reranker of a few kilobytes whose judgement is known: it likes documents by their share of the word
// "good".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/gguf/writer.h"

namespace bastide::models::test {

/// BERT with one layer: every token reads all others alike, the head counts what they hold.
inline Result<void> write_tiny_reranker(const std::string& path, std::uint32_t context_tokens = 64) {
  using gguf::TensorType;
  constexpr std::size_t width = 16;
  const std::vector<std::string_view> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁good", "▁bad", "▁word"};
  gguf::Writer out("bert");
  out.text("general.name", "tiny reranker");
  out.u32("bert.context_length", context_tokens);
  out.u32("bert.embedding_length", width);
  out.u32("bert.block_count", 1);
  out.u32("bert.feed_forward_length", width);
  out.u32("bert.attention.head_count", 1);
  out.f32("bert.attention.layer_norm_epsilon", 1e-5F);
  out.boolean("bert.attention.causal", false);
  out.u32("bert.pooling_type", 4);
  out.text("tokenizer.ggml.model", "bert");
  out.texts("tokenizer.ggml.tokens", tokens);
  out.u32("tokenizer.ggml.token_type_count", 1);
  out.u32("tokenizer.ggml.unknown_token_id", 1);
  out.u32("tokenizer.ggml.bos_token_id", 2);
  out.u32("tokenizer.ggml.cls_token_id", 2);
  out.u32("tokenizer.ggml.seperator_token_id", 3);
  out.u32("tokenizer.ggml.padding_token_id", 0);
  const std::vector<float> scores(tokens.size(), 0);
  const std::vector<std::int32_t> types{3, 2, 3, 3, 1, 1, 1};  // control, unknown, normal
  out.f32s("tokenizer.ggml.scores", scores);
  out.i32s("tokenizer.ggml.token_type", types);

  using Matrix = std::vector<float>;
  Matrix embedding(tokens.size() * width, 0);
  for (std::size_t token = 0; token < tokens.size(); ++token)
    embedding[token * width + (token == 4 ? 0 : token == 5 ? 1 : 2)] = 1;
  Matrix identity(width * width, 0);
  for (std::size_t i = 0; i < width; ++i) identity[i * width + i] = 1;
  const Matrix zeros(width * width, 0), ones(width, 1), none(width, 0), place(context_tokens * width, 0);
  Matrix head(width, 0);
  head[0] = 2;
  head[1] = -2;

  const auto bytes = [](const Matrix& of) {
    return std::string_view(reinterpret_cast<const char*>(of.data()), of.size() * sizeof(float));
  };
  const auto vector = [&](std::string_view name, const Matrix& of) {
    out.tensor(name, TensorType::f32, {of.size()}, bytes(of));
  };
  const auto matrix = [&](std::string_view name, const Matrix& of) {
    out.tensor(name, TensorType::f32, {width, of.size() / width}, bytes(of));
  };
  matrix("token_embd.weight", embedding);
  matrix("position_embd.weight", place);
  vector("token_embd_norm.weight", ones);
  vector("token_embd_norm.bias", none);
  for (const char* name :
       {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"})
    matrix(name, zeros);
  for (const char* name : {"blk.0.attn_v.weight", "blk.0.attn_output.weight", "cls.weight"})
    matrix(name, identity);
  for (const char* name : {"blk.0.attn_output_norm", "blk.0.layer_output_norm"}) {
    vector(std::string(name) + ".weight", ones);
    vector(std::string(name) + ".bias", none);
  }
  matrix("cls.output.weight", head);
  return out.write(path);
}

}  // namespace bastide::models::test
