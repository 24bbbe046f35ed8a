// How long sound is, as far as its bytes tell without decoding them.
#pragma once

#include <cstdint>
#include <string_view>

namespace bastide::http_api {

/// In milliseconds. Of a WAV file by its own byte rate (RIFF, "fmt " chunk); of anything else by the lowest
/// rate that people are understood at, 8 kbit/s, so that it is an upper bound.
[[nodiscard]] std::int64_t sound_ms_at_most(std::string_view bytes);
/// The same by a usual rate of speech, 32 kbit/s: what is assumed where nobody tells.
[[nodiscard]] std::int64_t sound_ms_about(std::string_view bytes);
/// The last time in SRT or WebVTT subtitles; 0 when there is none.
[[nodiscard]] std::int64_t subtitles_ms(std::string_view subtitles);

}  // namespace bastide::http_api
