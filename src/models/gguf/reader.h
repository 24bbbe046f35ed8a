// What a GGUF file says of itself, without llama.cpp: for listing, memory checks and finding files that were
// cut short.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::models::gguf {

/// Facts of one model file. Zero or empty: the file does not say.
struct FileFacts {
  std::string architecture;
  std::string name;
  std::string licence;
  std::int64_t context_tokens = 0;
  std::int64_t layers = 0;
  std::int64_t embedding = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  // the largest of its layers
  std::int64_t key_length = 0;
  std::int64_t value_length = 0;
  bool has_pooling = false;   // an embedding model or a reranker
  bool ranks = false;         // a reranker
  bool is_adapter = false;    // LoRA, to go on top of a model
  bool is_projector = false;  // the part of a model that turns images or sounds into what it reads ("mmproj")
  bool has_vision = false;    // a projector of images
  bool has_infill = false;    // its vocabulary can mark a gap
  std::string chat_template;  // as it stands in the file
  std::string weights;        // how most of them are stored: "Q4_K"
  std::int64_t shard = 0;     // which of the model's files this is, from 0
  std::int64_t shards = 1;    // how many it has
  std::int64_t parameters = 0;
  std::uint64_t bytes = 0;         // of the file
  std::uint64_t bytes_needed = 0;  // where the last tensor ends

  /// Bytes that one token of context takes, with 16-bit keys and values.
  [[nodiscard]] std::uint64_t cache_bytes_per_token() const;
};

/// Reads the head of `path`. Code::not_found; Code::corrupt with detail not_gguf, damaged or cut_short.
[[nodiscard]] Result<FileFacts> read_facts(const std::string& path);
/// Of a whole model, from its first file: parameters and bytes are those of all its files (shards.h). As
/// read_facts; Code::invalid, not_first_shard; Code::corrupt, wrong_shard.
[[nodiscard]] Result<FileFacts> read_model_facts(const std::string& path);
/// As read_facts, on the first bytes of a file of `file_bytes`. Never reads beyond `head`.
[[nodiscard]] Result<FileFacts> parse_facts(std::string_view head, std::uint64_t file_bytes);

}  // namespace bastide::models::gguf
