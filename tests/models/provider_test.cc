// Every way in which a provider can fail, from a server that does exactly that.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <mutex>

#include "models/providers/dialect_provider.h"
#include "tests/net/scripted_server.h"

namespace bastide::models {
namespace {

using net::test::ScriptedServer;

constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

std::string chunked(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}
std::string event(std::string_view json) { return chunked("data: " + std::string(json) + "\n\n"); }
std::string text_event(std::string_view text) {
  return event(R"({"choices":[{"index":0,"delta":{"content":")" + std::string(text) +
               R"("},"finish_reason":null}]})");
}
const std::string finish_event = event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
const std::string usage_event =
    event(R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2,"total_tokens":13}})");
const std::string done_event = event("[DONE]");
const std::string end_of_body = "0\r\n\r\n";

std::string answer(int status, std::string_view body,
                   std::string_view more = "content-type: application/json\r\n") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(more) +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Reads a request with its body.
std::string read_whole(int fd) {
  std::string all = ScriptedServer::read_request(fd);
  const auto head = all.find("\r\n\r\n");
  const auto field = all.find("ontent-");
  std::size_t length = 0;
  for (auto at = field; at != std::string::npos && at < head; at = all.find("ontent-", at + 1))
    if (all.compare(at + 7, 7, "length:") == 0 || all.compare(at + 7, 7, "Length:") == 0)
      length = std::stoul(all.substr(at + 14));
  char bytes[4096];
  while (head != std::string::npos && all.size() < head + 4 + length) {
    const auto got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) break;
    all.append(bytes, static_cast<std::size_t>(got));
  }
  return all;
}

struct Outcome {
  std::string text, reasoning, called, arguments;
  std::optional<exchange::Finish> finish;
  std::optional<dialects::Usage> usage;
  std::optional<Error> error;
};

Task<Result<Outcome>> collect(Provider& provider, exchange::ModelCall call, std::stop_token stop) {
  Outcome out;
  auto completion = co_await provider.start(std::move(call), stop);
  if (!completion) {
    out.error = completion.error();
    co_return out;
  }
  while (true) {
    auto next = co_await (*completion)->next();
    if (!next) {
      out.error = next.error();
      break;
    }
    if (auto* text = std::get_if<dialects::TextDelta>(&*next)) out.text += text->text;
    if (auto* thought = std::get_if<dialects::ReasoningDelta>(&*next)) out.reasoning += thought->text;
    if (auto* part = std::get_if<dialects::PartStart>(&*next))
      if (auto* tool = std::get_if<dialects::ToolCall>(&part->part.content))
        out.called += tool->name + tool->id;
    if (auto* arguments = std::get_if<dialects::ArgumentsDelta>(&*next)) out.arguments += arguments->text;
    if (auto* usage = std::get_if<dialects::UsageGiven>(&*next)) out.usage = usage->usage;
    if (auto* finished = std::get_if<dialects::Finished>(&*next)) out.finish = finished->finish;
    if (std::holds_alternative<dialects::End>(*next)) break;
  }
  co_return out;
}

class ProviderTest : public testing::Test {
 protected:
  Outcome ask(std::function<void(int)> serve, int timeout_s = 5, std::stop_token stop = {}) {
    ScriptedServer server([&](int fd, int) {
      request_ = read_whole(fd);
      serve(fd);
    });
    return ask_at(server.url("/v1"), timeout_s, stop);
  }
  Outcome say(const std::string& bytes, std::size_t piece = 1 << 20) {
    return ask([&](int fd) { ScriptedServer::say(fd, bytes, piece); });
  }
  Outcome ask_at(const std::string& url, int timeout_s = 5, std::stop_token stop = {}) {
    ProviderConfig config;
    config.id = "cloud";
    config.base_url = url;
    config.keys.push_back({Secret{"sk-test"}, "TEST_KEY", {}, 1});
    config.timeout_s = timeout_s;
    const auto provider = make_provider(config, *side_.client);
    exchange::ModelCall call;
    call.model.upstream = "up";
    call.request.messages = {dialects::text_message(dialects::Role::user, "Bonjour")};
    call.request.sampling.max_tokens = 10;
    return *net::run_blocking(side_.thread->loop(), collect(*provider, std::move(call), stop));
  }

  net::test::ClientSide side_;
  std::string request_;
};

