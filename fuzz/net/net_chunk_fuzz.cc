// Any bytes as a chunked body: how they are split must not matter, and only content may come out.
#include <cstdlib>

#include "net/chunk.h"

using bastide::net::detail::ChunkDecoder;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::size_t piece = 1 + data[0] % 9;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ChunkDecoder whole;
  std::string out;
  auto used = whole.feed(bytes, out);
  if (used > bytes.size() || out.size() > used) std::abort();
  if (whole.state() == ChunkDecoder::State::more && used != bytes.size()) std::abort();

  ChunkDecoder stepped;
  std::string pieces;
  std::size_t at = 0;
  while (at < bytes.size() && stepped.state() == ChunkDecoder::State::more)
    at += stepped.feed(bytes.substr(at, piece), pieces);
  if (stepped.state() != whole.state() || pieces != out || at != used) std::abort();
  return 0;
}
