// A tiny model whose attention slides in every other layer, as Gemma's does: weights out of a counter, one
// token a byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "models/gguf/writer.h"
#include "tests/models/tiny_weights.h"

namespace bastide::models::test {

constexpr std::uint32_t windowed_width = 64;
constexpr std::uint32_t windowed_tokens = 64;  // of the past that a sliding layer sees

/// The same bytes each time.
[[nodiscard]] inline Result<void> write_windowed_model(const std::string& path,
                                                       std::string_view chat_template = {},
                                                       Beginning beginning = Beginning::is_marked) {
  constexpr std::uint32_t width = windowed_width, heads = 4, kv_heads = 2, head = 16, inner = 128, layers = 4;
  gguf::Writer out("gemma2");
  out.text("general.name", "windowed");
  const auto u32 = [&](const char* name, std::uint32_t value) {
    out.u32(std::string("gemma2.") + name, value);
  };
  u32("context_length", 16'384);
  u32("embedding_length", width);
  u32("block_count", layers);
  u32("feed_forward_length", inner);
  u32("attention.head_count", heads);
  u32("attention.head_count_kv", kv_heads);
  u32("attention.key_length", head);
  u32("attention.value_length", head);
  u32("attention.sliding_window", windowed_tokens);
  out.f32("gemma2.attention.layer_norm_rms_epsilon", 1e-6F);
  out.f32("gemma2.attn_logit_softcapping", 50);
  out.f32("gemma2.final_logit_softcapping", 30);

  put_byte_vocabulary(out, chat_template, beginning);

  Weights weights(out);
  weights.random("token_embd.weight", {width, byte_vocabulary_tokens}, 0.3F);
  weights.same("output_norm.weight", width, 1);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto name = [&](const char* what) {
      return "blk." + std::to_string(layer) + "." + what + ".weight";
    };
    for (const char* norm : {"attn_norm", "ffn_norm"}) weights.same(name(norm), width, 1);
    // What layers add outweighs the token itself: else each would be followed by itself.
    for (const char* norm : {"post_attention_norm", "post_ffw_norm"}) weights.same(name(norm), width, 6);
    weights.random(name("attn_q"), {width, std::uint64_t{heads} * head}, 0.5F);
    weights.random(name("attn_k"), {width, std::uint64_t{kv_heads} * head}, 0.5F);
    weights.random(name("attn_v"), {width, std::uint64_t{kv_heads} * head}, 0.5F);
    weights.random(name("attn_output"), {std::uint64_t{heads} * head, width}, 0.5F);
    weights.random(name("ffn_gate"), {width, inner}, 0.3F);
    weights.random(name("ffn_up"), {width, inner}, 0.3F);
    weights.random(name("ffn_down"), {inner, width}, 0.3F);
  }
  return out.write(path);
}

}  // namespace bastide::models::test
