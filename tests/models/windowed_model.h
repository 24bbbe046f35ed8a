// A tiny model whose attention slides in every other layer, as Gemma's does: weights out of a counter, one
// token a byte.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/gguf/writer.h"

namespace bastide::models::test {

constexpr std::uint32_t windowed_tokens = 64;  // of the past that a sliding layer sees

enum class Beginning { is_marked, is_not };  // by <s>

/// The same bytes each time.
[[nodiscard]] inline Result<void> write_windowed_model(const std::string& path,
                                                       std::string_view chat_template = {},
                                                       Beginning beginning = Beginning::is_marked) {
  constexpr std::uint32_t width = 64, heads = 4, kv_heads = 2, head = 16, inner = 128, layers = 4;
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

  std::vector<std::string> names{"<unk>", "<s>", "</s>"};
  for (int byte = 0; byte < 256; ++byte) {
    std::array<char, 8> name{};
    std::snprintf(name.data(), name.size(), "<0x%02X>", static_cast<unsigned>(byte));
    names.emplace_back(name.data());
  }
  std::vector<std::int32_t> kinds(names.size(), 6);  // a byte
  kinds[0] = 2;                                      // unknown
  kinds[1] = kinds[2] = 3;                           // control
  const std::vector<std::string_view> tokens(names.begin(), names.end());
  const std::vector<float> scores(names.size(), 0);
  out.text("tokenizer.ggml.model", "llama");
  out.texts("tokenizer.ggml.tokens", tokens);
  out.f32s("tokenizer.ggml.scores", scores);
  out.i32s("tokenizer.ggml.token_type", kinds);
  out.u32("tokenizer.ggml.bos_token_id", 1);
  out.u32("tokenizer.ggml.eos_token_id", 2);
  out.u32("tokenizer.ggml.unknown_token_id", 0);
  out.boolean("tokenizer.ggml.add_space_prefix", false);
  if (beginning == Beginning::is_not) out.boolean("tokenizer.ggml.add_bos_token", false);
  if (!chat_template.empty()) out.text("tokenizer.chat_template", chat_template);

  std::deque<std::vector<float>> kept;  // until all is written
  std::uint64_t state = 0x9E3779B97F4A7C15ULL;
  const auto tensor = [&](const std::string& name, std::vector<std::uint64_t> shape, float spread) {
    std::uint64_t size = 1;
    for (const auto each : shape) size *= each;
    auto& values = kept.emplace_back(size);
    for (float& value : values) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      value = spread * (static_cast<float>(state >> 40) / static_cast<float>(1U << 23) - 1);
    }
    out.tensor(name, gguf::TensorType::f32, std::move(shape),
               {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  };
  tensor("token_embd.weight", {width, names.size()}, 0.3F);
  const auto same = [&](const std::string& name, float value) {
    const auto& values = kept.emplace_back(width, value);
    out.tensor(name, gguf::TensorType::f32, {width},
               {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  };
  same("output_norm.weight", 1);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto name = [&](const char* what) {
      return "blk." + std::to_string(layer) + "." + what + ".weight";
    };
    for (const char* norm : {"attn_norm", "ffn_norm"}) same(name(norm), 1);
    // What layers add outweighs the token itself: else each would be followed by itself.
    for (const char* norm : {"post_attention_norm", "post_ffw_norm"}) same(name(norm), 6);
    tensor(name("attn_q"), {width, std::uint64_t{heads} * head}, 0.5F);
    tensor(name("attn_k"), {width, std::uint64_t{kv_heads} * head}, 0.5F);
    tensor(name("attn_v"), {width, std::uint64_t{kv_heads} * head}, 0.5F);
    tensor(name("attn_output"), {std::uint64_t{heads} * head, width}, 0.5F);
    tensor(name("ffn_gate"), {width, inner}, 0.3F);
    tensor(name("ffn_up"), {width, inner}, 0.3F);
    tensor(name("ffn_down"), {inner, width}, 0.3F);
  }
  return out.write(path);
}

}  // namespace bastide::models::test
