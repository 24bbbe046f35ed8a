#include "http_api/multipart.h"

#include <gtest/gtest.h>

namespace bastide::http_api {
namespace {

using Kind = MultipartFramer::Event::Kind;

struct Part {
  PartHead head;
  std::string data;
};

// All parts of `body`, fed `step` bytes at a time.
Result<std::vector<Part>> parts_of(std::string_view body, std::size_t step, std::string_view boundary = "b") {
  MultipartFramer framer(boundary);
  std::vector<Part> parts;
  std::size_t at = 0;
  while (true) {
    auto event = framer.next();
    if (!event) return pass(event);
    if (event->kind == Kind::end) return parts;
    if (event->kind == Kind::more) {
      if (at >= body.size()) return fail(Code::invalid, "cut");
      framer.feed(body.substr(at, step));
      at += step;
    }
    if (event->kind == Kind::head) parts.push_back({event->head, {}});
    if (event->kind == Kind::data) parts.back().data += event->data;
  }
}

const std::string form =
    "--b\r\ncontent-disposition: form-data; name=\"label\"\r\n\r\ninternal\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".pdf\"\r\nContent-Type: "
    "application/pdf\r\n\r\n"
    "line\r\n--not a boundary\r\n\r\nend\r\n"
    "--b\r\ncontent-disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b--\r\n";

TEST(Multipart, frames_alike_however_the_bytes_arrive) {
  for (std::size_t step = 1; step <= form.size(); ++step) {
    auto parts = parts_of(form, step);
    ASSERT_TRUE(parts) << step << parts.error().message;
    ASSERT_EQ(parts->size(), 3U);
    EXPECT_EQ((*parts)[0].head.name, "label");
    EXPECT_FALSE((*parts)[0].head.file_name);
    EXPECT_EQ((*parts)[0].data, "internal");
    EXPECT_EQ((*parts)[1].head.file_name, "a \"b\".pdf");
    EXPECT_EQ((*parts)[1].head.media_type, "application/pdf");
    EXPECT_EQ((*parts)[1].data, "line\r\n--not a boundary\r\n\r\nend");
    EXPECT_EQ((*parts)[2].data, "");
  }
}

std::string named(const std::string& parameters) {
  auto parts =
      parts_of("--b\r\ncontent-disposition: form-data; name=file; " + parameters + "\r\n\r\nx\r\n--b--", 7);
  return parts ? (*parts)[0].head.file_name.value_or("(none)") : "(error)";
}

TEST(Multipart, file_names_are_names_only) {
  EXPECT_EQ(named("filename=\"../../etc/passwd\""), "passwd");
  EXPECT_EQ(named("filename=\"C:\\\\docs\\\\a.txt\""), "a.txt");
  EXPECT_EQ(named("filename=\"..\""), "document");
  EXPECT_EQ(named("filename=\"a\x1b[31m.txt\""), "a[31m.txt");
  EXPECT_EQ(named("filename=x; filename*=UTF-8''na%C3%AFve.pdf"), "naïve.pdf");
}

TEST(Multipart, refuses_what_is_not_multipart) {
  EXPECT_FALSE(parts_of("--b\r\nno colon here\r\n\r\nx\r\n--b--", 3));
  EXPECT_FALSE(parts_of("--b\r\ncontent-type: text/plain\r\n\r\nx\r\n--b--", 3));
  EXPECT_FALSE(parts_of("--b junk\r\n\r\n", 3));
  EXPECT_FALSE(parts_of("--b\r\n" + std::string(20000, 'a'), 100));
  std::string many;
  for (int i = 0; i < 200; ++i) many += "--b\r\ncontent-disposition: form-data; name=a\r\n\r\nx\r\n";
  EXPECT_FALSE(parts_of(many + "--b--", 1000));
}

TEST(Multipart, finds_the_boundary) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=\"a b\""), "a b");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=x; boundary=z"), "z");
  EXPECT_FALSE(multipart_boundary("application/json; boundary=z"));
  EXPECT_FALSE(multipart_boundary("multipart/form-data"));
}

}  // namespace
}  // namespace bastide::http_api
