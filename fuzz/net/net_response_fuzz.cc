// Any bytes as an answer.
#include <cstdlib>

#include "base/text.h"
#include "net/framing.h"

using namespace bastide::net::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view method = data[0] % 2 ? "GET" : "HEAD";
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  HeadScanner scanner(4096, 20);
  if (scanner.scan(bytes) != HeadScanner::State::complete) return 0;
  ResponseHead head;
  if (parse_response(bytes.substr(0, scanner.size()), 20, method, head)) return 0;
  if (head.status < 100 || head.status > 999) std::abort();
  if (method == "HEAD" && head.framing.kind != Framing::Kind::none) std::abort();
  if (head.framing.kind == Framing::Kind::until_close && head.keep_alive) std::abort();
  return 0;
}
