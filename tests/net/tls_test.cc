#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/net/scripted_server.h"
#include "tests/net/tls_files.h"

namespace bastide::net::test {
namespace {
using testing::HasSubstr;

Task<void> answer(ServerCall& call) {
  auto body = co_await call.read_all(64 * 1024 * 1024);
  if (!body) co_return;
  if (call.request().path == "/stream") {
    (void)co_await call.start(200, {});
    for (int i = 0; i < 50; ++i) {
      auto sent = co_await call.write(std::string(10'000, static_cast<char>('a' + i % 26)));
      if (!sent) co_return;
      if (i % 10 == 0) co_await sleep_for(Millis(1));
    }
    (void)co_await call.finish();
    co_return;
  }
  if (call.request().path == "/cut") {
    (void)co_await call.start(200, {});
    (void)co_await call.write("begun");
    co_return;
  }
  Response response{200, {{"X-Secure", call.request().secure ? "yes" : "no"}}, std::move(*body)};
  (void)co_await call.send(std::move(response));
}

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.tls = TlsFiles{files.certificate_file(), files.key_file()};
    server = start_server(answer, metrics, options);
  }
  std::string url(std::string_view path, std::string_view host = "localhost") {
    return "https://" + std::string(host) + ":" + std::to_string(server->port()) + std::string(path);
  }
  TlsFolder files{"DNS:localhost,IP:127.0.0.1"};
  Metrics metrics;
  std::unique_ptr<Server> server;
};

TEST_F(TlsTest, CarriesRequestsLargeBodiesAndStreams) {
  ClientSide side({.ca_file = files.ca_file()});
  for (std::string_view host : {"localhost", "127.0.0.1"}) {
    auto got = side.fetch({.url = url("/", host)});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->headers.find("x-secure"), "yes");
  }
  std::string large(3'000'000, 'z');
  auto got = side.fetch({.method = "POST", .url = url("/"), .body = large});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, large);
  got = side.fetch({.url = url("/stream")});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body.size(), 500'000U);
  EXPECT_EQ(server->connections(), 2U) << "one a host, used again";
}

TEST_F(TlsTest, RefusesWhatItCannotVerify) {
  ClientSide distrusting;
  auto got = distrusting.fetch({.url = url("/")});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::upstream);
  EXPECT_EQ(got.error().detail, "tls");

  TlsFolder other("DNS:elsewhere.example");
  ServerOptions options;
  options.tls = TlsFiles{other.certificate_file(), other.key_file()};
  auto misnamed = start_server(answer, metrics, options);
  ClientSide side({.ca_file = other.ca_file()});
  for (std::string_view host : {"localhost", "127.0.0.1"}) {
    got = side.fetch({.url = "https://" + std::string(host) + ":" + std::to_string(misnamed->port())});
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().detail, "tls");
    EXPECT_THAT(got.error().message, HasSubstr("mismatch"));
  }
}

TEST_F(TlsTest, ACutStreamIsTruncated) {
  ClientSide side({.ca_file = files.ca_file()});
  auto got = side.fetch({.url = url("/cut")});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().detail, "truncated");
}

TEST_F(TlsTest, ResumesSessions) {
  ClientSide side({.ca_file = files.ca_file(), .idle_per_host_max = 1, .idle_timeout = Millis(30)});
  for (int i = 0; i < 3; ++i) {
    auto got = side.fetch({.url = url("/")});
    ASSERT_TRUE(got) << got.error().message;
    std::this_thread::sleep_for(Millis(100));
  }
  EXPECT_EQ(server->connections(), 0U);
  EXPECT_THAT(metrics.text(), HasSubstr("bastide_http_tls_handshakes_total{resumed=\"no\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("bastide_http_tls_handshakes_total{resumed=\"yes\"} 2\n"));
}

TEST_F(TlsTest, PlainOrSilentClientsAreLetGo) {
  ServerOptions options;
  options.tls = TlsFiles{files.certificate_file(), files.key_file()};
  options.header_timeout = Millis(300);
  server = start_server(answer, metrics, options);
  RawClient plain(server->port());
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(plain.sees_end(2000));
  RawClient silent(server->port());
  EXPECT_TRUE(silent.sees_end(2000));
  RawClient half(server->port());
  half.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(half.sees_end(2000));
}

TEST_F(TlsTest, AClientMeetsSilenceAndStops) {
  ScriptedServer silent([](int fd, int) { (void)ScriptedServer::wait_for_end(fd, 2000); });
  auto where = "https" + silent.url().substr(4);
  ClientSide side;
  auto got = side.fetch({.url = where, .connect_timeout = Millis(100)});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().detail, "connect");
  EXPECT_EQ(got.error().code, Code::timeout);
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(Millis(50));
    stop.request_stop();
  });
  got = side.fetch({.url = where}, stop.get_token());
  stopper.join();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::cancelled);
}

TEST_F(TlsTest, BadFilesAreNamed) {
  ServerOptions options;
  options.port = 0;
  options.tls = TlsFiles{"/nonexistent.pem", files.key_file()};
  auto missing = Server::start(options, answer, metrics);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().detail, "tls_certificate");
  TlsFolder other("DNS:x");
  options.tls = TlsFiles{files.certificate_file(), other.key_file()};
  auto mismatch = Server::start(options, answer, metrics);
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().detail, "tls_key");
  EXPECT_EQ(Client::create({.ca_file = "/nonexistent.pem"}).error().detail, "tls_ca");
}

}  // namespace
}  // namespace bastide::net::test
