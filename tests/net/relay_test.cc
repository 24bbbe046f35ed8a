#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/scripted_server.h"

namespace bastide::net::test {
namespace {
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view sse_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nSecret: s\r\n\r\n";

std::string chunk(std::string_view text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + std::string(text) + "\r\n";
}

/// What a watcher was told, kept for the test.
struct Told {
  std::atomic<int> status{0};
  std::string content;
  std::string broken = "not ended";
};

class Watcher final : public RelayWatcher {
 public:
  Watcher(Told& told, std::string mode) : told_(told), mode_(std::move(mode)) {}
  Verdict on_head(int status, Headers& headers) override {
    told_.status = status;
    headers.remove("secret");
    if (mode_ == "keep") return Verdict::keep;
    return mode_ == "rewrite" ? Verdict::rewrite : Verdict::pass_on;
  }
  void on_body(std::string_view content) override {
    told_.content += content;
    if (mode_ == "rewrite")
      for (char c : content) out_ += c == 'a' ? std::string("AA") : std::string(1, c);
  }
  bool refused() override { return mode_ == "refuse"; }
  std::string_view rewritten() override {
    shown_ = std::exchange(out_, {});
    return shown_;
  }
  std::string on_end(const Error* broken) override {
    told_.broken = broken ? broken->detail : "";
    if (broken) return "data: cut\n\n";
    return mode_ == "add" ? "data: more\n\n" : "";
  }

 private:
  Told& told_;
  std::string mode_;
  std::string out_, shown_;
};

/// A relay in front of a scripted server. The path of a request is the watcher's mode.
struct Front {
  explicit Front(std::function<void(int, int)> serve) : upstream(std::move(serve)) {
    target = *RelayTarget::parse(upstream.url("/base/"));
    client = std::move(*Client::create());
    server = start_server([this](ServerCall& call) { return answer(call); }, metrics);
  }

  Task<void> answer(ServerCall& call) {
    auto body = co_await call.read_all(32 * 1024 * 1024);
    if (!body) co_return;
    auto head = "POST " + target->path() + "/x HTTP/1.1\r\nHost: " + target->authority() +
                "\r\nContent-Length: " + std::to_string(body->size() + 4) + "\r\n\r\n";
    Watcher watcher(told, call.request().path.substr(1));
    RelayRequest request{*target, head, {"ab", *body, "yz"}};
    request.first_byte_timeout = Millis(400);
    request.idle_timeout = Millis(400);
    auto relayed = co_await call.relay(*client, request, watcher);
    if (!relayed) {
      error = relayed.error().detail;
      (void)co_await call.send({502, {}, "failed: " + error});
    } else if (!relayed->passed_on) {
      (void)co_await call.send({relayed->status, {}, "kept: " + relayed->body});
    } else {
      error = relayed->broken ? relayed->broken->detail : "";
    }
    ended = true;
  }
  std::string ask(std::string_view path, std::string_view body = "hello") {
    RawClient raw(server->port());
    raw.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return raw.receive_all(3000);
  }

  ScriptedServer upstream;
  std::shared_ptr<const RelayTarget> target;
  std::unique_ptr<Client> client;
  Metrics metrics;
  Told told;
  std::string error = "not ended";
  std::atomic<bool> ended{false};
  std::unique_ptr<Server> server;  // last: its loops end before what they use
};

TEST(Relay, HandsABodyOnAndAnAnswerBack) {
  std::string seen;
  Front front([&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd,
                        "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-Kept: 1\r\nSecret: s\r\n\r\nworld");
  });
  auto got = front.ask("/plain");
  EXPECT_THAT(seen, HasSubstr("POST /base/x HTTP/1.1\r\n"));
  EXPECT_THAT(seen, EndsWith("\r\n\r\nabhelloyz"));
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(got, HasSubstr("X-Kept: 1\r\n"));
  EXPECT_THAT(got, Not(HasSubstr("Secret")));
  EXPECT_THAT(got, EndsWith("\r\n\r\nworld"));
  EXPECT_EQ(front.told.content, "world");
  EXPECT_EQ(front.told.broken, "");
}

TEST(Relay, FramesChunksAlikeHoweverTheyAreSplit) {
  const auto body = chunk("data: one\n\n") + chunk("data: two\n\n") + "0\r\n\r\n";
  for (std::size_t piece : {1UL, 2UL, 3UL, 7UL, 11UL, 1000UL}) {
    Front front([&](int fd, int) {
      ScriptedServer::read_request(fd);
      ScriptedServer::say(fd, std::string(sse_head) + body, piece);
    });
    auto got = front.ask("/plain");
    EXPECT_THAT(got, EndsWith("\r\n\r\n" + body)) << "pieces of " << piece;
    EXPECT_EQ(front.told.content, "data: one\n\ndata: two\n\n");
  }
}

TEST(Relay, AddsBeforeTheEndWhereverTheEndIsSplit) {
  for (std::size_t piece : {1UL, 5UL, 1000UL}) {
    Front front([&](int fd, int) {
      ScriptedServer::read_request(fd);
      ScriptedServer::say(fd, std::string(sse_head) + chunk("data: one\n\n") + "0\r\n\r\n", piece);
    });
    EXPECT_THAT(front.ask("/add"), EndsWith(chunk("data: one\n\n") + chunk("data: more\n\n") + "0\r\n\r\n"));
  }
}

TEST(Relay, RewritesInChunksOfItsOwn) {
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, std::string(sse_head) + chunk("banana") + "0\r\n\r\n");
  });
  EXPECT_THAT(front.ask("/rewrite"), EndsWith(chunk("bAAnAAnAA") + "0\r\n\r\n"));
}

