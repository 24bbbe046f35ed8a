// What every codec must stand: any bytes as a request, an answer, an error or a stream.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/codec.h"
#include "dialects/json_in.h"

namespace bastide::dialects {

inline void must(bool holds) {
  if (!holds) std::abort();
}

inline bool is_json(const std::string& text) { return detail::valid_json(text).has_value(); }

/// The first byte chooses what the rest is. Streams are lines, one event each.
inline void fuzz_codec(const Codec& codec, std::string_view input) {
  if (input.empty()) return;
  const auto kind = static_cast<unsigned char>(input.front()) % 4;
  input.remove_prefix(1);
  Losses losses;
  if (kind == 0) {
    const auto request = codec.decode_request(input, {.model = "m", .stream = true});
    if (!request) return;
    for (const bool same : {true, false})
      if (const auto body = codec.encode_request(*request, {.model = "m", .same_model = same}, losses))
        must(is_json(*body));
  } else if (kind == 1) {
    if (const auto answer = codec.decode_answer(input)) must(is_json(codec.encode_answer(*answer, losses)));
  } else if (kind == 2) {
    (void)codec.decode_error(400, input, {});
  } else {
    auto decoder = codec.stream_decoder();
    auto encoder = codec.stream_encoder({"id", "m", 1, true});
    std::vector<StreamEvent> events;
    std::string out;
    bool failed = false;
    for (std::size_t from = 0; from < input.size() && !failed;) {
      const auto to = std::min(input.find('\n', from), input.size());
      failed = !decoder->feed({}, input.substr(from, to - from), events);
      from = to + 1;
    }
    if (!failed) (void)decoder->finish(events);
    for (const auto& event : events) encoder->feed(event, out, losses);
    for (std::string_view rest = out; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.starts_with("data: ")) {
        must(line == "data: [DONE]" || is_json(std::string(line.substr(6))));
      } else {
        must(line.empty() || line.starts_with("event: ") || line.starts_with(":"));
      }
    }
  }
  (void)refuse_losses(losses);
  (void)warning_of(losses);
}

}  // namespace bastide::dialects