TEST_F(ProviderTest, StreamsTextAndTheProvidersOwnUsage) {
  const auto out = say(std::string(stream_head) + text_event("Bon") + text_event("jour é") + finish_event +
                       usage_event + done_event + end_of_body);
  ASSERT_FALSE(out.error) << out.error->message;
  EXPECT_EQ(out.text, "Bonjour é");
  ASSERT_TRUE(out.finish);
  ASSERT_TRUE(out.usage);
  EXPECT_EQ(out.usage->input, 11);
  EXPECT_NE(request_.find("POST /v1/chat/completions"), std::string::npos);
  EXPECT_NE(request_.find("Bearer sk-test"), std::string::npos);
  EXPECT_NE(request_.find("\"include_usage\":true"), std::string::npos);
}

TEST_F(ProviderTest, StreamsSplitAnywhere) {
  const auto out =
      say(std::string(stream_head) + text_event("é€😀") + finish_event + done_event + end_of_body, 1);
  ASSERT_FALSE(out.error) << out.error->message;
  EXPECT_EQ(out.text, "é€😀");
  EXPECT_FALSE(out.usage) << "nobody told";
}

TEST_F(ProviderTest, PassesReasoningAndToolCalls) {
  const auto out = say(
      std::string(stream_head) + event(R"({"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]})") +
      event(
          R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":1}"}}]}}]})") +
      event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})") + done_event +
      end_of_body);
  EXPECT_EQ(out.reasoning, "hm");
  EXPECT_EQ(out.called, "fc");
  EXPECT_EQ(out.arguments, R"({"a":1})");
  EXPECT_EQ(out.finish, exchange::Finish::tool_calls);
}

TEST_F(ProviderTest, AcceptsAServerThatDoesNotStream) {
  const auto out = say(answer(
      200,
      R"({"choices":[{"message":{"content":"Salut"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4}})"));
  EXPECT_EQ(out.text, "Salut");
  EXPECT_EQ(out.finish, exchange::Finish::length);
  ASSERT_TRUE(out.usage);
  EXPECT_EQ(out.usage->output, 4);
}

TEST_F(ProviderTest, ADeadStreamIsNeverACleanEnd) {
  const std::string begun = std::string(stream_head) + text_event("Bon");
  const std::string half = chunked(R"(data: {"choices":[{"index":0,"delta":{"cont)");
  for (const auto& bytes :
       {begun, begun + half, begun + half + end_of_body, begun + end_of_body, begun + "5\r\nda"}) {
    const auto out = say(bytes);
    EXPECT_EQ(out.text, "Bon");
    EXPECT_FALSE(out.finish);
    ASSERT_TRUE(out.error);
    EXPECT_EQ(out.error->code, Code::upstream);
    EXPECT_EQ(out.error->detail, "truncated");
  }
}

TEST_F(ProviderTest, AnAnswerThatSaidWhyItEndedIsWhole) {
  const auto out = say(std::string(stream_head) + text_event("Bon") + finish_event);
  ASSERT_FALSE(out.error);
  EXPECT_EQ(out.finish, exchange::Finish::stop);
  EXPECT_FALSE(say(std::string(stream_head) + text_event("Bon") + done_event + end_of_body).error);
}

TEST_F(ProviderTest, AResetIsAnError) {
  const auto out = ask([](int fd) {
    ScriptedServer::say(fd, std::string(stream_head) + text_event("Bon"));
    ::usleep(20'000);
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  });
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::upstream);
}

TEST_F(ProviderTest, AHangIsATimeout) {
  auto out = ask([](int fd) { ScriptedServer::wait_for_end(fd, 3000); }, 1);
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::timeout);
  EXPECT_NE(out.error->message.find("cloud"), std::string::npos);
  out = ask(
      [](int fd) {
        ScriptedServer::say(fd, std::string(stream_head) + text_event("Bon"));
        ScriptedServer::wait_for_end(fd, 3000);
      },
      1);
  EXPECT_EQ(out.text, "Bon");
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::timeout);
}

TEST_F(ProviderTest, NobodyThere) {
  const auto out = ask_at("http://127.0.0.1:1/v1");
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::upstream);
  EXPECT_EQ(out.error->detail, "connect_refused");
}

