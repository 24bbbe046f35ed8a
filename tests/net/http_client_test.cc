#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/net/scripted_server.h"

namespace bastide::net::test {
namespace {
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

Task<void> answer(ServerCall& call) {
  auto body = co_await call.read_all(64 * 1024 * 1024);
  if (!body) co_return;
  if (call.request().path == "/stream") {
    (void)co_await call.start(200, {{"Content-Type", "text/plain"}});
    for (int i = 0; i < 100; ++i) {
      auto sent = co_await call.write(std::to_string(i) + ",");
      if (!sent) co_return;
    }
    (void)co_await call.finish();
    co_return;
  }
  Response response{200, {{"X-Peer", call.request().peer}}, call.request().method + " " + *body};
  (void)co_await call.send(std::move(response));
}

std::string detail_of(const Result<Fetched>& result) { return result ? "none" : result.error().detail; }

TEST(Client, GetsPostsAndStreams) {
  Metrics metrics;
  auto server = start_server(answer, metrics);
  ClientSide side;
  auto got = side.fetch({.url = url_of(*server, "/a")});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "GET ");
  EXPECT_EQ(got->headers.find("x-peer"), "127.0.0.1");
  std::string large(5'000'000, 'y');
  got = side.fetch({.method = "POST", .url = url_of(*server, "/a"), .body = large});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "POST " + large);
  got = side.fetch({.url = url_of(*server, "/stream")});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_THAT(got->body, HasSubstr("0,1,2,3,"));
  EXPECT_THAT(got->body, HasSubstr("98,99,"));
  got = side.fetch({.method = "HEAD", .url = url_of(*server, "/a")});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "");
  EXPECT_EQ(server->connections(), 1U) << "one connection was used again and again";
}

TEST(Client, FindsLocalhostByName) {
  Metrics metrics;
  auto server = start_server(answer, metrics);
  ClientSide side;
  auto got = side.fetch({.url = "http://localhost:" + std::to_string(server->port()) + "/a"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "GET ");
}

TEST(Client, SpeaksOverAUnixSocket) {
  auto path =
      std::filesystem::temp_directory_path() / ("bastide-net-" + std::to_string(::getpid()) + ".sock");
  std::filesystem::remove(path);
  {
    std::string asked;
    ScriptedServer server(
        [&](int fd, int) {
          asked = ScriptedServer::read_request(fd);
          ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        },
        path);
    ClientSide side;
    auto got = side.fetch({.url = "http://unix:" + path.string() + ":/v1/x?y"});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "hi");
    EXPECT_THAT(asked, HasSubstr("GET /v1/x?y HTTP/1.1\r\nHost: localhost\r\n"));
  }
  std::filesystem::remove(path);
}

TEST(Client, FramesRequestsItself) {
  std::string asked;
  ScriptedServer server([&](int fd, int) {
    asked = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  ClientSide side;
  auto got =
      side.fetch({.method = "POST",
                  .url = server.url("/p"),
                  .headers = {{"Content-Length", "99"}, {"Transfer-Encoding", "chunked"}, {"X-A", "b"}},
                  .body = "abc"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(count(asked, "Content-Length: "), 1U);
  EXPECT_THAT(asked, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-A: b\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("chunked")));
  EXPECT_EQ(detail_of(side.fetch({.url = server.url(), .headers = {{"X", "a\r\nY: b"}}})), "header");
  EXPECT_EQ(detail_of(side.fetch({.method = "G ET", .url = server.url()})), "method");
  EXPECT_EQ(detail_of(side.fetch({.url = "ftp://x"})), "url");
}

TEST(Client, ReadsEveryKindOfBodyHoweverItIsSplit) {
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
      "OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\nhello",
  };
  for (const auto& bytes : answers)
    for (std::size_t piece : {std::size_t(1), std::size_t(7), std::size_t(1000)}) {
      ScriptedServer server([&](int fd, int) {
        (void)ScriptedServer::read_request(fd);
        ScriptedServer::say(fd, bytes, piece);
      });
      ClientSide side;
      auto got = side.fetch({.url = server.url()});
      ASSERT_TRUE(got) << bytes << got.error().message;
      EXPECT_EQ(got->status, 200);
      EXPECT_EQ(got->body, "hello");
    }
}

TEST(Client, NeverTakesACutAnswerForAWholeOne) {
  struct Case {
    std::string bytes;
    std::string detail;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "truncated"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "truncated"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "truncated"},
      {"HTTP/1.1 200 OK\r\nContent-Len", "truncated"},
      {"", "reset"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n", "protocol"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", "protocol"},
      {"SSH-2.0-OpenSSH\r\n\r\n", "protocol"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "protocol"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), "protocol"},
  };
  for (const auto& one : cases) {
    ScriptedServer server([&](int fd, int) {
      (void)ScriptedServer::read_request(fd);
      ScriptedServer::say(fd, one.bytes);
      ::shutdown(fd, SHUT_WR);
      (void)ScriptedServer::wait_for_end(fd, 500);
    });
    ClientSide side;
    auto got = side.fetch({.url = server.url()});
    EXPECT_EQ(detail_of(got), one.detail) << one.bytes.substr(0, 100);
    if (!got) EXPECT_EQ(got.error().code, Code::upstream);
  }
}

