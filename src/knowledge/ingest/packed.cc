#include "knowledge/ingest/packed.h"

#include <zstd.h>

namespace bastide::knowledge::ingest {
namespace {
constexpr int level = 3;
constexpr unsigned long long unpacked_bytes_max = 1ULL << 30;
}  // namespace

std::string pack(const parse::ParsedDocument& document) {
  const auto plain = parse::write_document(document);
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const auto size = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), level);
  packed.resize(ZSTD_isError(size) ? 0 : size);
  return packed;
}

Result<parse::ParsedDocument> unpack(std::string_view bytes) {
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > unpacked_bytes_max)
    return fail(Code::corrupt, "The stored text of this document is damaged.", "content_corrupt",
                "Upload the document again.");
  std::string plain(size, '\0');
  const auto got = ZSTD_decompress(plain.data(), plain.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) || got != size)
    return fail(Code::corrupt, "The stored text of this document is damaged.", "content_corrupt",
                "Upload the document again.");
  return parse::read_document(plain);
}

}  // namespace bastide::knowledge::ingest
