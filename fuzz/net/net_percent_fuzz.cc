// Percent-encoding there and back; addresses, queries and ranges of any bytes.
#include <cstdlib>

#include "net/answer.h"
#include "net/url.h"

using namespace bastide::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (percent_decode(percent_encode(bytes)) != bytes) std::abort();
  auto decoded = percent_decode(bytes, true);
  if (decoded && decoded->size() > size) std::abort();
  Request request;
  request.query = bytes;
  (void)request.parameter("a");
  auto url = detail::parse_url(bytes);
  if (url && (!url->target.starts_with('/') || (url->host.empty() && url->unix_socket.empty()))) std::abort();
  auto asked = detail::parse_range(bytes, 1000);
  if (asked.kind == detail::RangeAsked::Kind::part &&
      (asked.range.size == 0 || asked.range.first + asked.range.size > 1000))
    std::abort();
  return 0;
}
