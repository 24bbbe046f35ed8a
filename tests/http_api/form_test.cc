#include "http_api/form.h"

#include <gtest/gtest.h>

#include <cstring>

#include "http_api/model_calls/sound.h"
#include "http_api/multipart.h"

namespace bastide::http_api {
namespace {

TEST(Form, what_is_written_is_read_again) {
  const FormFile file{"file", "été \"1\".wav", "audio/wav", std::string("\r\n--form\0--", 11)};
  const auto written = write_form({{"model", "up"}, {"timestamp_granularities[]", "word"}}, &file);
  const auto boundary = multipart_boundary(written.content_type);
  ASSERT_TRUE(boundary);
  MultipartFramer framer(*boundary);
  framer.feed(written.body);
  using Kind = MultipartFramer::Event::Kind;
  std::vector<std::string> seen;
  std::string data;
  for (auto event = framer.next(); event && event->kind != Kind::more && event->kind != Kind::end;
       event = framer.next()) {
    if (event->kind == Kind::head) {
      seen.push_back(event->head.name);
      data.clear();
    }
    if (event->kind == Kind::data) data += event->data;
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"model", "timestamp_granularities[]", "file"}));
  EXPECT_EQ(data, file.bytes);
}

std::string wav(std::uint32_t bytes_a_second, std::size_t bytes) {
  std::string out = "RIFF....WAVELIST";
  const auto put = [&out](std::uint32_t number) {
    char raw[4];
    std::memcpy(raw, &number, 4);
    out.append(raw, 4);
  };
  put(3);
  out += "abc";
  out += '\0';  // chunks begin at even places
  out += "fmt ";
  put(16);
  put(1);
  put(8000);
  put(bytes_a_second);
  put(0);
  out.resize(bytes, '\0');
  return out;
}

TEST(Sound, a_wav_tells_its_length_and_others_are_bounded) {
  EXPECT_EQ(sound_ms_at_most(wav(16'000, 32'000)), 2000);
  EXPECT_EQ(sound_ms_about(wav(16'000, 32'000)), 2000);
  EXPECT_EQ(sound_ms_at_most(wav(4'000'000'000U, 32'000)), 32'000) << "a rate that nobody has";
  EXPECT_EQ(sound_ms_at_most(std::string(10'000, 'x')), 10'000);
  EXPECT_LT(sound_ms_about(std::string(10'000, 'x')), sound_ms_at_most(std::string(10'000, 'x')));
  EXPECT_EQ(sound_ms_at_most("RIFF"), 4);
  EXPECT_EQ(sound_ms_at_most(""), 0);
}

TEST(Sound, subtitles_tell_when_they_end) {
  EXPECT_EQ(subtitles_ms("1\n00:00:01,000 --> 01:01:02,500\na\n"), 3'662'500);
  EXPECT_EQ(subtitles_ms("WEBVTT\n\n00:01.000 --> 01:02.250 align:start\na"), 62'250);
  EXPECT_EQ(subtitles_ms("no times"), 0);
  EXPECT_EQ(subtitles_ms("a --> b"), 0);
}

}  // namespace
}  // namespace bastide::http_api
