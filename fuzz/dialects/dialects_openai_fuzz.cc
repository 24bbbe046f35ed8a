// Any bytes as call, answer and stream of OpenAI's two dialects: what is read is written as JSON that is read
// again.
#include <cstdint>
#include <cstdlib>

#include "dialects/codec.h"
#include "dialects/collect.h"
#include "dialects/text_leaves.h"

using namespace bastide;
using namespace bastide::dialects;

namespace {

void request(const Codec& codec, std::string_view bytes) {
  auto read = codec.decode_request(bytes, {});
  if (!read) {
    if (read.error().message.empty()) std::abort();
    return;
  }
  (void)for_each_text(*read, [](std::string&) { return Result<void>{}; });
  EncodeOptions options;
  options.model = read->model;
  for (const auto* target : {&openai_codec(), &responses_codec()}) {
    Losses losses;
    auto written = target->encode_request(*read, options, losses);
    if (!written) continue;
    if (!refuse_losses(losses)) continue;
    auto again = target->decode_request(*written, {});
    // An empty text or list is refused when read, and may be what is left of an odd call.
    if (!again && again.error().detail == "json_malformed") std::abort();
  }
}

void stream(const Codec& codec, std::string_view bytes) {
  auto decoder = codec.stream_decoder();
  Collector collector;
  std::string out;
  Losses losses;
  auto encoder = codec.stream_encoder({"x", "m", 1});
  std::vector<StreamEvent> events;
  while (!bytes.empty()) {
    const auto line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    if (!decoder->feed({}, line, events)) return;
  }
  (void)decoder->finish(events);
  for (const auto& event : events) {
    (void)collector.feed(event);
    encoder->feed(event, out, losses);
  }
  (void)codec.encode_answer(collector.take(), losses);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto* codec : {&openai_codec(), &responses_codec()}) {
    request(*codec, bytes);
    stream(*codec, bytes);
    Losses losses;
    if (auto answer = codec->decode_answer(bytes)) {
      auto again = codec->decode_answer(codec->encode_answer(*answer, losses));
      if (!again) std::abort();
      for (const auto& event : events_of(*answer)) (void)event;
    }
    (void)codec->decode_error(400, bytes, {});
  }
  return 0;
}
