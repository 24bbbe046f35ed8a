#include "storage/archive.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace bastide::storage {
namespace {
constexpr std::size_t block = 512;
constexpr int compression_level = 3;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Code::corrupt, fmt::format("The archive is damaged: {}.", what), "archive_damaged",
              "Use another backup.");
}

/// Offsets and lengths of a ustar header: IEEE 1003.1, pax, "ustar Interchange Format".
struct Header {
  std::array<char, block> bytes{};

  void text(std::size_t at, std::string_view value) {
    std::memcpy(bytes.data() + at, value.data(), value.size());
  }
  void size(std::uint64_t value) {
    if (value < (std::uint64_t{1} << 33)) {
      text(124, fmt::format("{:011o}", value));
      return;
    }
    bytes[124] = static_cast<char>(0x80);  // GNU: a binary number, big-endian
    for (std::size_t i = 0; i < 8; ++i) bytes[135 - i] = static_cast<char>(value >> (8 * i));
  }
  [[nodiscard]] unsigned sum() const {
    unsigned out = 0;
    for (std::size_t i = 0; i < block; ++i)
      out += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(bytes[i]);
    return out;
  }
};

Result<std::uint64_t> octal(std::string_view field) {
  while (!field.empty() && (field.back() == '\0' || field.back() == ' ')) field.remove_suffix(1);
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  std::uint64_t out = 0;
  auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), out, 8);
  if (error != std::errc() || end != field.data() + field.size()) return damaged("a number in a header");
  return out;
}

Result<ArchiveEntry> parse(const Header& header) {
  std::string_view all(header.bytes.data(), block);
  auto sum = octal(all.substr(148, 8));
  if (!sum || *sum != header.sum()) return damaged("a header's checksum");
  if (header.bytes[156] != '0') return damaged("an entry that is no file");
  ArchiveEntry out;
  out.name = all.substr(0, 100).substr(0, std::min<std::size_t>(100, all.substr(0, 100).find('\0')));
  if (static_cast<unsigned char>(header.bytes[124]) == 0x80) {
    for (std::size_t i = 128; i < 136; ++i)
      out.size_bytes = out.size_bytes << 8 | static_cast<unsigned char>(header.bytes[i]);
  } else {
    auto size = octal(all.substr(124, 12));
    if (!size) return pass(size);
    out.size_bytes = *size;
  }
  return out;
}

std::size_t padding(std::uint64_t size_bytes) {
  return static_cast<std::size_t>((block - size_bytes % block) % block);
}

/// Takes decompressed bytes as they come and gives entries out.
class TarParser {
 public:
  explicit TarParser(const std::function<Result<EntryTaker>(const ArchiveEntry&)>& begin) : begin_(begin) {}

  Result<void> feed(std::string_view bytes) {
    while (!bytes.empty()) {
      if (ended_)
        return bytes.find_first_not_of('\0') == std::string_view::npos ? Result<void>()
                                                                       : damaged("text after its end");
      if (left_ > 0) {
        auto piece = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
        if (auto taken = take_(piece); !taken) return taken;
        left_ -= piece.size();
        bytes.remove_prefix(piece.size());
      } else if (skip_ > 0) {
        auto skipped = std::min(skip_, bytes.size());
        skip_ -= skipped;
        bytes.remove_prefix(skipped);
      } else {
        auto piece = bytes.substr(0, block - have_);
        std::memcpy(header_.bytes.data() + have_, piece.data(), piece.size());
        have_ += piece.size();
        bytes.remove_prefix(piece.size());
        if (have_ < block) break;
        if (auto done = header(); !done) return done;
      }
    }
    return {};
  }
  [[nodiscard]] bool complete() const { return ended_ && left_ == 0; }