TEST(Client, NamesWhyItCannotConnect) {
  ClientSide side;
  int port = 0;
  {
    ScriptedServer server([](int, int) {});
    port = std::stoi(server.url("").substr(17));
  }
  EXPECT_EQ(detail_of(side.fetch({.url = "http://127.0.0.1:" + std::to_string(port)})), "connect_refused");
  EXPECT_EQ(detail_of(side.fetch({.url = "http://unix:/nonexistent/socket:/"})), "connect_refused");
  auto unknown = side.fetch({.url = "http://no-such-name.invalid/", .connect_timeout = Millis(3000)});
  EXPECT_THAT(detail_of(unknown), AnyOf("dns", "connect"));
}

TEST(Client, GivesUpOnSilence) {
  ScriptedServer silent([](int fd, int) { (void)ScriptedServer::wait_for_end(fd, 2000); });
  ClientSide side;
  auto got = side.fetch({.url = silent.url(), .first_byte_timeout = Millis(100)});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::timeout);
  EXPECT_EQ(got.error().detail, "first_byte");

  ScriptedServer halting([](int fd, int) {
    (void)ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
    (void)ScriptedServer::wait_for_end(fd, 2000);
  });
  got = side.fetch({.url = halting.url(), .idle_timeout = Millis(100)});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::timeout);
  EXPECT_EQ(got.error().detail, "idle");
}

TEST(Client, TriesOnceMoreOnlyWhenAReusedConnectionWasDead) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](int fd, int number) {
    for (int i = 0; i < (number == 0 ? 2 : 1); ++i) {
      if (ScriptedServer::read_request(fd).empty()) return;
      ++requests;
      if (number == 0 && i == 1) return;  // the second request on the first connection: not a byte
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number));
    }
  });
  ClientSide side;
  EXPECT_EQ(side.fetch({.url = server.url()})->body, "0");
  auto again = side.fetch({.method = "POST", .url = server.url(), .body = "x"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->body, "1");
  EXPECT_EQ(requests, 3);

  // A fresh one that dies is not tried again.
  std::atomic<int> fresh_requests{0};
  ScriptedServer dying([&](int fd, int) {
    (void)ScriptedServer::read_request(fd);
    ++fresh_requests;
  });
  EXPECT_EQ(detail_of(side.fetch({.url = dying.url()})), "reset");
  EXPECT_EQ(fresh_requests, 1);
}

TEST(Client, DropsIdleConnectionsThatTheServerClosed) {
  Metrics metrics;
  ServerOptions options;
  options.keep_alive_timeout = Millis(50);
  auto server = start_server(answer, metrics, options);
  ClientSide side;
  for (int i = 0; i < 3; ++i) {
    auto got = side.fetch({.method = "POST", .url = url_of(*server, "/a"), .body = "x"});
    ASSERT_TRUE(got) << got.error().message;
    for (int wait = 0; wait < 2000 && server->connections() > 0; ++wait)
      std::this_thread::sleep_for(Millis(1));
    EXPECT_EQ(server->connections(), 0U);
    std::this_thread::sleep_for(Millis(20));
  }
}

TEST(Client, ClosesItsIdleConnectionsInTime) {
  Metrics metrics;
  auto server = start_server(answer, metrics);
  ClientSide side({.idle_timeout = Millis(50)});
  ASSERT_TRUE(side.fetch({.url = url_of(*server, "/a")}));
  EXPECT_EQ(server->connections(), 1U);
  for (int wait = 0; wait < 2000 && server->connections() > 0; ++wait) std::this_thread::sleep_for(Millis(1));
  EXPECT_EQ(server->connections(), 0U);
}

TEST(Client, TakesAnAnswerThatComesBeforeTheRequestIsSent) {
  ScriptedServer server([](int fd, int) {
    (void)ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    (void)ScriptedServer::wait_for_end(fd, 1000);
  });
  ClientSide side;
  auto got = side.fetch({.method = "POST", .url = server.url(), .body = std::string(30'000'000, 'x')});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 413);
  EXPECT_EQ(got->body, "big");
}

