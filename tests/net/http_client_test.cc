#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/net/harness.h"

namespace bastide::net::test {
namespace {
using testing::HasSubstr;

Task<void> answer(ServerCall& call) {
  auto body = co_await call.read_all(64 * 1024 * 1024);
  if (!body) co_return;
  if (call.request().path == "/slow") {
    co_await sleep_for(Millis(3000));
    (void)co_await call.send({});
    co_return;
  }
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
  EXPECT_EQ(server->connections(), 1U) << "one connection was used again and again";
}

}  // namespace
}  // namespace bastide::net::test
