#include "models/install/unpack.h"

#include <fcntl.h>
#include <unistd.h>
#include <zip.h>

#include <cerrno>
#include <memory>

#include "base/crypto.h"

namespace bastide::models {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::unexpected<Error> damaged() {
  return fail(Code::corrupt, "The package's archive is damaged or does not hold the model.",
              "damaged_archive", "Remove it and try again.");
}

bool write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto n = ::write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Result<std::string> unpack_member(const std::string& archive, const std::string& member,
                                  const std::string& to, std::uint64_t bytes_max) {
  int why = 0;
  const std::unique_ptr<zip_t, CloseArchive> zip(zip_open(archive.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &why));
  if (!zip) return damaged();
  const std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen(zip.get(), member.c_str(), 0));
  if (!file) return damaged();

  const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail(Code::unavailable, "The model cannot be written: " + to);
  Sha256Stream hash;
  std::string buffer(1 << 20, '\0');
  std::uint64_t total = 0;
  enum class End { whole, damaged, full } end = End::whole;
  while (true) {
    const auto n = zip_fread(file.get(), buffer.data(), buffer.size());
    if (n == 0) break;
    if (n < 0 || (total += static_cast<std::uint64_t>(n)) > bytes_max) {
      end = End::damaged;
      break;
    }
    hash.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
    if (!write_all(fd, buffer.data(), static_cast<std::size_t>(n))) {
      end = End::full;
      break;
    }
  }
  if (end == End::whole && ::fsync(fd) != 0) end = End::full;
  ::close(fd);
  if (end == End::whole) return hex(hash.finish());
  ::unlink(to.c_str());
  if (end == End::full)
    return fail(Code::storage_full, "The disk is full.", "storage_full", "Free some space, then try again.");
  return damaged();
}

}  // namespace bastide::models