// While connecting: see the TLS test's silent server.
TEST(Client, AStopEndsTheCallAndItsConnectionWithin100Ms) {
  for (bool with_head : {false, true}) {
    std::atomic<int> closed{0};
    ScriptedServer server([&](int fd, int) {
      (void)ScriptedServer::read_request(fd);
      if (with_head) ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
      if (ScriptedServer::wait_for_end(fd, 3000) >= 0) ++closed;
    });
    ClientSide side;
    // The best of several tries: other programs of the machine may hold up any one of them.
    Steady::duration best = std::chrono::hours(1);
    for (int i = 0; i < 5 && best >= Millis(100); ++i) {
      std::stop_source stop;
      Steady::time_point stopped_at;
      std::thread stopper([&] {
        std::this_thread::sleep_for(Millis(50));
        stopped_at = Steady::now();
        stop.request_stop();
      });
      auto got = side.fetch({.url = server.url()}, stop.get_token());
      stopper.join();
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().code, Code::cancelled);
      for (int wait = 0; wait < 2000 && closed <= i; ++wait) std::this_thread::sleep_for(Millis(1));
      EXPECT_EQ(closed, i + 1);
      best = std::min(best, Steady::now() - stopped_at);
    }
    EXPECT_LT(best, Millis(100));
  }
}

Task<Result<int>> hold_unread(Client& client, std::string url, std::stop_source stop, int stage) {
  ClientRequest request{.url = std::move(url)};
  auto response = co_await client.fetch(std::move(request), stop.get_token());
  if (!response) co_return pass(response);
  if (stage == 0) response->reset();    // destroyed before its end
  if (stage == 1) stop.request_stop();  // stopped while nobody reads
  co_await sleep_for(Millis(150));
  if (stage == 0) co_return 0;
  auto piece = co_await (*response)->read();
  co_return piece ? 0 : static_cast<int>(piece.error().code);
}

TEST(Client, AnUnreadAnswerIsClosedByAStopOrByItsEnd) {
  for (int stage : {0, 1}) {
    std::atomic<int> closed_after{-2};
    ScriptedServer server([&](int fd, int) {
      (void)ScriptedServer::read_request(fd);
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
      auto after = ScriptedServer::wait_for_end(fd, 3000);
      closed_after = after;
    });
    ClientSide side;
    auto code =
        run_blocking(side.thread->loop(), hold_unread(*side.client, server.url(), std::stop_source(), stage));
    ASSERT_TRUE(code);
    if (stage == 1) EXPECT_EQ(*code, static_cast<int>(Code::cancelled));
    for (int i = 0; i < 3000 && closed_after == -2; ++i) std::this_thread::sleep_for(Millis(1));
    EXPECT_GE(closed_after, 0);
    EXPECT_LT(closed_after, 1500) << "long before the server gives up";
  }
}

TEST(Client, BoundsWhatItCollects) {
  Metrics metrics;
  auto server = start_server(answer, metrics);
  ClientSide side;
  auto fetch = [](Client& client, std::string url) -> Task<Result<std::string>> {
    ClientRequest request{.method = "POST", .url = std::move(url), .body = std::string(100'000, 'x')};
    auto response = co_await client.fetch(std::move(request), {});
    if (!response) co_return pass(response);
    auto body = co_await (*response)->read_all(1000);
    co_return body;
  };
  auto got = run_blocking(side.thread->loop(), fetch(*side.client, url_of(*server, "/a")));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::too_large);
}

TEST(Client, MayEndBeforeItsLoopAndAfter) {
  Metrics metrics;
  auto server = start_server(answer, metrics);
  auto side = std::make_unique<ClientSide>();
  ASSERT_TRUE(side->fetch({.url = url_of(*server, "/a")}));
  side->client.reset();
  for (int i = 0; i < 2000 && server->connections() > 0; ++i) std::this_thread::sleep_for(Millis(1));
  EXPECT_EQ(server->connections(), 0U) << "its idle connection is closed with it";
  side = std::make_unique<ClientSide>();
  ASSERT_TRUE(side->fetch({.url = url_of(*server, "/a")}));
  side->thread.reset();
  for (int i = 0; i < 2000 && server->connections() > 0; ++i) std::this_thread::sleep_for(Millis(1));
  EXPECT_EQ(server->connections(), 0U) << "and with its loop";
  side.reset();
}

}  // namespace
}  // namespace bastide::net::test
