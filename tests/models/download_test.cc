#include "models/install/download.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/crypto.h"
#include "tests/models/scratch.h"
#include "tests/net/scripted_server.h"

namespace bastide::models {
namespace {

using net::test::ScriptedServer;
using test::read_file;
using test::Scratch;

const std::string content = [] {
  std::string out;
  while (out.size() < 300'000) out += "line " + std::to_string(out.size()) + "\n";
  return out;
}();

std::string head(int status, std::size_t length, const std::string& more = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-length: " + std::to_string(length) +
         "\r\nconnection: close\r\n" + more + "\r\n";
}

class Download : public testing::Test {
 protected:
  Result<Downloaded> get(const std::string& url, int attempts = 1) {
    DownloadOptions options;
    options.url = url;
    options.to = scratch_.path("file");
    options.attempts = attempts;
    options.pause = Millis(1);
    options.bytes_max = 10'000'000;
    return net::run_blocking(side_.thread->loop(), download(*side_.client, options));
  }
  Scratch scratch_;
  net::test::ClientSide side_;
};

TEST_F(Download, GoesOnWhereTheConnectionBroke) {
  std::mutex mutex;
  std::vector<std::string> requests;
  ScriptedServer server([&](int fd, int number) {
    const auto request = ScriptedServer::read_request(fd);
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
    }
    const std::size_t from = number == 0 ? 0 : std::stoul(request.substr(request.find("bytes=") + 6));
    const std::string tag = "etag: \"v1\"\r\n";
    if (number == 0) {
      ScriptedServer::say(fd, head(200, content.size(), tag) + content.substr(0, 100'000));
      return;
    }
    const std::string range = "content-range: bytes " + std::to_string(from) + "-" +
                              std::to_string(content.size() - 1) + "/" + std::to_string(content.size()) +
                              "\r\n";
    const std::size_t size = number == 1 ? 50'000 : content.size() - from;
    ScriptedServer::say(fd, head(206, content.size() - from, tag + range) + content.substr(from, size));
  });
  const auto done = get(server.url("/model"), 5);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->bytes, content.size());
  EXPECT_EQ(read_file(scratch_.path("file")), content);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_NE(requests[2].find("if-range: \"v1\""), std::string::npos);
}

TEST_F(Download, BeginsAnewWhenTheFileChanged) {
  test::write_file(scratch_.path("file"), "old beginning");
  test::write_file(scratch_.path("file.etag"), "\"v0\"");
  ScriptedServer server([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, head(200, content.size(), "etag: \"v1\"\r\n") + content);
  });
  ASSERT_TRUE(get(server.url("/model")));
  EXPECT_EQ(read_file(scratch_.path("file")), content);
}

TEST_F(Download, FollowsRedirectionsWithoutTheToken) {
  std::mutex mutex;
  std::vector<std::string> requests;
  const std::string hash = sha256_hex(content);
  ScriptedServer server([&](int fd, int number) {
    const std::lock_guard lock(mutex);
    requests.push_back(ScriptedServer::read_request(fd));
    if (number == 0)
      ScriptedServer::say(fd, head(302, 0, "location: /blob\r\nx-linked-etag: \"" + hash + "\"\r\n"));
    else
      ScriptedServer::say(fd, head(200, content.size()) + content);
  });
  DownloadOptions options;
  options.url = server.url("/resolve");
  options.to = scratch_.path("file");
  options.token = "hf_secret";
  const auto done = net::run_blocking(side_.thread->loop(), download(*side_.client, options));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->stated_sha256, hash);
  const std::lock_guard lock(mutex);
  EXPECT_NE(requests[0].find("hf_secret"), std::string::npos);
  EXPECT_EQ(requests[1].find("hf_secret"), std::string::npos);
}

TEST_F(Download, SaysWhatIsWrong) {
  int status = 404;
  ScriptedServer server([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, head(status, 0, status == 302 ? "location: /again\r\n" : ""));
  });
  EXPECT_EQ(get(server.url("/m")).error().code, Code::not_found);
  status = 403;
  EXPECT_EQ(get(server.url("/m")).error().detail, "gated");
  status = 302;
  EXPECT_EQ(get(server.url("/m")).error().detail, "redirection");
  status = 500;
  EXPECT_EQ(get(server.url("/m"), 2).error().detail, "server");
}

TEST_F(Download, RefusesMoreThanExpected) {
  ScriptedServer server([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, head(200, 20'000'000) + content);
  });
  EXPECT_EQ(get(server.url("/m")).error().code, Code::too_large);
}

}  // namespace
}  // namespace bastide::models
