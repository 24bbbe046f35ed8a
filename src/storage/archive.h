// Reading and writing tar (POSIX ustar, with GNU's base-256 sizes) in a zstd frame, streaming.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/files.h"

namespace bastide::storage {

/// One thread at a time. `tar --zstd -xf` opens what it writes.
class ArchiveWriter {
 public:
  /// Writes to `file`, which must outlive this.
  explicit ArchiveWriter(const Fd& file);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  /// Begins an entry of exactly `size_bytes`, which `write` then gives in pieces. `name` has at most 100
  /// bytes.
  [[nodiscard]] Result<void> begin(std::string_view name, std::uint64_t size_bytes);
  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// Ends the archive; without it readers refuse it.
  [[nodiscard]] Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ArchiveEntry {
  std::string name;
  std::uint64_t size_bytes = 0;
};

/// Reads an archive from outside: sizes and names are the caller's to judge, headers and checksums are
/// verified. `begin` is called for each entry and gives what takes its pieces. Code::corrupt when it is
/// damaged or cut short.
using EntryTaker = std::function<Result<void>(std::string_view)>;
[[nodiscard]] Result<void> read_archive(const Fd& file,
                                        const std::function<Result<EntryTaker>(const ArchiveEntry&)>& begin);

}  // namespace bastide::storage
