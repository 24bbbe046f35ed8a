// Any bytes as a request: how they are split must not matter, and what is taken must be unambiguous.
#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "net/framing.h"

using namespace bastide::net::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HeadScanner whole(4096, 20);
  auto state = whole.scan(bytes);
  HeadScanner pieces(4096, 20);
  auto stepped = HeadScanner::State::more;
  for (std::size_t i = 1; i <= size && stepped == HeadScanner::State::more; ++i)
    stepped = pieces.scan(bytes.substr(0, i));
  if (state != stepped) std::abort();
  if (state == HeadScanner::State::refused && whole.refusal().status != pieces.refusal().status) std::abort();
  if (state != HeadScanner::State::complete) return 0;
  if (whole.size() != pieces.size() || whole.size() > 4096) std::abort();

  RequestHead head;
  if (parse_request(bytes.substr(0, whole.size()), 20, head)) return 0;
  if (!bastide::is_utf8(head.request.path) || head.request.path.find('\0') != std::string::npos) std::abort();
  if (head.request.path != "*" && !head.request.path.starts_with('/')) std::abort();
  std::size_t lengths = 0;
  std::size_t codings = 0;
  for (const auto& field : head.request.headers.all()) {
    if (!is_token(field.name) || !is_field_value(field.value)) std::abort();
    lengths += bastide::equal_ignoring_ascii_case(field.name, "content-length");
    codings += bastide::equal_ignoring_ascii_case(field.name, "transfer-encoding");
  }
  if (lengths + codings > 1) std::abort();
  if (codings == 1 && head.framing.kind != Framing::Kind::chunked) std::abort();
  if (lengths == 0 && head.framing.kind == Framing::Kind::length) std::abort();
  (void)head.request.parameter("a");
  return 0;
}
