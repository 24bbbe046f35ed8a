// Files as storage needs them: owned descriptors, whole writes, and names that survive a power cut.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace bastide::storage {

/// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// The error of errno value `reason` while doing `what` ("write a file"): a full disk or quota is
/// Code::storage_full.
[[nodiscard]] Error file_error(int reason, std::string_view what);

/// open(2) with O_CLOEXEC; new files have mode 0600. Code::not_found when it is missing.
[[nodiscard]] Result<Fd> open_file(const std::string& path, int flags);
[[nodiscard]] Result<void> write_all(const Fd& file, std::string_view bytes);
/// Gives the whole file in pieces to `take`, whose error ends it.
[[nodiscard]] Result<void> read_pieces(const Fd& file,
                                       const std::function<Result<void>(std::string_view)>& take);
/// The whole of a small file; Code::too_large beyond `bytes_max`.
[[nodiscard]] Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max);
[[nodiscard]] Result<void> flush_file(const Fd& file);
/// Makes creations and renames in `folder` durable.
[[nodiscard]] Result<void> flush_folder(const std::string& folder);
[[nodiscard]] Result<void> rename_file(const std::string& from, const std::string& to);
/// Makes `folder` and what is missing above it, mode 0700.
[[nodiscard]] Result<void> make_folder(const std::string& folder);

}  // namespace bastide::storage
