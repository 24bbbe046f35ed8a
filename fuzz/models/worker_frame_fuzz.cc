// What a worker that was taken over could send.
#include <cstddef>
#include <cstdint>

#include "base/task.h"
#include "models/local/local_call.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::models::local;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  FrameParser parser(1 << 16);
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < size; at += 11)
    if (!parser.feed(bytes.substr(at, 11), frames)) break;
  LocalCall call(1);
  for (const auto& frame : frames) {
    (void)decode_error(frame.body);
    if (!call.take(frame)) break;
  }
  call.fail({});
  for (int i = 0; i < 4; ++i)
    if (!bastide::sync_wait(call.next())) break;
  return 0;
}
