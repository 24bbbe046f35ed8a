// What happens to clients that misbehave: garbage, floods, dribbles, silence, and leaving.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/net/harness.h"

namespace bastide::net::test {
namespace {
using testing::HasSubstr;
using testing::StartsWith;

struct Seen {
  std::atomic<int> stopped_after_ms{-1};
  std::atomic<int> calls{0};
  std::atomic<int> errors{0};
  std::atomic<std::int64_t> written{0};
  std::atomic<bool> running{false};
  std::atomic<bool> ended{false};
};

Task<void> handle(ServerCall& call, Seen& seen) {
  ++seen.calls;
  const auto& path = call.request().path;
  if (path == "/wait") {  // suspended on something else than its connection
    seen.running = true;
    auto begun = Steady::now();
    auto stop = call.gone();
    while (!stop.stop_requested() && Steady::now() - begun < Millis(5000)) co_await sleep_for(Millis(5));
    seen.stopped_after_ms =
        stop.stop_requested()
            ? static_cast<int>(std::chrono::duration_cast<Millis>(Steady::now() - begun).count())
            : -2;
    auto sent = co_await call.send({});
    if (!sent && sent.error().code == Code::cancelled) ++seen.errors;
    seen.ended = true;
    co_return;
  }
  if (path == "/flood" || path == "/some") {
    const int pieces = path == "/flood" ? 2000 : 100;
    seen.running = true;
    (void)co_await call.start(200, {});
    for (int i = 0; i < pieces; ++i) {
      auto sent = co_await call.write(std::string(64 * 1024, 'f'));
      if (!sent) {
        ++seen.errors;
        break;
      }
      seen.written += 64 * 1024;
    }
    auto ended = co_await call.finish();
    if (ended) seen.ended = true;
    co_return;
  }
  if (path == "/upload") {
    call.allow_body(1000);
    auto body = co_await call.read_all(1'000'000);
    if (!body) {
      ++seen.errors;
      co_return;
    }
    (void)co_await call.send({200, {}, std::to_string(body->size())});
    co_return;
  }
  auto body = co_await call.read_all(1'000'000);
  if (!body) {
    ++seen.errors;
    co_return;
  }
  (void)co_await call.send({200, {}, "ok"});
}

class LimitsTest : public testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    Handler handler = [this](ServerCall& call) { return handle(call, seen); };
    server = start_server(std::move(handler), metrics, std::move(options));
  }
  bool soon(const std::function<bool()>& done, int ms = 2000) {
    for (int i = 0; i < ms && !done(); ++i) std::this_thread::sleep_for(Millis(1));
    return done();
  }
  Seen seen;
  Metrics metrics;
  std::unique_ptr<Server> server;
};

TEST_F(LimitsTest, MalformedRequestsGetAProblemAndAnEnd) {
  start();
  for (std::string_view bad : {"\x16\x03\x01\x02\x01\x01",
                               "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                               "garbage\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n"}) {
    RawClient client(server->port());
    client.send(bad);
    auto answer = client.receive_all(2000);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bad;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
    EXPECT_THAT(answer, HasSubstr("\"status\":400"));
  }
  EXPECT_EQ(seen.calls, 0);
  EXPECT_THAT(metrics.text(), HasSubstr("bastide_http_rejected_total{reason=\"malformed\"} 4"));
}

TEST_F(LimitsTest, BadChunksAre400AndTheConnectionEnds) {
  start();
  RawClient client(server->port());
  client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\nGET / "
      "HTTP/1.1\r\n\r\n");
  auto answer = client.receive_all(3000);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(count(answer, "\r\nDate: "), 1U);
}

