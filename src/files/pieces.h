// Bytes at rest: pieces of one size, each sealed under the file's key and bound to its place, so that any
// part can be read alone and none can take another's place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/blobs.h"
#include "storage/files.h"

namespace bastide::files {

/// Of the plain bytes of each piece but the last.
inline constexpr std::size_t piece_bytes = 64 * 1024;

/// Seals what is written. One thread at a time; blocks. All outlive it.
class PieceSealer {
 public:
  PieceSealer(storage::Blobs::Writer& into, std::string key, std::string id)
      : into_(into), key_(std::move(key)), id_(std::move(id)) {}
  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// Seals what is left.
  [[nodiscard]] Result<void> finish();
  /// Plain ones, so far.
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] Result<void> put();

  storage::Blobs::Writer& into_;
  const std::string key_, id_;
  std::string pending_;
  std::int64_t bytes_ = 0, number_ = 0;
};

/// Reads any part. Thread-safe; blocks. What it opened stays readable when the file is removed.
class PieceReader {
 public:
  /// `bytes`: how many plain ones there are.
  static Result<PieceReader> open(const std::string& path, std::string key, std::string id,
                                  std::int64_t bytes);
  /// Up to `size` bytes from `offset`: fewer at the end only. Code::corrupt when they are damaged.
  [[nodiscard]] Result<std::string> read(std::int64_t offset, std::size_t size) const;
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  PieceReader(storage::Fd file, std::string key, std::string id, std::int64_t bytes)
      : file_(std::move(file)), key_(std::move(key)), id_(std::move(id)), bytes_(bytes) {}
  [[nodiscard]] Result<std::string> piece(std::int64_t number) const;

  storage::Fd file_;
  std::string key_, id_;
  std::int64_t bytes_;
};

}  // namespace bastide::files