TEST_F(ProviderTest, AnotherKeyIsUsedForOneThatIsRefused) {
  std::vector<std::string> seen;
  ScriptedServer server([&](int fd, int) {
    seen.push_back(read_whole(fd));
    const bool is_a = seen.back().find("Bearer sk-a\r\n") != std::string::npos;
    ScriptedServer::say(fd, is_a ? "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}"
                                 : std::string(stream_head) + text_event("Bon") + finish_event + usage_event +
                                       done_event + end_of_body);
  });
  ProviderConfig config;
  config.id = "cloud";
  config.base_url = server.url("/v1");
  config.keys.push_back({Secret{"sk-a"}, "A", {}, 9});
  config.keys.push_back({Secret{"sk-b"}, "B", {}, 1});
  KeyRing ring(config);
  const auto provider = make_provider(config, *side_.client, &ring);
  for (int i = 0; i < 2; ++i) {
    exchange::ModelCall call;
    call.model.upstream = "up";
    call.request.messages = {dialects::text_message(dialects::Role::user, "Bonjour")};
    call.request.sampling.max_tokens = 10;
    const auto out = *net::run_blocking(side_.thread->loop(), collect(*provider, std::move(call), {}));
    ASSERT_FALSE(out.error) << out.error->message;
    EXPECT_EQ(out.text, "Bon");
  }
  EXPECT_EQ(seen.size(), 3U) << "the refused key is tried once";
  ASSERT_EQ(ring.take_alerts().size(), 1U);
}

TEST_F(ProviderTest, MapsRefusals) {
  struct Case {
    int status;
    std::string body, more;
    Code code;
    std::string detail;
  };
  const std::string json = "content-type: application/json\r\n";
  for (const auto& each : std::vector<Case>{
           {401, R"({"error":{"message":"bad sk-test","code":"invalid_api_key"}})", json, Code::upstream,
            "provider_key"},
           {403, "<html>", "content-type: text/html\r\n", Code::upstream, "provider_key"},
           {404, "{}", json, Code::upstream, "provider_model"},
           {429, "{}", json + "retry-after: 12\r\n", Code::rate_limited, "provider_rate_limit"},
           {400, R"({"error":{"code":"context_length_exceeded"}})", json, Code::invalid, "context_too_long"},
           {400, R"({"error":{"type":"invalid_request_error"}})", json, Code::invalid, "provider_rejected"},
           {307, "", json + "location: http://127.0.0.1:1/\r\n", Code::upstream, "provider_redirect"},
           {500, "", json, Code::upstream, "provider_failed"},
           {503, "", json, Code::upstream, "provider_overloaded"},
           {504, "", json, Code::timeout, "provider_timeout"}}) {
    const auto out = say(answer(each.status, each.body, each.more));
    ASSERT_TRUE(out.error) << each.status;
    EXPECT_EQ(out.error->code, each.code) << each.status;
    EXPECT_EQ(out.error->detail, each.detail) << each.status;
    EXPECT_EQ(out.error->message.find("sk-test"), std::string::npos);
    if (each.status == 429) EXPECT_EQ(out.error->action, "Try again in 12 s.");
  }
}

TEST_F(ProviderTest, RefusesOtherFormats) {
  EXPECT_EQ(say(answer(200, "<html>sign in</html>", "content-type: text/html\r\n")).error->detail,
            "wrong_content_type");
  EXPECT_EQ(say(answer(200, "{\"hello\":1}")).error->detail, "invalid_json");
  EXPECT_EQ(say(std::string(stream_head) + event("{not json}") + end_of_body).error->detail, "invalid_json");
  const auto failed =
      say(std::string(stream_head) + text_event("Bon") +
          event(R"({"error":{"message":"x","code":"overloaded_error"}})") + done_event + end_of_body);
  EXPECT_EQ(failed.text, "Bon");
  EXPECT_EQ(failed.error->detail, "provider_overloaded");
}

TEST_F(ProviderTest, BoundsWhatItTakes) {
  const auto out = ask([](int fd) {
    ScriptedServer::say(fd, stream_head);
    const std::string piece = chunked(std::string(256 * 1024, 'x'));
    ScriptedServer::say(fd, chunked("data: "));
    for (int i = 0; i < 40; ++i) ScriptedServer::say(fd, piece);
    ScriptedServer::wait_for_end(fd, 1000);
  });
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->detail, "too_large");
}

