#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/net/harness.h"

namespace bastide::net::test {
namespace {
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Task<void> serve_file(ServerCall& call, std::string folder) {
  Headers headers{{"Content-Type", "text/x"}, {"ETag", "\"v1\""}};
  auto sent = co_await call.send_file(folder + call.request().path, std::move(headers));
  if (!sent && sent.error().code == Code::not_found) {
    Response missing{404, {}, "none"};
    (void)co_await call.send(std::move(missing));
  }
}

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("bastide-file-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    for (int i = 0; content.size() < 1'000'000; ++i) content += std::to_string(i) + " ";
    std::ofstream(folder / "large") << content;
    std::ofstream(folder / "empty");
    Handler handler = [this](ServerCall& call) { return serve_file(call, folder.string()); };
    server = start_server(std::move(handler), metrics);
  }
  void TearDown() override {
    server.reset();
    std::filesystem::remove_all(folder);
  }
  std::string ask(std::string_view path, std::string_view headers = "", std::string_view method = "GET") {
    RawClient client(server->port());
    client.send(std::string(method) + " " + std::string(path) +
                " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + std::string(headers) + "\r\n");
    return client.receive_all();
  }
  std::filesystem::path folder;
  std::string content;
  Metrics metrics;
  std::unique_ptr<Server> server;
};

TEST_F(FileTest, SendsWholeFiles) {
  auto answer = ask("/large");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: " + std::to_string(content.size()) + "\r\n"));
  EXPECT_THAT(answer, HasSubstr("Accept-Ranges: bytes\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + content));
  EXPECT_TRUE(ask("/empty").ends_with("\r\n\r\n"));
  EXPECT_THAT(ask("/missing"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("/"), StartsWith("HTTP/1.1 404 ")) << "a folder is not a file";
}

TEST_F(FileTest, HeadHasTheLengthAlone) {
  auto answer = ask("/large", "", "HEAD");
  EXPECT_THAT(answer, HasSubstr("Content-Length: " + std::to_string(content.size()) + "\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(FileTest, SendsARange) {
  auto answer = ask("/large", "Range: bytes=100000-699999\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(answer,
              HasSubstr("Content-Range: bytes 100000-699999/" + std::to_string(content.size()) + "\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + content.substr(100'000, 600'000)));
  answer = ask("/large", "Range: bytes=5000000-\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 416 "));
  EXPECT_THAT(answer, HasSubstr("Content-Range: bytes */" + std::to_string(content.size()) + "\r\n"));
  EXPECT_THAT(ask("/large", "Range: bytes=0-1,4-5\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("/large", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n"), StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(ask("/large", "Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace bastide::net::test