TEST_F(LimitsTest, HeaderFloodIs431) {
  start();
  RawClient client(server->port());
  std::string flood = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 200; ++i) flood += "X-" + std::to_string(i) + ": y\r\n";
  client.send(flood);
  EXPECT_THAT(client.receive_all(2000), StartsWith("HTTP/1.1 431 "));
  RawClient large(server->port());
  large.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3'000'000, 'x'));
  EXPECT_THAT(large.receive_until("\r\n\r\n", 2000), StartsWith("HTTP/1.1 431 "));
  RawClient target(server->port());
  target.send("GET /" + std::string(100'000, 'x'));
  EXPECT_THAT(target.receive_until("\r\n\r\n", 2000), StartsWith("HTTP/1.1 414 "));
}

TEST_F(LimitsTest, ABodyBeyondTheLimitIs413) {
  start();
  RawClient client(server->port());
  client.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n" +
              std::string(100'000, 'x'));
  EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  RawClient chunked(server->port());
  chunked.send("POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
               std::string(2000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunked.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  RawClient fits(server->port());
  fits.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_THAT(fits.receive_until("1000", 2000), StartsWith("HTTP/1.1 200 "));
}

TEST_F(LimitsTest, SlowHeadersAre408) {
  ServerOptions options;
  options.header_timeout = Millis(150);
  start(options);
  RawClient client(server->port());
  auto begun = Steady::now();
  std::atomic<bool> over{false};
  std::thread loris([&] {
    client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ");
    for (int i = 0; i < 150 && !over; ++i) {
      if (!client.send("x")) break;
      std::this_thread::sleep_for(Millis(20));
    }
  });
  auto answer = client.receive_until("\r\n\r\n", 3000);
  auto took = Steady::now() - begun;
  over = true;
  loris.join();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(took, Millis(2500)) << "the flow of bytes does not extend it";
  EXPECT_EQ(seen.calls, 0);
}

TEST_F(LimitsTest, ABodyThatStopsOrDribblesIs408) {
  ServerOptions options;
  options.body_idle_timeout = Millis(100);
  options.body_rate_window = Millis(300);
  options.body_bytes_per_second_min = 1000;
  start(options);
  RawClient stopped(server->port());
  stopped.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_THAT(stopped.receive_until("\r\n\r\n", 2000), StartsWith("HTTP/1.1 408 "));

  RawClient dribbling(server->port());
  dribbling.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  std::atomic<bool> over{false};
  std::thread loris([&] {
    for (int i = 0; i < 100 && !over; ++i) {
      if (!dribbling.send("x")) break;
      std::this_thread::sleep_for(Millis(20));
    }
  });
  EXPECT_THAT(dribbling.receive_until("\r\n\r\n", 2000), StartsWith("HTTP/1.1 408 "));
  over = true;
  loris.join();
  EXPECT_THAT(metrics.text(), HasSubstr("bastide_http_rejected_total{reason=\"too_slow\"} 2"));
}

TEST_F(LimitsTest, IdleConnectionsAreClosed) {
  ServerOptions options;
  options.keep_alive_timeout = Millis(100);
  start(options);
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.receive_until("ok"), HasSubstr("200 OK"));
  EXPECT_EQ(client.receive_all(2000), "") << "silently";
  EXPECT_TRUE(soon([&] { return server->connections() == 0; }));
}

TEST_F(LimitsTest, ConnectionsBeyondTheLimitGet503WithRetryAfter) {
  ServerOptions options;
  options.connections_max = 5;
  start(options);
  std::vector<std::unique_ptr<RawClient>> kept;
  for (int i = 0; i < 5; ++i) {
    kept.push_back(std::make_unique<RawClient>(server->port()));
    kept.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(kept.back()->receive_until("ok"), HasSubstr("200 OK"));
  }
  RawClient more(server->port());
  more.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto answer = more.receive_all(2000);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
  kept.pop_back();
  EXPECT_TRUE(soon([&] { return server->connections() <= 5; })) << "the refused one may still linger";
  RawClient again(server->port());
  again.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(again.receive_until("ok"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(LimitsTest, AClientThatLeavesStopsItsCallWithin100Ms) {
  start();
  // The best of several tries: other programs of the machine may hold up any one of them.
  for (bool half : {false, true}) {
    Steady::duration best = std::chrono::hours(1);
    for (int i = 0; i < 5 && best >= Millis(100); ++i) {
      seen.running = seen.ended = false;
      RawClient client(server->port());
      client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
      ASSERT_TRUE(soon([&] { return seen.running.load(); }));
      auto left_at = Steady::now();
      if (half)
        client.half_close();
      else
        client.close();
      ASSERT_TRUE(soon([&] { return seen.ended.load(); }));
      best = std::min(best, Steady::now() - left_at);
      EXPECT_GE(seen.stopped_after_ms, 0);
    }
    EXPECT_LT(best, Millis(100));
  }
  EXPECT_EQ(seen.errors, seen.calls) << "sending then says cancelled";
  EXPECT_TRUE(soon([&] { return server->connections() == 0; }));
}

TEST_F(LimitsTest, ASlowReaderHoldsItsWriterAndNotMemory) {
  ServerOptions options;
  options.write_timeout = Millis(300);
  start(options);
  RawClient client(server->port(), 4096);
  client.send("GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(soon([&] { return seen.running.load(); }));
  std::this_thread::sleep_for(Millis(100));
  auto before = seen.written.load();
  EXPECT_LT(before, 16 * 1024 * 1024) << "what the kernel takes, of 128 MB";
  for (int i = 0; i < 20; ++i) (void)client.receive(65536);
  EXPECT_EQ(seen.errors, 0);
  // From here on it takes nothing, and is let go.
  EXPECT_TRUE(soon([&] { return seen.errors == 1; }));
  EXPECT_FALSE(seen.ended);
}

TEST_F(LimitsTest, AFastReaderGetsEverything) {
  start();
  RawClient client(server->port());
  client.send("GET /flood HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  auto all = client.receive_all();
  EXPECT_GT(all.size(), 2000U * 64 * 1024);
  EXPECT_TRUE(all.ends_with("\r\n0\r\n\r\n"));
  EXPECT_EQ(count(all, "\r\n10000\r\n"), 2000U);
}

TEST_F(LimitsTest, ACutBodyIsAnErrorForItsReader) {
  start();
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  client.close();
  EXPECT_TRUE(soon([&] { return seen.errors == 1; }));
  EXPECT_TRUE(soon([&] { return server->connections() == 0; }));
}

TEST_F(LimitsTest, DrainLetsAnswersEndAndClosesTheIdle) {
  start();
  RawClient idle(server->port());
  idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  (void)idle.receive_until("ok");
  RawClient busy(server->port());
  busy.send("GET /some HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(soon([&] { return seen.running.load(); }));
  std::thread drain([&] { server->drain(Millis(5000)); });
  EXPECT_TRUE(idle.sees_end(2000));
  EXPECT_TRUE(busy.receive_all().ends_with("\r\n0\r\n\r\n"));
  drain.join();
  EXPECT_EQ(server->connections(), 0U);
  RawClient late(server->port());
  EXPECT_FALSE(late.connected());
}

TEST_F(LimitsTest, DrainStopsWhatDoesNotEnd) {
  start();
  RawClient client(server->port());
  client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(soon([&] { return seen.running.load(); }));
  RawClient stuck(server->port(), 4096);
  stuck.send("GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(Millis(50));
  auto begun = Steady::now();
  server->drain(Millis(100));
  EXPECT_LT(Steady::now() - begun, Millis(3000));
  EXPECT_GE(seen.stopped_after_ms, 0);
  EXPECT_EQ(server->connections(), 0U);
  EXPECT_THAT(client.receive_all(1000), HasSubstr("Connection: close"));
}

}  // namespace
}  // namespace bastide::net::test
