#include "storage/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace bastide::storage {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Error file_error(int reason, std::string_view what) {
  auto message = fmt::format("Could not {}: {}.", what, std::generic_category().message(reason));
  switch (reason) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {Code::storage_full, std::move(message), "disk_full",
              "Free space on the disk of the data folder, then try again."};
    case ENOENT:
      return {Code::not_found, std::move(message)};
    case EACCES:
    case EPERM:
    case EROFS:
      return {Code::unavailable, std::move(message), "no_access",
              "Check that the data folder belongs to the account that runs bastide."};
    default:
      return {Code::unavailable, std::move(message), "file_error"};
  }
}

Result<Fd> open_file(const std::string& path, int flags) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) return std::unexpected(file_error(errno, fmt::format("open {}", path)));
  return fd;
}

Result<void> write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(file_error(errno, "write a file"));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> read_pieces(const Fd& file, const std::function<Result<void>(std::string_view)>& take) {
  std::string buffer(256UL * 1024, '\0');
  for (;;) {
    auto got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(file_error(errno, "read a file"));
    if (got == 0) return {};
    if (auto taken = take({buffer.data(), static_cast<std::size_t>(got)}); !taken) return taken;
  }
}

Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return pass(file);
  std::string out;
  auto read = read_pieces(*file, [&](std::string_view piece) -> Result<void> {
    if (out.size() + piece.size() > bytes_max)
      return fail(Code::too_large, fmt::format("{} is larger than {} bytes.", path, bytes_max));
    out.append(piece);
    return {};
  });
  if (!read) return pass(read);
  return out;
}

Result<void> flush_file(const Fd& file) {
  if (::fsync(file.get()) != 0) return std::unexpected(file_error(errno, "flush a file"));
  return {};
}

Result<void> flush_folder(const std::string& folder) {
  auto opened = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!opened) return pass(opened);
  return flush_file(*opened);
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return std::unexpected(file_error(errno, fmt::format("name {}", to)));
  return {};
}

Result<void> make_folder(const std::string& folder) {
  for (std::size_t end = 1; end != std::string::npos;) {
    end = folder.find('/', end + 1);
    auto part = folder.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return std::unexpected(file_error(errno, fmt::format("make the folder {}", part)));
  }
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return std::unexpected(file_error(ENOTDIR, fmt::format("make the folder {}", folder)));
  return {};
}

}  // namespace bastide::storage
