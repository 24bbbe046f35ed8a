// Writes GGUF files, version 3 (github.com/ggml-org/ggml, docs/gguf.md). The same calls give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::models::gguf {

enum class TensorType : std::uint32_t { f32 = 0, q4_0 = 2 };

/// Collects, then writes once. One thread at a time. Tensor data must live until `write` returns.
class Writer {
 public:
  explicit Writer(std::string_view architecture);
  void text(std::string_view key, std::string_view value);
  void u32(std::string_view key, std::uint32_t value);
  void f32(std::string_view key, float value);
  void boolean(std::string_view key, bool value);
  void texts(std::string_view key, std::span<const std::string_view> values);
  void f32s(std::string_view key, std::span<const float> values);
  void i32s(std::string_view key, std::span<const std::int32_t> values);
  void i8s(std::string_view key, std::string_view bytes);
  /// `shape` from the fastest dimension to the slowest. `data` are the tensor's bytes as ggml stores them.
  void tensor(std::string_view name, TensorType type, std::vector<std::uint64_t> shape,
              std::string_view data);
  /// Replaces `path` by the complete file, synced to the disk. Code::storage_full when there is no room.
  [[nodiscard]] Result<void> write(const std::string& path) const;

 private:
  void key(std::string_view name, std::uint32_t type);

  struct Tensor {
    std::string name;
    TensorType type = TensorType::f32;
    std::vector<std::uint64_t> shape;
    std::string_view data;
  };
  std::string entries_;
  std::uint64_t entry_count_ = 0;
  std::vector<Tensor> tensors_;
};

}  // namespace bastide::models::gguf
