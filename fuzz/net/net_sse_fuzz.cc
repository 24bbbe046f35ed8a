// Any bytes as an event stream: how they are split must not matter, and what we write we read.
#include <cstdlib>

#include "net/sse.h"

using namespace bastide::net;

namespace {
bool same(const std::vector<SseEvent>& a, const std::vector<SseEvent>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].data != b[i].data || a[i].event != b[i].event || a[i].id != b[i].id) return false;
  return true;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::size_t piece = 1 + data[0] % 9;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  SseParser whole(1 << 20);
  std::vector<SseEvent> events;
  if (!whole.feed(bytes, events)) std::abort();
  SseParser stepped(1 << 20);
  std::vector<SseEvent> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    if (!stepped.feed(bytes.substr(at, piece), pieces)) std::abort();
  if (!same(events, pieces) || whole.has_partial() != stepped.has_partial()) std::abort();

  SseParser reader(1 << 20);
  std::vector<SseEvent> back;
  if (!reader.feed(sse_text(bytes), back) || back.size() != 1) std::abort();
  SseParser again(1 << 20);
  std::vector<SseEvent> twice;
  if (!again.feed(sse_text(back[0].data), twice) || !same(back, twice)) std::abort();
  return 0;
}
