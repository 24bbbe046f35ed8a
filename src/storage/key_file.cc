#include "storage/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/crypto.h"
#include "storage/files.h"

namespace bastide::storage {
namespace {
constexpr std::size_t key_bytes = 32;

Result<std::string> read_key(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return std::unexpected(file_error(errno, fmt::format("open {}", path)));
  if ((status.st_mode & 077) != 0)
    return fail(Code::unavailable, fmt::format("The key file {} can be read by other accounts.", path),
                "key_not_private", fmt::format("Run: chmod 600 {}", path));
  auto key = read_small_file(path, 4096);
  if (!key) return key;
  if (key->size() != key_bytes)
    return fail(Code::corrupt,
                fmt::format("The key file {} is damaged: it has {} bytes, not 32.", path, key->size()),
                "key_damaged", "Restore it from a backup; without it sealed content cannot be read.");
  return key;
}

/// Under its own name only once whole: link() refuses when another process was quicker.
Result<void> make_key(const std::string& path, const std::string& folder) {
  auto temporary = path + "." + random_token(6);
  auto file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return pass(file);
  auto done = write_all(*file, random_bytes(key_bytes));
  if (done) done = flush_file(*file);
  if (done && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
    done = std::unexpected(file_error(errno, fmt::format("make {}", path)));
  ::unlink(temporary.c_str());
  if (done) done = flush_folder(folder);
  return done;
}
}  // namespace

Result<std::string> open_key_file(const std::string& path) {
  auto key = read_key(path);
  if (key || key.error().code != Code::not_found) return key;
  auto folder = std::filesystem::path(path).parent_path().string();
  if (auto made = make_folder(folder); !made) return pass(made);
  if (auto made = make_key(path, folder); !made) return pass(made);
  return read_key(path);
}

}  // namespace bastide::storage
