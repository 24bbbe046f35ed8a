// What models made for tests have in common: weights out of a counter, and a vocabulary of one token a byte.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/gguf/writer.h"

namespace bastide::models::test {

/// Adds tensors to `out`, and keeps their numbers until it is written. The same numbers each time.
class Weights {
 public:
  explicit Weights(gguf::Writer& out) : out_(out) {}
  void random(const std::string& name, std::vector<std::uint64_t> shape, float spread) {
    std::uint64_t size = 1;
    for (const auto each : shape) size *= each;
    auto& values = kept_.emplace_back(size);
    for (float& value : values) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      value = spread * (static_cast<float>(state_ >> 40) / static_cast<float>(1U << 23) - 1);
    }
    add(name, std::move(shape), values);
  }
  void same(const std::string& name, std::uint64_t size, float value) {
    add(name, {size}, kept_.emplace_back(size, value));
  }

 private:
  void add(const std::string& name, std::vector<std::uint64_t> shape, const std::vector<float>& values) {
    out_.tensor(name, gguf::TensorType::f32, std::move(shape),
                {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }

  gguf::Writer& out_;
  std::deque<std::vector<float>> kept_;
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

enum class Beginning { is_marked, is_not };  // by <s>
constexpr std::uint64_t byte_vocabulary_tokens = 259;

inline void put_byte_vocabulary(gguf::Writer& out, std::string_view chat_template,
                                Beginning beginning = Beginning::is_marked) {
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
}

}  // namespace bastide::models::test
