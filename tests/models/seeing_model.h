// Tiny models that see: projectors of three kinds, for the windowed model or for one whose positions have
// sections (M-RoPE), as Qwen's models that see.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "models/gguf/writer.h"
#include "tests/models/tiny_weights.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::test {

enum class Projector {
  llava,    // each token sees those before it
  gemma3,   // an image's tokens see each other
  qwen2vl,  // positions have sections; for write_sectioned_model
};

[[nodiscard]] inline Result<void> write_projector(const std::string& path, Projector kind) {
  constexpr std::uint32_t width = 32, inner = 64, layers = 2, patch = 4, image = 48;
  constexpr std::uint32_t patches = (image / patch) * (image / patch), text_width = windowed_width;
  gguf::Writer out("clip");
  out.text("general.name", "eyes");
  out.boolean("clip.has_vision_encoder", true);
  out.boolean("clip.use_gelu", true);
  out.text("clip.projector_type", kind == Projector::llava    ? "mlp"
                                  : kind == Projector::gemma3 ? "gemma3"
                                                              : "qwen2vl_merger");
  const auto u32 = [&](const char* name, std::uint32_t value) {
    out.u32(std::string("clip.vision.") + name, value);
  };
  u32("image_size", image);
  u32("patch_size", patch);
  u32("embedding_length", width);
  u32("feed_forward_length", inner);
  u32("projection_dim", text_width);
  u32("block_count", layers);
  u32("attention.head_count", 2);
  u32("projector.scale_factor", 2);
  out.f32("clip.vision.attention.layer_norm_epsilon", 1e-6F);
  out.f32s("clip.vision.image_mean", std::array{0.5F, 0.5F, 0.5F});
  out.f32s("clip.vision.image_std", std::array{0.5F, 0.5F, 0.5F});

  Weights weights(out);
  weights.random("v.patch_embd.weight", {patch, patch, 3, width}, 0.3F);
  if (kind == Projector::qwen2vl)
    weights.random("v.patch_embd.weight.1", {patch, patch, 3, width}, 0.3F);
  else
    weights.random("v.position_embd.weight", {width, patches}, 0.3F);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto linear = [&](const char* what, std::uint64_t from, std::uint64_t to) {
      const auto name = "v.blk." + std::to_string(layer) + "." + what;
      weights.random(name + ".weight", {from, to}, 0.4F);
      weights.random(name + ".bias", {to}, 0.1F);
    };
    for (const char* each : {"attn_q", "attn_k", "attn_v", "attn_out"}) linear(each, width, width);
    linear("ffn_up", width, inner);
    linear("ffn_down", inner, width);
    for (const char* norm : {"ln1", "ln2"}) {
      weights.same("v.blk." + std::to_string(layer) + "." + norm + ".weight", width, 1);
      weights.same("v.blk." + std::to_string(layer) + "." + norm + ".bias", width, 0);
    }
  }
  weights.same("v.post_ln.weight", width, 1);
  weights.same("v.post_ln.bias", width, 0);
  const auto projection = [&](const char* name, std::uint64_t from, std::uint64_t to) {
    weights.random(std::string(name) + ".weight", {from, to}, 0.3F);
    weights.random(std::string(name) + ".bias", {to}, 0.3F);
  };
  switch (kind) {
    case Projector::llava:
      projection("mm.0", width, text_width);
      projection("mm.2", text_width, text_width);
      break;
    case Projector::gemma3:
      weights.random("mm.input_projection.weight", {text_width, width}, 0.3F);
      weights.same("mm.soft_emb_norm.weight", width, 1);
      break;
    case Projector::qwen2vl:
      projection("mm.0", std::uint64_t{width} * 4, std::uint64_t{width} * 4);
      projection("mm.2", std::uint64_t{width} * 4, text_width);
      break;
  }
  return out.write(path);
}

[[nodiscard]] inline Result<void> write_sectioned_model(const std::string& path,
                                                        std::string_view chat_template) {
  constexpr std::uint32_t width = windowed_width, heads = 4, kv_heads = 2, head = width / heads, inner = 128,
                          layers = 3;
  gguf::Writer out("qwen2vl");
  out.text("general.name", "sectioned");
  const auto u32 = [&](const char* name, std::uint32_t value) {
    out.u32(std::string("qwen2vl.") + name, value);
  };
  u32("context_length", 16'384);
  u32("embedding_length", width);
  u32("block_count", layers);
  u32("feed_forward_length", inner);
  u32("attention.head_count", heads);
  u32("attention.head_count_kv", kv_heads);
  out.f32("qwen2vl.attention.layer_norm_rms_epsilon", 1e-6F);
  out.i32s("qwen2vl.rope.dimension_sections", std::array<std::int32_t, 4>{2, 3, 3, 0});
  put_byte_vocabulary(out, chat_template);

  Weights weights(out);
  weights.random("token_embd.weight", {width, byte_vocabulary_tokens}, 0.3F);
  weights.random("output.weight", {width, byte_vocabulary_tokens}, 0.5F);
  weights.same("output_norm.weight", width, 1);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto name = "blk." + std::to_string(layer) + ".";
    for (const char* norm : {"attn_norm", "ffn_norm"}) weights.same(name + norm + ".weight", width, 1);
    const auto biased = [&](const char* what, std::uint64_t to) {
      weights.random(name + what + ".weight", {width, to}, 0.5F);
      weights.random(name + what + ".bias", {to}, 0.1F);
    };
    biased("attn_q", std::uint64_t{heads} * head);
    biased("attn_k", std::uint64_t{kv_heads} * head);
    biased("attn_v", std::uint64_t{kv_heads} * head);
    weights.random(name + "attn_output.weight", {std::uint64_t{heads} * head, width}, 0.5F);
    weights.random(name + "ffn_gate.weight", {width, inner}, 0.3F);
    weights.random(name + "ffn_up.weight", {width, inner}, 0.3F);
    weights.random(name + "ffn_down.weight", {inner, width}, 0.3F);
  }
  return out.write(path);
}

}  // namespace bastide::models::test