TEST_F(ProviderTest, AsksAgainWithoutWhatAServerDoesNotKnow) {
  std::mutex mutex;
  std::vector<std::string> bodies;
  ScriptedServer server([&](int fd, int) {
    // Connections are kept: all calls may come on one.
    while (true) {
      const auto request = read_whole(fd);
      if (request.empty()) return;
      const std::lock_guard lock(mutex);
      bodies.push_back(request);
      const bool old_limit = request.find("\"max_tokens\"") != std::string::npos;
      const bool asks_usage = request.find("stream_options") != std::string::npos;
      if (old_limit)
        ScriptedServer::say(fd,
                            answer(400, R"({"error":{"message":"Use 'max_completion_tokens' instead."}})"));
      else if (asks_usage)
        ScriptedServer::say(fd, answer(422, R"({"detail":"extra field: stream_options"})"));
      else
        ScriptedServer::say(
            fd, std::string(stream_head) + text_event("ok") + finish_event + done_event + end_of_body);
    }
  });
  ProviderConfig config;
  config.id = "cloud";
  config.base_url = server.url("/v1");
  const auto provider = make_provider(config, *side_.client);
  for (int i = 0; i < 2; ++i) {
    exchange::ModelCall call;
    call.model.upstream = "up";
    call.request.messages = {dialects::text_message(dialects::Role::user, "Bonjour")};
    call.request.sampling.max_tokens = 10;
    const auto out = *net::run_blocking(side_.thread->loop(), collect(*provider, std::move(call), {}));
    ASSERT_FALSE(out.error) << out.error->message;
    EXPECT_EQ(out.text, "ok");
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(bodies.size(), 4U) << "learned once";
}

TEST_F(ProviderTest, CancellingReachesTheServerAtOnce) {
  std::atomic<int> closed_after_ms{-2};
  std::stop_source source;
  std::thread later([&] {
    ::usleep(150'000);
    source.request_stop();
  });
  const auto out = ask(
      [&](int fd) {
        ScriptedServer::say(fd, std::string(stream_head) + text_event("Bon"));
        closed_after_ms = ScriptedServer::wait_for_end(fd, 3000);
      },
      5, source.get_token());
  later.join();
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::cancelled);
  for (int i = 0; i < 100 && closed_after_ms == -2; ++i) ::usleep(10'000);
  EXPECT_GE(closed_after_ms, 0);
  EXPECT_LT(closed_after_ms, 1000);
}

TEST_F(ProviderTest, EmbedsInTheOrderAsked) {
  ScriptedServer server([&](int fd, int) {
    request_ = read_whole(fd);
    ScriptedServer::say(
        fd, answer(200, R"({"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]})"));
  });
  ProviderConfig config;
  config.id = "cloud";
  config.base_url = server.url("/v1");
  const auto provider = make_provider(config, *side_.client);
  const auto vectors = net::run_blocking(side_.thread->loop(), provider->embed("up", {"a", "b"}, {}));
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_FLOAT_EQ((*vectors)[0][1], 0.8F);
  EXPECT_NE(request_.find("POST /v1/embeddings"), std::string::npos);
}

TEST_F(ProviderTest, SendsAServiceWithAnotherKeyForOneThatIsRefused) {
  std::vector<std::string> seen;
  const ScriptedServer server([&](int fd, int) {
    seen.push_back(read_whole(fd));
    const bool refused = seen.back().find("Bearer first") != std::string::npos;
    ScriptedServer::say(fd, refused ? answer(401, "{}") : answer(200, "RIFF", "content-type: Audio/WAV\r\n"));
  });
  ProviderConfig config;
  config.id = "cloud";
  config.base_url = server.url("/v1");
  config.keys.push_back({Secret{"first"}, "A", {}, 9});
  config.keys.push_back({Secret{"second"}, "B", {}, 1});
  const auto provider = make_provider(config, *side_.client);
  exchange::ProviderCall call;
  call.path = "/audio/speech";
  call.content_type = "multipart/form-data; boundary=x";
  call.body = "words";
  auto sent = net::run_blocking(side_.thread->loop(), provider->send(call, {}));
  if (seen.size() < 2) sent = net::run_blocking(side_.thread->loop(), provider->send(call, {}));
  EXPECT_GE(seen.size(), 2U);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ((*sent)->content_type(), "audio/wav");
  const auto text = net::run_blocking(side_.thread->loop(), exchange::read_all(std::move(*sent), 100));
  EXPECT_EQ(text.value(), "RIFF");
  EXPECT_NE(seen.back().find("boundary=x"), std::string::npos);
  EXPECT_TRUE(seen.back().ends_with("\r\n\r\nwords"));
  EXPECT_NE(seen.back().find("Bearer second"), std::string::npos);
}

}  // namespace
}  // namespace bastide::models
