// A provider's stream, well made but for some bytes in its middle: what the caller gets does not depend on
// where the network cut it. Frames that repeat take the short way when they come whole, and never when they
// come byte by byte.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/translator.h"

namespace {

using namespace bastide;
using namespace bastide::dialects;

const Codec& codec_at(unsigned number) {
  switch (number % 4) {
    case 0:
      return openai_codec();
    case 1:
      return mistral_codec();
    case 2:
      return anthropic_codec();
    default:
      return gemini_codec();
  }
}

std::string stream_of(const Codec& codec, std::string_view pieces) {
  std::string out;
  Losses losses;
  const auto encoder = codec.stream_encoder({"one", "m", 1, true});
  const auto say = [&](const StreamEvent& event) { encoder->feed(event, out, losses); };
  say(Start{"one", "m", 1});
  say(PartStart{0, 0, Part{Text{}}});
  say(TextDelta{0, "a"});
  say(TextDelta{0, "b"});
  for (; !pieces.empty(); pieces.remove_prefix(std::min<std::size_t>(pieces.size(), 5)))
    say(TextDelta{0, std::string(pieces.substr(0, 5))});
  say(PartEnd{0});
  say(Finished{.choice = 0, .finish = Finish::stop});
  say(End{});
  return out;
}

std::string heard(const Codec& theirs, const Codec& callers, std::string_view stream, std::size_t step) {
  gateway::Translator::Wanted wanted;
  wanted.stream = true;
  wanted.exchange = "x";
  wanted.model = "m";
  gateway::Translator translator(theirs, callers, wanted, nullptr);
  net::Headers head{{"content-type", "text/event-stream"}};
  (void)translator.on_head(200, head);
  std::string out;
  for (; !stream.empty(); stream.remove_prefix(std::min(stream.size(), step))) {
    translator.on_body(stream.substr(0, step));
    out += translator.rewritten();
  }
  return out + translator.on_end(nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 4096) return 0;
  const auto& theirs = codec_at(data[0]);
  const auto& callers = codec_at(data[1]);
  const std::string_view rest(reinterpret_cast<const char*>(data) + 4, size - 4);
  const auto cut = rest.size() * data[2] / 256;
  auto stream = stream_of(theirs, rest.substr(0, cut));
  stream.insert(stream.size() * data[3] / 256, rest.substr(cut));
  if (heard(theirs, callers, stream, 1) != heard(theirs, callers, stream, stream.size())) std::abort();
  return 0;
}
