// Files as answers: read piece by piece, never on the loop unless the bytes are in memory already.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/server_call.h"

namespace bastide::net::detail {
namespace {
constexpr std::size_t piece_bytes = 128 * 1024;

struct OpenFile {
  Fd fd;
  std::uint64_t size = 0;
};

Result<OpenFile> open_file(const std::string& path) {
  OpenFile file{Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), 0};
  struct stat about{};
  if (!file.fd.valid() || ::fstat(file.fd.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return fail(Code::not_found, "The file is not there.", "file");
  file.size = static_cast<std::uint64_t>(about.st_size);
  ::posix_fadvise(file.fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return file;
}

// At least one byte, or an error: a file that became shorter meanwhile cannot be sent as announced.
Result<std::string> read_blocking(int fd, ByteRange range) {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(range.size, piece_bytes)), '\0');
  for (;;) {
    auto got = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(range.first));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Code::corrupt, "The file changed while it was sent.", "file_changed");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

// Empty when it would have to wait for the disk.
std::string read_cached(int fd, ByteRange range) {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(range.size, piece_bytes)), '\0');
  iovec vector{bytes.data(), bytes.size()};
  auto got = ::preadv2(fd, &vector, 1, static_cast<off_t>(range.first), RWF_NOWAIT);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}
}  // namespace

Task<Result<std::string>> Call::read_piece(int file, ByteRange range) {
  auto cached = read_cached(file, range);
  if (!cached.empty()) co_return cached;
  auto read = [file, range] { return read_blocking(file, range); };
  auto piece = co_await run_on(connection_.shard_.core.files, read);
  co_return piece;
}

Task<Result<void>> Call::send_file(std::string path, Headers headers) {
  auto open = [&path] { return open_file(path); };
  auto file = co_await run_on(connection_.shard_.core.files, open);
  if (!file) co_return pass(file);

  RangeAsked asked;
  auto wanted = head_.request.headers.find("range");
  auto only_if = head_.request.headers.find("if-range");
  bool is_current = !only_if || headers.find("etag") == only_if || headers.find("last-modified") == only_if;
  if (wanted && is_current && head_.request.method == "GET") asked = parse_range(*wanted, file->size);
  headers.set("Accept-Ranges", "bytes");
  if (asked.kind == RangeAsked::Kind::unsatisfiable) {
    headers.set("Content-Range", fmt::format("bytes */{}", file->size));
    headers.remove("content-type");
    Response refused{416, std::move(headers), {}};
    auto sent = co_await send(std::move(refused));
    co_return sent;
  }
  ByteRange range{0, file->size};
  if (asked.kind == RangeAsked::Kind::part) {
    range = asked.range;
    headers.set("Content-Range",
                fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, file->size));
  }
  int status = asked.kind == RangeAsked::Kind::part ? 206 : 200;
  auto head = begin(status, headers, {Framing::Kind::length, range.size});
  if (!head) co_return pass(head);
  if (answer_framing_.kind == Framing::Kind::none) range.size = 0;

  while (range.size > 0 || !head->empty()) {
    std::string bytes;
    if (range.size > 0) {
      auto piece = co_await read_piece(file->fd.get(), range);
      if (!piece) {
        answer_ = Answer::broken;
        keep_alive_ = false;
        co_return pass(piece);
      }
      bytes = std::move(*piece);
    }
    auto sent = co_await put(Pieces(*head, bytes));
    if (!sent) co_return sent;
    head->clear();
    range.first += bytes.size();
    range.size -= bytes.size();
  }
  answer_ = Answer::complete;
  co_return Result<void>{};
}

}  // namespace bastide::net::detail
