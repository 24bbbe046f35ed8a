// Content-addressed files: the port, and its form on a local folder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::storage {

/// Thread-safe. A blob's name is the SHA-256 of its bytes in hexadecimal; writing the same bytes twice keeps
/// one.
class Blobs {
 public:
  /// Receives bytes; nothing is visible before `commit`, which returns once they are on the disk. As long as
  /// it lives nobody removes what it committed, so that a reference can be stored that others' purges will
  /// see.
  class Writer {
   public:
    virtual ~Writer() = default;  // without commit: discards
    virtual Result<void> write(std::string_view bytes) = 0;
    virtual Result<std::string> commit() = 0;  // the name
    [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  };
  virtual ~Blobs() = default;
  virtual Result<std::unique_ptr<Writer>> create() = 0;
  virtual Result<std::string> put(std::string_view bytes) = 0;
  virtual Result<std::string> get(std::string_view name, std::uint64_t bytes_max) = 0;
  /// A local path to read the blob from (engines without files make a temporary copy).
  virtual Result<std::string> path(std::string_view name) = 0;
  /// Fine when it is not there, and when a living writer keeps it.
  virtual Result<void> remove(std::string_view name) = 0;
  /// Blobs whose writer's process died after the commit, so that perhaps nothing refers to them: each is
  /// given to `settle`, which removes it if so, until that once says true.
  virtual void each_abandoned(const std::function<bool(const std::string& name)>& settle) = 0;
};

/// On `folder`, made when missing.
Result<std::unique_ptr<Blobs>> open_folder_blobs(std::string folder);

}  // namespace bastide::storage
