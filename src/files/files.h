// Files that programs leave with us, sealed at rest: written, found, read, removed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "files/file_store.h"
#include "files/pieces.h"
#include "storage/blobs.h"

namespace bastide::files {

inline constexpr std::string_view id_prefix = "file";

/// Whether `id` has the shape of an id that we gave.
[[nodiscard]] bool is_file_id(std::string_view id);

struct NewFile {
  std::string person;
  std::string name;
  std::string media_type;  // as its sender says
  std::string purpose;
  UnixMillis expires_at = 0;  // 0: never
};

/// A file that is being written: nothing of it is visible before it is kept. Blocks; one thread at a time.
class Incoming {
 public:
  [[nodiscard]] Result<void> write(std::string_view bytes) { return sealer_.write(bytes); }
  [[nodiscard]] std::int64_t bytes() const { return sealer_.bytes(); }
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  friend class Files;
  Incoming(std::unique_ptr<storage::Blobs::Writer> writer, std::string id, std::string key)
      : writer_(std::move(writer)), id_(std::move(id)), key_(std::move(key)), sealer_(*writer_, key_, id_) {}

  std::unique_ptr<storage::Blobs::Writer> writer_;
  const std::string id_, key_;
  PieceSealer sealer_;
};

/// Thread-safe; everything blocks. What belongs to another person is not found, in the same words as what
/// does not exist.
class Files {
 public:
  /// All outlive it.
  Files(FileStore& store, storage::Blobs& blobs, FileBounds bounds)
      : store_(store), blobs_(blobs), bounds_(bounds) {}

  /// `id`: of a file that is made once, however often that is begun; empty: a new one.
  [[nodiscard]] Result<std::unique_ptr<Incoming>> create(std::string id = {});
  /// Durable when it returns. Code::too_large, detail too_many_files, when the person has too many, unless
  /// it was `made` here.
  enum class Origin : std::uint8_t { uploaded, made };
  [[nodiscard]] Result<StoredFile> keep(Incoming& incoming, const NewFile& file,
                                        Origin origin = Origin::uploaded);

  [[nodiscard]] Result<StoredFile> find(std::string_view id, std::string_view person);
  [[nodiscard]] Result<std::vector<StoredFile>> list(std::string_view person, const FileQuery& query);
  [[nodiscard]] Result<PieceReader> open(const StoredFile& file);
  /// The whole of one; Code::too_large beyond `bytes_max`.
  [[nodiscard]] Result<std::string> read(const StoredFile& file, std::size_t bytes_max);

  /// Its row and what opens its bytes go first, then the bytes.
  [[nodiscard]] Result<void> remove(std::string_view id, std::string_view person);
  /// All that a person has; gives how many.
  [[nodiscard]] Result<std::int64_t> remove_all(std::string_view person);
  /// Removes some that have expired, and what was left behind of others; gives how many.
  [[nodiscard]] Result<std::size_t> sweep(UnixMillis now);
  /// Whether a blob holds the bytes of a file. When that cannot be known, it does.
  [[nodiscard]] bool holds(std::string_view blob);

 private:
  [[nodiscard]] Result<std::size_t> remove_gone();

  FileStore& store_;
  storage::Blobs& blobs_;
  const FileBounds bounds_;
};

}  // namespace bastide::files
