// A model's one file as several, as llama.cpp's gguf-split writes them.
#pragma once

#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <memory>
#include <string>

#include "models/gguf/shards.h"

namespace bastide::models::test {

/// Writes BEFORE-00001-of-0000N.gguf and so on, and returns the name of the first; empty where that failed.
[[nodiscard]] inline std::string write_shards(const std::string& file, const std::string& before, int count) {
  ggml_context* context = nullptr;
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> whole(
      gguf_init_from_file(file.c_str(), {.no_alloc = false, .ctx = &context}), gguf_free);
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> tensors(context, ggml_free);
  if (!whole) return {};
  const auto all = static_cast<int>(gguf_get_n_tensors(whole.get()));
  const gguf::ShardName name{before, ".gguf", 0, count};
  for (int shard = 0; shard < count; ++shard) {
    const std::unique_ptr<gguf_context, decltype(&gguf_free)> part(gguf_init_empty(), gguf_free);
    if (shard == 0) gguf_set_kv(part.get(), whole.get());
    gguf_set_val_u16(part.get(), "split.no", static_cast<std::uint16_t>(shard));
    gguf_set_val_u16(part.get(), "split.count", static_cast<std::uint16_t>(count));
    gguf_set_val_i32(part.get(), "split.tensors.count", all);
    for (int i = shard * all / count; i < (shard + 1) * all / count; ++i)
      gguf_add_tensor(part.get(), ggml_get_tensor(context, gguf_get_tensor_name(whole.get(), i)));
    if (!gguf_write_to_file(part.get(), name.at(shard).c_str(), false)) return {};
  }
  return name.at(0);
}

}  // namespace bastide::models::test