 private:
  Result<void> header() {
    have_ = 0;
    if (std::ranges::all_of(header_.bytes, [](char c) { return c == '\0'; })) {
      ended_ = true;
      return {};
    }
    auto entry = parse(header_);
    if (!entry) return pass(entry);
    auto taker = begin_(*entry);
    if (!taker) return pass(taker);
    take_ = std::move(*taker);
    left_ = entry->size_bytes;
    skip_ = padding(entry->size_bytes);
    return {};
  }

  const std::function<Result<EntryTaker>(const ArchiveEntry&)>& begin_;
  Header header_;
  std::size_t have_ = 0;
  EntryTaker take_;
  std::uint64_t left_ = 0;
  std::size_t skip_ = 0;
  bool ended_ = false;
};
}  // namespace

struct ArchiveWriter::State {
  const Fd& file;
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> zstd{ZSTD_createCCtx(), ZSTD_freeCCtx};
  std::vector<char> out = std::vector<char>(ZSTD_CStreamOutSize());
  std::uint64_t left = 0;
  std::size_t pad = 0;

  Result<void> put(std::string_view bytes, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      auto left_inside = ZSTD_compressStream2(zstd.get(), &to, &in, how);
      if (ZSTD_isError(left_inside)) return fail(Code::internal, "The archive could not be compressed.");
      if (auto written = write_all(file, {out.data(), to.pos}); !written) return written;
      if (how == ZSTD_e_end ? left_inside == 0 : in.pos == in.size) return {};
    }
  }
};

ArchiveWriter::ArchiveWriter(const Fd& file) : state_(new State{.file = file}) {
  ZSTD_CCtx_setParameter(state_->zstd.get(), ZSTD_c_compressionLevel, compression_level);
  ZSTD_CCtx_setParameter(state_->zstd.get(), ZSTD_c_checksumFlag, 1);
}
ArchiveWriter::~ArchiveWriter() = default;

Result<void> ArchiveWriter::begin(std::string_view name, std::uint64_t size_bytes) {
  if (state_->left != 0 || name.size() > 100)
    throw std::logic_error("an archive entry begins within another, or its name is long");
  Header header;
  header.text(0, name);
  header.text(100, "0000600");
  header.text(108, "0000000");
  header.text(116, "0000000");
  header.size(size_bytes);
  header.text(136, "00000000000");
  header.text(156, "0");
  header.text(257, std::string_view("ustar\00000", 8));
  header.text(148, fmt::format("{:06o}", header.sum()));
  header.bytes[155] = ' ';
  state_->left = size_bytes;
  state_->pad = padding(size_bytes);
  return state_->put({header.bytes.data(), block}, ZSTD_e_continue);
}

Result<void> ArchiveWriter::write(std::string_view bytes) {
  if (bytes.size() > state_->left) throw std::logic_error("more bytes than an archive entry was to have");
  state_->left -= bytes.size();
  if (auto done = state_->put(bytes, ZSTD_e_continue); !done || state_->left > 0) return done;
  return state_->put(std::string(state_->pad, '\0'), ZSTD_e_continue);
}

Result<void> ArchiveWriter::finish() { return state_->put(std::string(2 * block, '\0'), ZSTD_e_end); }

Result<void> read_archive(const Fd& file,
                          const std::function<Result<EntryTaker>(const ArchiveEntry&)>& begin) {
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> zstd(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::vector<char> out(ZSTD_DStreamOutSize());
  TarParser tar(begin);
  std::size_t expected = 1;  // 0 at the end of the frame
  auto read = read_pieces(file, [&](std::string_view piece) -> Result<void> {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    bool more = true;
    while (in.pos < in.size || more) {
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      expected = ZSTD_decompressStream(zstd.get(), &to, &in);
      if (ZSTD_isError(expected)) return damaged("it does not decompress");
      if (auto fed = tar.feed({out.data(), to.pos}); !fed) return fed;
      more = to.pos == to.size && expected != 0;
    }
    return {};
  });
  if (!read) return read;
  if (expected != 0 || !tar.complete()) return damaged("it was cut short");
  return {};
}

}  // namespace bastide::storage