TEST(Relay, AnAnswerThatEndsWithItsConnectionBecomesChunks) {
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nrest");
  });
  EXPECT_THAT(front.ask("/plain"), EndsWith(chunk("rest") + "0\r\n\r\n"));
  EXPECT_EQ(front.told.broken, "");
}

TEST(Relay, KeepsWhatTheWatcherDoesNotPassOn) {
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd, "HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("later") + "0\r\n\r\n");
  });
  auto got = front.ask("/keep");
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 429"));
  EXPECT_THAT(got, EndsWith("kept: later"));
  EXPECT_THAT(front.ask("/refuse"), EndsWith("kept: ")) << "refused after its first bytes were seen";
}

TEST(Relay, ADeadStreamEndsAsAnErrorNeverClean) {
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, std::string(sse_head) + chunk("data: one\n\n"));
  });
  auto got = front.ask("/plain");
  EXPECT_THAT(got, EndsWith(chunk("data: cut\n\n") + "0\r\n\r\n"));
  EXPECT_EQ(front.told.broken, "truncated");
}

TEST(Relay, AStreamCutWithinAChunkLooksCut) {
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, std::string(sse_head) + "64\r\ndata: half");
  });
  auto got = front.ask("/plain");
  EXPECT_THAT(got, EndsWith("64\r\ndata: half"));
  EXPECT_EQ(front.told.broken, "truncated");
}

TEST(Relay, ASilentStreamTimesOut) {
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, std::string(sse_head) + chunk("data: one\n\n"));
    ScriptedServer::wait_for_end(fd, 3000);
  });
  EXPECT_THAT(front.ask("/plain"), EndsWith(chunk("data: cut\n\n") + "0\r\n\r\n"));
  EXPECT_EQ(front.told.broken, "idle");
}

TEST(Relay, FailsBeforeAnythingIsSentWhenNobodyAnswers) {
  Front silent([&](int fd, int) { ScriptedServer::wait_for_end(fd, 3000); });
  EXPECT_THAT(silent.ask("/plain"), EndsWith("failed: first_byte"));
  Front rubbish([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
  });
  EXPECT_THAT(rubbish.ask("/plain"), EndsWith("failed: protocol"));
}

TEST(Relay, AClientThatLeavesEndsTheUpstreamCall) {
  std::atomic<int> took{-2};
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, std::string(sse_head) + chunk("data: one\n\n"));
    took = ScriptedServer::wait_for_end(fd, 3000);
  });
  {
    RawClient raw(front.server->port());
    raw.send("POST /plain HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    raw.receive_until("one");
  }
  for (int i = 0; i < 300 && took == -2; ++i) ::usleep(10'000);
  EXPECT_GE(took, 0);
  EXPECT_LE(took, 200) << "milliseconds";
}

TEST(Relay, ASlowReaderHoldsTheUpstreamBack) {
  std::atomic<std::size_t> sent{0};
  Front front([&](int fd, int) {
    ScriptedServer::read_request(fd);
    int small = 16 * 1024;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    const auto piece = chunk(std::string(32 * 1024, 'x'));
    ScriptedServer::say(fd, sse_head);
    for (int idle = 0; idle < 20 && sent < (64UL << 20);) {
      auto got = ::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (got > 0) {
        sent += static_cast<std::size_t>(got);
        idle = 0;
        if (static_cast<std::size_t>(got) < piece.size()) break;  // a cut chunk: the socket is full
      } else {
        ++idle;
        ::usleep(10'000);
      }
    }
  });
  RawClient raw(front.server->port(), 8 * 1024);
  raw.send("POST /plain HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  ::usleep(500'000);
  EXPECT_LT(sent, 32UL << 20) << "bytes that went nowhere were taken";
}

TEST(Relay, UsesAConnectionAgainAndASecondOneWhenTheFirstHasDied) {
  Front front([&](int fd, int number) {
    for (int i = 0; i < (number == 0 ? 2 : 1); ++i) {
      if (ScriptedServer::read_request(fd).empty()) return;
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  EXPECT_THAT(front.ask("/plain"), EndsWith("ok"));
  EXPECT_THAT(front.ask("/plain"), EndsWith("ok"));
  EXPECT_EQ(front.upstream.accepted(), 1);
  EXPECT_THAT(front.ask("/plain"), EndsWith("ok"));
  EXPECT_EQ(front.upstream.accepted(), 2);
}

TEST(Relay, PassesALargeBodyBothWays) {
  const std::string large(3'000'000, 'q');
  std::size_t received = 0;
  Front front([&](int fd, int) {
    auto all = ScriptedServer::read_request(fd);
    const auto start = all.find("\r\n\r\n") + 4;
    std::string bytes(1 << 16, '\0');
    while (all.size() - start < large.size() + 4) {
      auto got = ::recv(fd, bytes.data(), bytes.size(), 0);
      if (got <= 0) break;
      all.append(bytes, 0, static_cast<std::size_t>(got));
    }
    received = all.size() - start;
    ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + large);
  });
  auto got = front.ask("/plain", large);
  EXPECT_EQ(received, large.size() + 4);
  EXPECT_EQ(count(got, "q"), large.size());
}

}  // namespace
}  // namespace bastide::net::test
