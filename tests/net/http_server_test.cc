#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "net/sse.h"
#include "tests/net/harness.h"

namespace bastide::net::test {
namespace {
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Task<void> echo(ServerCall& call) {
  if (call.request().path == "/throw") throw std::runtime_error("on purpose");
  if (call.request().path == "/silent") co_return;
  if (call.request().path == "/early") {
    Response early{401, {}, "no"};
    (void)co_await call.send(std::move(early));
    co_return;
  }
  if (call.request().path == "/stream") {
    Headers type{{"Content-Type", "text/plain"}};
    (void)co_await call.start(200, std::move(type));
    for (int i = 0; i < 3; ++i) {
      auto sent = co_await call.write("piece" + std::to_string(i) + ";");
      if (!sent) co_return;
    }
    (void)co_await call.finish();
    co_return;
  }
  if (call.request().path == "/half") {
    (void)co_await call.start(200, {});
    (void)co_await call.write("begun");
    co_return;
  }
  auto body = co_await call.read_all(64 * 1024 * 1024);
  if (!body) co_return;
  Response response{200, {{"Content-Type", "text/plain"}}, {}};
  response.body = call.request().method + " " + call.request().path + "?" + call.request().query + " " +
                  std::string(call.request().headers.find("host").value_or("-")) + " [" + *body + "]";
  (void)co_await call.send(std::move(response));
}

class ServerTest : public testing::Test {
 protected:
  void start(ServerOptions options = {}) { server = start_server(echo, metrics, std::move(options)); }
  std::string ask(std::string_view request) {
    RawClient client(server->port());
    client.send(request);
    return client.receive_all(2000);
  }
  Metrics metrics;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, AnswersWithLengthDateAndKeepsTheConnection) {
  start();
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a%20b?x=1 HTTP/1.1\r\nHost: here\r\n\r\n");
    auto answer = client.receive_until("[]");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 20\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nGET /a b?x=1 here []"));
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 5; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx" +
           std::to_string(i);
  client.send(all);
  auto answers = client.receive_until("[x4]");
  std::size_t at = 0;
  for (int i = 0; i < 5; ++i) {
    at = answers.find("POST /" + std::to_string(i) + "? h [x" + std::to_string(i) + "]", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(ServerTest, ClosesAfterTooManyPipelinedRequests) {
  ServerOptions options;
  options.pipelined_max = 3;
  start(options);
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 20; ++i) all += "GET /p HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(all);
  auto answers = client.receive_all();
  EXPECT_EQ(count(answers, "HTTP/1.1 200 OK"), 4U);
  EXPECT_EQ(count(answers, "Connection: close"), 1U);
}

TEST_F(ServerTest, TakesBytesSevenAtATime) {
  start();
  RawClient client(server->port());
  client.dribble(
      "POST /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n7;ext=\"1\"\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789",
      7);
  auto answers = client.receive_until("[0123456789]");
  EXPECT_THAT(answers, HasSubstr("POST /d? h [hello, world]"));
  EXPECT_THAT(answers, HasSubstr("POST /e? h [0123456789]"));
}

TEST_F(ServerTest, StreamsInChunks) {
  start();
  auto answer = ask("GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n7\r\npiece0;\r\n7\r\npiece1;\r\n7\r\npiece2;\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, StreamsToHttp10ByClosing) {
  start();
  auto answer = ask("GET /stream HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\npiece0;piece1;piece2;"));
}

TEST_F(ServerTest, CutsAStreamThatItsHandlerLeft) {
  start();
  auto answer = ask("GET /half HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("begun"));
  EXPECT_THAT(answer, Not(HasSubstr("\r\n0\r\n\r\n")));
}

TEST_F(ServerTest, HeadHasNoBody) {
  start();
  RawClient client(server->port());
  client.send(
      "HEAD /h HTTP/1.1\r\nHost: h\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: h\r\n\r\nGET /g HTTP/1.1\r\nHost: "
      "h\r\n\r\n");
  auto answers = client.receive_until("GET /g");
  EXPECT_THAT(answers, HasSubstr("Content-Length: 13\r\n"));
  EXPECT_THAT(answers, Not(HasSubstr("HEAD /h")));
  EXPECT_THAT(answers, Not(HasSubstr("piece")));
}

TEST_F(ServerTest, ContinuesOnRequest) {
  start();
  RawClient client(server->port());
  client.send("POST /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.receive_until("[abc]"), HasSubstr("POST /c? h [abc]"));
}

TEST_F(ServerTest, ClosesWhenTheAwaitedContinueNeverCame) {
  start();
  auto answer = ask("POST /early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST_F(ServerTest, SkipsASmallBodyThatNobodyRead) {
  start();
  RawClient client(server->port());
  client.send(
      "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcdeGET /next HTTP/1.1\r\nHost: "
      "h\r\n\r\n");
  auto answers = client.receive_until("GET /next");
  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 401 "));
  EXPECT_THAT(answers, HasSubstr("GET /next? h []"));
}

TEST_F(ServerTest, ClosesInsteadOfSkippingALargeBodyAndTheAnswerArrives) {
  start();
  RawClient client(server->port());
  client.send("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(1'500'000, 'x'));
  auto answer = client.receive_until("\r\n\r\nno");
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nno"));
}

TEST_F(ServerTest, AHandlerThatThrowsIs500AndCounted) {
  start();
  auto answer = ask("GET /throw HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("on purpose")));
  EXPECT_THAT(metrics.text(), HasSubstr("bastide_http_handler_failures_total 1"));
  EXPECT_THAT(ask("GET /silent HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(metrics.text(), HasSubstr("bastide_http_requests_total{status=\"5xx\"} 2"));
}

TEST_F(ServerTest, UnderstandsAbsoluteAndAsteriskTargets) {
  start();
  RawClient client(server->port());
  client.send("GET http://other:81/x?y HTTP/1.1\r\nHost: h\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  auto answers = client.receive_until("OPTIONS *");
  EXPECT_THAT(answers, HasSubstr("GET /x?y other:81 []"));
  EXPECT_THAT(answers, HasSubstr("OPTIONS *? h []"));
}

TEST_F(ServerTest, TwoServersOnOnePortConflict) {
  start();
  ServerOptions options;
  options.port = server->port();
  options.loops = 2;
  auto second = Server::start(options, echo, metrics);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_EQ(second.error().detail, "port_in_use");
  EXPECT_FALSE(second.error().action.empty());
}

TEST_F(ServerTest, SpreadsOverItsLoops) {
  ServerOptions options;
  options.loops = 3;
  start(options);
  EXPECT_EQ(server->loops().size(), 3U);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(std::make_unique<RawClient>(server->port()));
  for (auto& client : clients) client->send("GET /l HTTP/1.1\r\nHost: h\r\n\r\n");
  for (auto& client : clients) EXPECT_THAT(client->receive_until("[]"), HasSubstr("GET /l"));
  EXPECT_EQ(server->connections(), 30U);
}

}  // namespace
}  // namespace bastide::net::test
