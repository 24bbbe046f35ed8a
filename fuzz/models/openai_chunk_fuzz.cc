// Chunks and answers of providers: any bytes, any split.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "models/providers/openai_chunk.h"
#include "net/sse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  bastide::models::ChunkParser parser;
  if (const auto chunk = parser.parse(bytes); chunk && !bastide::is_utf8(chunk->text)) std::abort();
  (void)parser.parse_whole(bytes);
  (void)parser.parse_vectors(bytes, 2);
  bastide::net::SseParser sse(4096);
  std::vector<bastide::net::SseEvent> events;
  for (std::size_t at = 0; at < size; at += 7)
    if (!sse.feed(std::string_view(bytes).substr(at, 7), events)) break;
  for (const auto& event : events) (void)parser.parse(event.data);
  return 0;
}
