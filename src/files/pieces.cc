#include "files/pieces.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/crypto.h"

namespace bastide::files {
namespace {

constexpr std::size_t seal_bytes = 40;  // nonce and tag
constexpr auto piece_size = static_cast<std::int64_t>(piece_bytes);
constexpr auto sealed_size = static_cast<std::int64_t>(piece_bytes + seal_bytes);

std::string place_of(std::string_view id, std::int64_t number) {
  return std::string(id) + '/' + std::to_string(number);
}

}  // namespace

Result<void> PieceSealer::put() {
  auto written = into_.write(seal(key_, pending_, place_of(id_, number_++)));
  pending_.clear();
  return written;
}

Result<void> PieceSealer::write(std::string_view bytes) {
  bytes_ += static_cast<std::int64_t>(bytes.size());
  while (!bytes.empty()) {
    const auto taken = std::min(bytes.size(), piece_bytes - pending_.size());
    pending_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (pending_.size() < piece_bytes) break;
    if (auto written = put(); !written) return written;
  }
  return {};
}

Result<void> PieceSealer::finish() { return pending_.empty() ? Result<void>() : put(); }

Result<PieceReader> PieceReader::open(const std::string& path, std::string key, std::string id,
                                      std::int64_t bytes) {
  auto file = storage::open_file(path, O_RDONLY);
  if (!file) return pass(file);
  return PieceReader(std::move(*file), std::move(key), std::move(id), bytes);
}

Result<std::string> PieceReader::piece(std::int64_t number) const {
  const auto plain = std::min(piece_size, bytes_ - number * piece_size);
  std::string sealed(static_cast<std::size_t>(plain) + seal_bytes, '\0');
  std::size_t filled = 0;
  while (filled < sealed.size()) {
    const auto at = number * sealed_size + static_cast<std::int64_t>(filled);
    const auto got = ::pread(file_.get(), sealed.data() + filled, sealed.size() - filled, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(storage::file_error(errno, "read a file"));
    if (got == 0) return fail(Code::corrupt, "The file became shorter than it was.", "file_damaged");
    filled += static_cast<std::size_t>(got);
  }
  return open_sealed(key_, sealed, place_of(id_, number));
}

Result<std::string> PieceReader::read(std::int64_t offset, std::size_t size) const {
  std::string out;
  const auto end = std::min(bytes_, offset + static_cast<std::int64_t>(size));
  out.reserve(static_cast<std::size_t>(std::max<std::int64_t>(0, end - offset)));
  while (offset < end) {
    auto part = piece(offset / piece_size);
    if (!part) return part;
    const auto within = offset % piece_size;
    const auto taken = std::min(end - offset, static_cast<std::int64_t>(part->size()) - within);
    out.append(*part, static_cast<std::size_t>(within), static_cast<std::size_t>(taken));
    offset += taken;
  }
  return out;
}

}  // namespace bastide::files
