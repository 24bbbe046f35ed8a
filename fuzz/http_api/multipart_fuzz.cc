// Uploads: whatever the bytes, framing ends, and splitting them does not change what is framed.
#include <cstdint>
#include <cstdlib>

#include "http_api/multipart.h"

namespace {
using bastide::http_api::MultipartFramer;
using Kind = MultipartFramer::Event::Kind;

std::string framed(std::string_view body, std::size_t step) {
  MultipartFramer framer("b");
  std::string out;
  std::size_t at = 0;
  while (true) {
    auto event = framer.next();
    if (!event) return out + "!" + event.error().message;
    if (event->kind == Kind::end) return out + "$";
    if (event->kind == Kind::head)
      out += "{" + event->head.name + "|" + event->head.file_name.value_or("-") + "}";
    if (event->kind == Kind::data) out += event->data;
    if (event->kind == Kind::part_end) out += ";";
    if (event->kind != Kind::more) continue;
    if (at >= body.size()) return out;
    framer.feed(body.substr(at, step));
    at += step;
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  framed(body, body.size() + 1);
  framed(body, 3);
  return 0;
}
