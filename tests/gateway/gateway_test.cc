#include "gateway/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialects/text_leaves.h"
#include "gateway/meter.h"
#include "gateway/texts.h"
#include "tests/net/scripted_server.h"

namespace bastide::gateway {
namespace {

using net::test::RawClient;
using net::test::ScriptedServer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Log final : policy::UsageLog {
  policy::Word word(std::string_view text) override {
    const std::lock_guard lock(mutex);
    const auto found = std::ranges::find(words, text);
    if (found != words.end()) return static_cast<policy::Word>(found - words.begin());
    words.emplace_back(text);
    return static_cast<policy::Word>(words.size() - 1);
  }
  policy::UsageWriter& writer() override { return writer_; }
  bool full() const override { return false; }
  Result<std::vector<policy::Spent>> spent(UnixMillis) override { return {}; }
  std::vector<policy::UsageRow> all() const {
    return {rows.begin(), rows.begin() + static_cast<long>(ends.head)};
  }

  std::mutex mutex;
  std::vector<std::string> words{""};
  policy::UsageWriter::Ends ends;
  std::array<policy::UsageRow, 64> rows;
  policy::UsageWriter writer_{ends, rows.data(), rows.size(), 1, 0};
};

constexpr std::string_view personal_value = "marie@example.com", its_token = "[EMAIL_1]";
constexpr std::uint32_t email_bit = 1U << 3U;

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

struct Restorer final : exchange::Restorer {
  std::string feed(std::string_view text) override { return restore_json(text); }
  std::string restore_json(std::string_view json) override {
    std::string out(json);
    replace_all(out, its_token, personal_value);
    return out;
  }
  std::string finish() override { return {}; }
  [[nodiscard]] std::unique_ptr<exchange::Restorer> another() const override {
    return std::make_unique<Restorer>();
  }
  [[nodiscard]] std::size_t unresolved() const override { return 0; }
};

struct Guard final : exchange::Guard {
  Verdict inspect(std::string_view text) const override {
    if (text.find("secret") != std::string_view::npos) return {"warn", {}, {}};
    if (text.find(personal_value) == std::string_view::npos) return {"allow", {}, {}};
    return {"mask", {}, {}, email_bit};
  }
  Task<Result<exchange::Pseudonymised>> pseudonymise(std::string, std::string,
                                                     dialects::ChatRequest) override {
    co_return fail(Code::internal, "not here");
  }
  [[nodiscard]] Result<exchange::Pseudonymised> mask(const dialects::ChatRequest& request,
                                                     std::span<const std::string_view> clean) const override {
    for (const auto text : clean) EXPECT_EQ(text.find(personal_value), std::string_view::npos);
    exchange::Pseudonymised out;
    out.request = request;
    auto masked = dialects::for_each_text(out.request, [&out](std::string& text) -> Result<void> {
      const auto before = text;
      replace_all(text, personal_value, its_token);
      if (text == before) return {};
      out.types = email_bit;
      out.masked = {{"email", std::string(its_token), std::string(personal_value)}};
      return {};
    });
    if (!masked) return pass(masked);
    out.restorer = std::make_unique<Restorer>();
    return out;
  }
};

/// The gateway behind a server, in front of one or two scripted providers.
struct House {
  explicit House(const std::string& second_url, std::function<void(int, int)> serve,
                 const std::string& zone = "walls", const std::string& more_of_first = {})
      : upstream(std::move(serve)) {
    auto made = parse_config(R"(
[[provider]]
id = "first"
dialect = "openai"
base_url = ")" + upstream.url("/v1") +
                                 R"("
zone = ")" + zone + R"("
)" + more_of_first + R"(
[[provider]]
id = "second"
dialect = "openai"
base_url = ")" + second_url + R"("
zone = ")" + zone + R"("
[[provider]]
id = "foreign"
dialect = "anthropic"
base_url = ")" + upstream.url("/v1") +
                                 R"("
zone = ")" + zone + R"("
[[provider]]
id = "foreign-second"
dialect = "anthropic"
base_url = ")" + second_url + R"("
zone = ")" + zone + R"("
[[model]]
id = "claude"
provider = "foreign"
upstream = "claude-9"
price = { input = 1.0, output = 2.0 }
[[model]]
id = "claude-small"
provider = "foreign"
price = { input = 1.0, output = 600.0 }
[[model]]
id = "mixed"
provider = "first"
fallback = ["claude-spare"]
[[model]]
id = "claude-spare"
provider = "foreign-second"
[[model]]
id = "fast"
provider = "first"
upstream = "fast-v2"
price = { input = 1.0, output = 2.0 }
fallback = ["spare"]
[[model]]
id = "alone"
provider = "first"
[[model]]
id = "safe"
provider = "first"
fallback = ["near"]
[[model]]
id = "near"
provider = "local"
file = "near.gguf"
[[model]]
id = "spare"
provider = "second"
[[model]]
id = "dear"
provider = "first"
price = { input = 1.0, output = 600.0 }
[[model]]
id = "left"
provider = "first"
aliases = ["either"]
weight = 3
[[model]]
id = "right"
provider = "second"
aliases = ["either"]
[cache]
models = ["fast"]
[budget.default]
month = 1.0
[policy]
default_label = "internal"
[[policy.allow]]
label = "internal"
zones = ["walls", "FR"]
)",
                             "test.toml");
    if (!made) throw std::runtime_error(made.error().message);
    config = std::move(*made);
    labels = std::make_unique<policy::Labels>(config);
    router = std::make_unique<policy::Router>(config, *labels);
    client = std::move(*net::Client::create());
    accounts = std::make_unique<policy::Accounts>(
        config, policy::rules_of(config, [](const OwnerConfig&) { return std::string(); }),
        std::vector<policy::Spent>{}, policy::Moment::now(),
        [](const policy::ModelCard&) { return policy::TokenEnergy{1e-3, 2e-3, 1e-4, 2e-4}; }, &log);
    keys = std::make_unique<KeyRings>(config);
    gates = std::make_unique<FairGates>(config);
    gateway = std::make_unique<Gateway>(
        config, *router, *labels,
        Rooms{*accounts, log, guard, *client, *keys, callers, *gates, nullptr, metrics});
    server = net::test::start_server([this](net::ServerCall& call) { return answer(call); }, metrics);
  }

  Task<void> answer(net::ServerCall& call) {
    auto body = co_await call.read_all(1 << 20);
    if (!body) co_return;
    auto outcome = co_await gateway->pass(call, who, dialects::Dialect::openai, *body);
    way = outcome.way;
    if (outcome.way == Gateway::Way::long_way) (void)co_await call.send({200, {}, "long way"});
    if (outcome.way == Gateway::Way::refused)
      (void)co_await call.send({502, lines(outcome.header_lines), "refused: " + outcome.error->detail});
    ended = true;
  }
  static net::Headers lines(std::string text) {
    net::Headers headers;
    headers.add_lines(std::move(text));
    return headers;
  }
  std::string ask(std::string_view body, std::string_view more_fields = "x-bastide-cache: off\r\n") {
    ended = false;
    RawClient raw(server->port());
    raw.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer "
        "theirs\r\n" +
        std::string(more_fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        std::string(body));
    auto got = raw.receive_all(4000);
    for (int i = 0; i < 100 && !ended; ++i) ::usleep(5'000);
    return got;
  }

  /// Nothing is reserved any more, and so much was spent.
  void expect_spent(double money) {
    for (const auto& budgets : accounts->account(who)->budgets(policy::Moment::now()))
      for (const auto& state : budgets.states) {
        EXPECT_EQ(state.reserved, 0) << budgets.scope;
        EXPECT_EQ(state.spent, policy::to_amount(policy::Unit::money, money)) << budgets.scope;
      }
  }

  ScriptedServer upstream;
  Config config;
  std::unique_ptr<policy::Labels> labels;
  std::unique_ptr<policy::Router> router;
  Log log;
  std::unique_ptr<policy::Accounts> accounts;
  Guard guard;
  Metrics metrics;
  std::unique_ptr<net::Client> client;
  std::unique_ptr<KeyRings> keys;
  identity::KeyTable callers;
  std::unique_ptr<FairGates> gates;
  std::unique_ptr<Gateway> gateway;
  identity::Principal who = [] {
    identity::Principal made;
    made.person = "per_1";
    return made;
  }();
  std::atomic<Gateway::Way> way{Gateway::Way::long_way};
  std::atomic<bool> ended{false};
  std::unique_ptr<net::Server> server;
};

constexpr const char* nobody = "http://127.0.0.1:1/v1";

std::string json_answer(std::string_view body, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: application/json\r\nSet-Cookie: a=b\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
constexpr std::string_view whole =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"unknown":1}],"usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}})";
constexpr std::string_view question =
    R"({ "messages":[{"role":"user","content":"Hello"}], "model":"fast", "odd": [1.50] })";

TEST(Gateway, PassesBytesAndChangesOnlyTheModelsName) {
  std::string seen;
  House house(nobody, [&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  auto got = house.ask(question);
  EXPECT_THAT(seen, HasSubstr("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("theirs"))) << "a caller's key is ours to know";
  EXPECT_THAT(
      seen,
      EndsWith(R"({ "messages":[{"role":"user","content":"Hello"}], "model":"fast-v2", "odd": [1.50] })"));
  EXPECT_THAT(got, EndsWith(whole));
  EXPECT_THAT(got, HasSubstr("x-bastide-exchange: ex_"));
  EXPECT_THAT(got, Not(HasSubstr("Set-Cookie")));
  house.expect_spent(0.002);
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_THAT(got, HasSubstr(std::string(rows[0].exchange_id())));
  EXPECT_EQ(house.log.words[rows[0].model], "fast");
  EXPECT_EQ(house.log.words[rows[0].label], "internal");
  EXPECT_EQ(rows[0].input, 1000U);
  EXPECT_EQ(rows[0].micro_wh_high, 2'000'000);
  EXPECT_EQ(rows[0].micro_wh_low, 200'000);
  EXPECT_EQ(rows[0].flags, 0);
  EXPECT_EQ(rows[0].error, 0U);
  EXPECT_EQ(rows[0].status, 200);
}

TEST(Gateway, AsksForUsageAndTakesItOutOfTheStream) {
  std::string seen;
  House house(nobody, [&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    auto chunk = [&](std::string_view text) {
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", text.size());
      ScriptedServer::say(fd, size + std::string(text) + "\r\n", 5);
    };
    ScriptedServer::say(
        fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    chunk("data: {\"choices\":[{\"delta\":{\"content\":\"H\xc3\xa9\"}}]}\n\n");
    chunk(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n");
    ScriptedServer::say(fd, "0\r\n\r\n");
  });
  auto got = house.ask(R"({"model":"fast","stream":true,"messages":[]})");
  EXPECT_THAT(
      seen,
      EndsWith(R"({"model":"fast-v2","stream_options":{"include_usage":true},"stream":true,"messages":[]})"));
  EXPECT_THAT(got, HasSubstr("H\xc3\xa9"));
  EXPECT_THAT(got, HasSubstr("data: [DONE]\n\n"));
  EXPECT_THAT(got, Not(HasSubstr("usage")));
  house.expect_spent(0.000'013);
}

TEST(Gateway, AStreamWithoutItsEndIsAnError) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1c\r\ndata: {\"choices\":[{\"x\":1}]}\n\r\n1\r\n\n\r\n0\r\n\r\n");
  });
  auto got =
      house.ask(R"({"model":"fast","stream":true,"stream_options":{"include_usage":true},"messages":[]})");
  EXPECT_THAT(got, HasSubstr("\"error\""));
  EXPECT_THAT(got, Not(HasSubstr("[DONE]")));
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].flags & policy::usage_flag::tokens_estimated);
  EXPECT_GT(rows[0].nano_money, 0) << "what nobody counted is estimated, not free";
  EXPECT_EQ(house.log.words[rows[0].error], "truncated");
}

TEST(Gateway, AnotherProviderTakesWhatTheFirstRefuses) {
  ScriptedServer second([](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  for (std::string answer : {json_answer(R"({"error":{"message":"slow down"}})", "429 Too Many Requests"),
                             json_answer("<html>", "503 Unavailable"),
                             std::string("HTTP/1.1 200 OK\r\nContent-Type: "
                                         "text/html\r\nContent-Length: 2\r\n\r\nhi"),
                             json_answer(R"({"error":{"message":"no"}})"), std::string("garbage\r\n\r\n")}) {
    House house(second.url("/v1"), [&](int fd, int) {
      ScriptedServer::read_request(fd);
      ScriptedServer::say(fd, answer);
    });
    EXPECT_THAT(house.ask(question), EndsWith(whole)) << answer;
    const auto rows = house.log.all();
    ASSERT_EQ(rows.size(), 1U) << "exactly once, whoever answers";
    EXPECT_EQ(house.log.words[rows[0].model], "spare");
    EXPECT_EQ(rows[0].failovers, 1);
  }
}

TEST(Gateway, TheProvidersRefusalReachesTheCallerWhenNobodyElseCan) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(R"({"error":{"message":"bad field"}})", "400 Bad Request"));
  });
  auto got = house.ask(question);
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(got, EndsWith(R"({"error":{"message":"bad field"}})"));
  House locked(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd,
                        json_answer(R"({"error":{"message":"key sk-123 is wrong"}})", "401 Unauthorized"));
  });
  EXPECT_THAT(locked.ask(R"({"model":"alone","messages":[]})"), EndsWith("refused: provider_key"))
      << "the organisation's key is not told";
}

constexpr std::string_view foreign_whole =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-9","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1000,"output_tokens":500}})";

TEST(Gateway, TranslatesWhatLosesNothing) {
  std::string seen;
  House house(nobody, [&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(foreign_whole));
  });
  auto got = house.ask(
      R"({"model":"claude","max_tokens":90,"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hello"}]})",
      "openai-beta: x\r\ntraceparent: 00-11111111111111111111111111111111-2222222222222222-01\r\n");
  EXPECT_THAT(seen, HasSubstr("POST /v1/messages HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("anthropic-version: 2023-06-01\r\n"));
  EXPECT_THAT(seen, HasSubstr("traceparent: 00-1111"));
  EXPECT_THAT(seen, Not(HasSubstr("openai-beta")));
  EXPECT_THAT(seen, Not(HasSubstr("theirs")));
  EXPECT_THAT(seen, HasSubstr(R"("model":"claude-9")"));
  EXPECT_THAT(seen, HasSubstr(R"("max_tokens":90)"));
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(got, HasSubstr("x-bastide-exchange: ex_"));
  EXPECT_THAT(got, HasSubstr(R"("object":"chat.completion")"));
  EXPECT_THAT(got, HasSubstr(R"("model":"claude")"));
  EXPECT_THAT(got, HasSubstr(R"("content":"Hi")"));
  EXPECT_THAT(got, HasSubstr(R"("prompt_tokens":1000)"));
  EXPECT_EQ(house.way, Gateway::Way::answered);
  house.expect_spent(0.002);
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].input, 1000U);
  EXPECT_NE(rows[0].dialect_in, rows[0].dialect_out);
}

TEST(Gateway, TranslatesAStreamAsItComes) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    auto chunk = [&](std::string_view text) {
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", text.size());
      ScriptedServer::say(fd, size + std::string(text) + "\r\n", 7);
    };
    ScriptedServer::say(
        fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    chunk(
        "event: message_start\ndata: "
        "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\","
        "\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n"
        "event: content_block_start\ndata: "
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"
        "\n\n");
    chunk(
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
        "\"H\xc3\xa9\"}}"
        "\n\n");
    chunk(
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: message_delta\ndata: "
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
        "\"usage\":{"
        "\"output_tokens\":3}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    ScriptedServer::say(fd, "0\r\n\r\n");
  });
  auto got = house.ask(
      R"({"model":"claude","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]})");
  EXPECT_THAT(got, HasSubstr("\"content\":\"H\xc3\xa9\""));
  EXPECT_THAT(got, HasSubstr("\"finish_reason\":\"stop\""));
  EXPECT_THAT(got, HasSubstr("\"prompt_tokens\":7"));
  EXPECT_THAT(got, HasSubstr("data: [DONE]\n\n"));
  house.expect_spent(0.000'013);
}

TEST(Gateway, ATranslatedStreamWithoutItsEndIsAnErrorOfTheCallersDialect) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                        "event: message_start\ndata: "
                        "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":"
                        "\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":7}}}\n\n");
  });
  auto got = house.ask(R"({"model":"claude","stream":true,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_THAT(got, HasSubstr("\"error\""));
  EXPECT_THAT(got, Not(HasSubstr("[DONE]")));
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(house.log.words[rows[0].error], "truncated");
}

TEST(Gateway, ARefusalOfAForeignProviderIsToldInGeneralWords) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd,
        json_answer(R"({"type":"error","error":{"type":"invalid_request_error","message":"Say NO to that"}})",
                    "400 Bad Request"));
  });
  auto got = house.ask(R"({"model":"claude","messages":[{"role":"user","content":"x"}]})");
  EXPECT_THAT(got, EndsWith("refused: provider_rejected"));
  EXPECT_THAT(got, Not(HasSubstr("Say NO")));
}

TEST(Gateway, AModelOfAnotherDialectStandsIn) {
  ScriptedServer second([](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(foreign_whole));
  });
  House house(second.url("/v1"), [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer("<html>", "503 Unavailable"));
  });
  auto got = house.ask(R"({"model":"mixed","messages":[{"role":"user","content":"x"}]})");
  EXPECT_THAT(got, HasSubstr(R"("content":"Hi")"));
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(house.log.words[rows[0].model], "claude-spare");
  EXPECT_EQ(rows[0].failovers, 1);
}

TEST(Gateway, ASmallBudgetIsToldToAForeignProviderToo) {
  std::string seen;
  House house(nobody, [&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(foreign_whole));
  });
  house.ask(R"({"model":"claude-small","messages":[{"role":"user","content":"x"}]})");
  EXPECT_THAT(seen, HasSubstr(R"("max_tokens":1024)")) << "600 a million, one to spend";
}

TEST(Gateway, WhatATranslationWouldLoseIsForTheStagesToTell) {
  House house(nobody, [](int, int) {});
  for (std::string_view more :
       {R"("n":2)", R"("safe_prompt":true)", R"("logprobs":true)", R"("tools":[{"type":"odd"}])"})
    EXPECT_THAT(house.ask(R"({"model":"claude","messages":[{"role":"user","content":"x"}],)" +
                          std::string(more) + "}"),
                EndsWith("long way"))
        << more;
  EXPECT_THAT(house.ask(R"({"model":"claude","messages":[{"role":"nobody","content":"x"}]})"),
              EndsWith("long way"));
  EXPECT_EQ(house.upstream.accepted(), 0);
  EXPECT_TRUE(house.log.all().empty());
}

TEST(Gateway, WhatTheModelIsNotToldStandsInTheHead) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(foreign_whole));
  });
  auto got =
      house.ask(R"({"model":"claude","seed":7,"messages":[{"role":"user","content":"x"}],"max_tokens":5})");
  EXPECT_THAT(got, HasSubstr("x-bastide-warning: "));
  EXPECT_THAT(got, HasSubstr("seed"));
  EXPECT_TRUE(house.log.all().at(0).flags & policy::usage_flag::warned);
}

TEST(Gateway, AServerThatWantsOtherNamesIsLeftToTheStages) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd, json_answer(R"({"error":{"message":"use max_completion_tokens"}})", "400 Bad Request"));
  });
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(house.ask(R"({"model":"claude","messages":[{"role":"user","content":"x"}]})"),
                EndsWith("long way"));
  EXPECT_EQ(house.upstream.accepted(), 1);
  house.expect_spent(0);
}

TEST(Gateway, WhatNeedsMoreTakesTheLongWay) {
  House house(nobody, [](int, int) {}, "FR");
  EXPECT_THAT(house.ask(R"({"model":"unknown","messages":[]})"), EndsWith("long way"));
  EXPECT_THAT(house.ask(R"({"model":"fast","bastide":{"collections":["a"]},"messages":[]})"),
              EndsWith("long way"));
  EXPECT_THAT(house.ask("not json"), EndsWith("long way"));
  EXPECT_EQ(house.upstream.accepted(), 0);
}

TEST(Gateway, WhenProvidersFailAModelOfThisMachineMayStillAnswer) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer("{}", "503 Unavailable"));
  });
  EXPECT_THAT(house.ask(R"({"model":"safe","messages":[]})"), EndsWith("long way"));
  EXPECT_TRUE(house.log.all().empty());
  house.expect_spent(0);
}

constexpr std::string_view personal =
    R"({"model":"fast","messages":[{"role":"user","content":"write to marie\u0040example.com"}]})";

TEST(Gateway, WhatMayNotLeaveAtAllIsForTheStagesToHandle) {
  House outside(nobody, [](int, int) {}, "FR");
  for (
      std::string_view body :
      {R"({"model":"fast","messages":[{"role":"user","content":"a secret"}]})",
       R"({"model":"fast","messages":[{"role":"user","content":"x"}],"marie@example.com":1,"n":2,"user":"marie@example.com"})"})
    EXPECT_THAT(outside.ask(body), EndsWith("long way")) << body;
  outside.who.guard = identity::GuardPolicy::off;
  EXPECT_THAT(outside.ask(R"({"model":"fast","messages":[{"role":"user","content":"a secret"}]})"),
              EndsWith("long way"))
      << "a key without the guard opens the walls for nothing";
  EXPECT_EQ(outside.upstream.accepted(), 0);
}

TEST(Gateway, PersonalDataStaysAsItIsWithinTheWalls) {
  std::string seen;
  House house(nobody, [&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  EXPECT_THAT(house.ask(personal), EndsWith(whole));
  EXPECT_THAT(seen, HasSubstr(R"(marie\u0040example.com)")) << "as bytes";
  EXPECT_EQ(house.log.all().at(0).found(), email_bit);
  EXPECT_FALSE(house.log.all().at(0).flags & policy::usage_flag::masked);
}

TEST(Gateway, PersonalDataLeavesAsTokensAndComesBackAsItWas) {
  std::string seen;
  House house(
      nobody,
      [&](int fd, int) {
        seen = ScriptedServer::read_request(fd);
        ScriptedServer::say(
            fd,
            json_answer(
                R"({"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Done, [EMAIL_1]."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}})"));
      },
      "FR");
  const auto got = house.ask(personal);
  EXPECT_THAT(got, HasSubstr(R"("content":"Done, marie@example.com.")"));
  EXPECT_THAT(seen, HasSubstr("write to [EMAIL_1]"));
  EXPECT_THAT(seen, Not(HasSubstr("example.com")));
  const auto row = house.log.all().at(0);
  EXPECT_EQ(row.found(), email_bit);
  EXPECT_TRUE(row.flags & policy::usage_flag::masked);
  EXPECT_EQ(row.input, 9U);
  EXPECT_EQ(row.output, 3U);
  // The answer holds what the person wrote: nobody else, and no cache, gets it.
  house.ask(personal, "x-bastide-cache: use\r\n");
  house.ask(personal, "x-bastide-cache: use\r\n");
  EXPECT_EQ(house.upstream.accepted(), 3);
}

TEST(Gateway, AStreamRestoresWhatItWasGivenWhoeverAnswers) {
  for (std::string_view model : {"fast", "claude"}) {
    std::string seen;
    House house(
        nobody,
        [&](int fd, int) {
          seen = ScriptedServer::read_request(fd);
          ScriptedServer::say(
              fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
          if (seen.find("/chat/completions") != std::string::npos)
            ScriptedServer::say(fd,
                                "data: "
                                "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\","
                                "\"choices\":[{\"index\":0,"
                                "\"delta\":{\"role\":\"assistant\",\"content\":\"To "
                                "[EMAIL_1]\"},\"finish_reason\":null}]}\n\n"
                                "data: "
                                "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\","
                                "\"choices\":[{\"index\":0,"
                                "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
          else
            ScriptedServer::say(
                fd,
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":"
                "\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_"
                "tokens\":4,"
                "\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: "
                "{\"type\":\"content_block_start\","
                "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: "
                "content_block_delta\n"
                "data: "
                "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
                "\"To [EMAIL_1]\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\","
                "\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
                "\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\nevent: message_stop\n"
                "data: {\"type\":\"message_stop\"}\n\n");
        },
        "FR");
    std::string body(personal);
    body.replace(body.find("fast"), 4, model);
    body.insert(body.size() - 1, R"(,"stream":true)");
    const auto got = house.ask(body);
    EXPECT_THAT(got, HasSubstr(R"("content":"To marie@example.com")")) << model;
    EXPECT_THAT(got, HasSubstr("data: [DONE]")) << model;
    EXPECT_THAT(seen, Not(HasSubstr("example.com"))) << model;
    EXPECT_TRUE(house.log.all().at(0).flags & policy::usage_flag::masked) << model;
  }
}

TEST(Gateway, AServerThatOnlyStreamsTakesTheLongWay) {
  House house(nobody, [](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 3\r\n\r\n:x\n");
  });
  EXPECT_THAT(house.ask(question), EndsWith("long way"));
  EXPECT_TRUE(house.log.all().empty());
}

TEST(Gateway, AKeyForOtherModelsOpensNothingHere) {
  ScriptedServer second([](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  House house(second.url("/v1"), [](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer("{}", "503 Unavailable"));
  });
  house.who.models = {"other"};
  EXPECT_THAT(house.ask(question), EndsWith("long way")) << "where the stages refuse it with reasons";
  EXPECT_EQ(house.upstream.accepted(), 0);
  house.who.models = {"fast"};
  EXPECT_THAT(house.ask(question), HasSubstr("HTTP/1.1 503"));
  EXPECT_EQ(second.accepted(), 0) << "nor does failing over to another model";
}

TEST(Gateway, ASpentBudgetSendsNothing) {
  House house(nobody, [](int, int) {});
  EXPECT_THAT(house.ask(R"({"model":"fast","max_tokens":900000,"messages":[]})"),
              EndsWith("refused: budget_bound"));
  house.expect_spent(0);
  EXPECT_EQ(house.upstream.accepted(), 0);
}

TEST(Gateway, AKeyThatTheProviderRefusesRestsAndAnotherIsUsed) {
  ::setenv("GATEWAY_TEST_A", "sk-a", 1);
  ::setenv("GATEWAY_TEST_B", "sk-b", 1);
  std::vector<std::string> seen;
  House house(
      nobody,
      [&](int fd, int) {
        seen.push_back(ScriptedServer::read_request(fd));
        const bool is_a = seen.back().find("Authorization: Bearer sk-a\r\n") != std::string::npos;
        ScriptedServer::say(fd,
                            is_a ? json_answer(R"({"error":{"message":"no such key"}})", "401 Unauthorized")
                                 : json_answer(whole));
      },
      "walls", R"(keys = [{ env = "GATEWAY_TEST_A", weight = 9 }, { env = "GATEWAY_TEST_B" }])");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(house.ask(question), EndsWith(whole));
  EXPECT_EQ(seen.size(), 4U) << "the refused key is tried once";
  const auto alerts = house.keys->take_alerts();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].key, "GATEWAY_TEST_A");
  house.expect_spent(0.006);
  EXPECT_THAT(house.metrics.text(), HasSubstr("bastide_gateway_provider_open{provider=\"first\"} 0"))
      << "its address is well";
}

TEST(Gateway, AProviderThatAsksToWaitSaysSoItselfWhereNobodyElseAnswers) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd,
                        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Type: "
                        "application/json\r\nContent-Length: 2\r\n\r\n{}");
  });
  for (int calls = 1; calls <= 2; ++calls) {
    const auto answer = house.ask(R"({"model":"alone","messages":[]})");
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 429"));
    EXPECT_THAT(answer, HasSubstr("retry-after: 30\r\n"));
    EXPECT_EQ(house.upstream.accepted(), calls) << "asked once a call, no more";
  }
}

TEST(Gateway, TheSameQuestionOfTheSamePersonIsAnsweredFromTheCache) {
  House house(nobody, [](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  EXPECT_THAT(house.ask(question, ""), HasSubstr("\r\nx-bastide-cache: miss\r\n"));
  // Its values count, not its order and spaces.
  const auto hit =
      house.ask(R"({"model":"fast","odd":[1.5],"messages":[{"content":"Hello","role":"user"}]})", "");
  EXPECT_THAT(hit, HasSubstr("x-bastide-cache: hit\r\n"));
  EXPECT_THAT(hit, HasSubstr("age: 0\r\n"));
  EXPECT_THAT(hit, EndsWith(whole));
  EXPECT_EQ(house.upstream.accepted(), 1);
  house.expect_spent(0.002);
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[1].flags & policy::usage_flag::cache_hit);
  EXPECT_EQ(rows[1].nano_money, 0);
  EXPECT_EQ(rows[1].input, 0U);
  EXPECT_EQ(house.log.words[rows[1].model], "fast");
  EXPECT_THAT(hit, HasSubstr(std::string(rows[1].exchange_id())));
  EXPECT_THAT(house.ask(R"({"model":"fast","messages":[]})", ""), HasSubstr("miss")) << "another question";
  house.who.person = "per_2";
  EXPECT_THAT(house.ask(question, ""), HasSubstr("miss")) << "another person";
  house.who.person = "per_1";
  EXPECT_THAT(house.ask(question, "x-bastide-cache: refresh\r\n"), HasSubstr("miss"));
  EXPECT_THAT(house.ask(question), Not(HasSubstr("x-bastide-cache")));
  EXPECT_EQ(house.upstream.accepted(), 5);
  EXPECT_THAT(house.ask(R"({"model":"alone","messages":[]})", ""), Not(HasSubstr("x-bastide-cache")))
      << "a model that was not chosen for it";
}

TEST(Gateway, OnlyWholeAnswersAreKept) {
  int served = 0;
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    const std::string_view frame = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
    const std::string_view done = "data: [DONE]\n\n";
    const auto body = std::string(frame) + std::string(++served == 1 ? "" : done);
    ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  constexpr auto streamed = R"({"model":"fast","stream":true,"messages":[]})";
  EXPECT_THAT(house.ask(streamed, ""), HasSubstr("\"error\""));
  const auto first = house.ask(streamed, "");
  EXPECT_THAT(first, HasSubstr("miss")) << "what broke off is not kept";
  const auto again = house.ask(streamed, "");
  EXPECT_THAT(again, HasSubstr("hit"));
  EXPECT_THAT(again, HasSubstr("content-type: text/event-stream"));
  EXPECT_THAT(again, EndsWith("data: [DONE]\n\n"));
}

TEST(Gateway, AKeyThatEndsCutsItsStreamWithinASecond) {
  int after_ms = -1;
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1d\r\ndata: {\"choices\":[{\"x\":1}]}\n\n\r\n");
    after_ms = ScriptedServer::wait_for_end(fd, 3'000);
  });
  house.who.key = "key_gone";  // not in the table: revoked
  const auto begun = Steady::now();
  const auto got =
      house.ask(R"({"model":"fast","stream":true,"stream_options":{"include_usage":true},"messages":[]})");
  EXPECT_LT(Steady::now() - begun, Millis(1'500));
  EXPECT_THAT(got, HasSubstr("\"x\":1"));
  EXPECT_THAT(got, HasSubstr("\"code\":\"key_over\""));
  EXPECT_THAT(got, Not(HasSubstr("[DONE]")));
  EXPECT_GE(after_ms, 0) << "the provider is told too";
  const auto rows = house.log.all();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(house.log.words[rows[0].error], "key_over");
  EXPECT_THAT(house.metrics.text(), HasSubstr("bastide_gateway_provider_open{provider=\"first\"} 0"));
}

TEST(Gateway, AKeyThatEndsWhileTheModelThinksIsRefused) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::wait_for_end(fd, 3'000);
  });
  house.who.key = "key_gone";
  EXPECT_THAT(house.ask(question), EndsWith("refused: key_over")) << "and no other model is asked";
  house.expect_spent(0);
}

TEST(Gateway, ASmallBudgetCapsAnAnswerThatNobodyLimits) {
  std::string seen;
  House house(nobody, [&](int fd, int) {
    seen = ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  EXPECT_THAT(house.ask(question), EndsWith(whole));
  EXPECT_THAT(seen, Not(HasSubstr("max_tokens"))) << "the budget allows the longest answer";
  // A price at which the longest answer, 8192 tokens, costs more than the whole budget of 1.
  EXPECT_THAT(house.ask(R"({"model":"dear","messages":[]})"), EndsWith(whole));
  EXPECT_THAT(seen, HasSubstr(R"({"model":"dear","max_tokens":1024,"messages":[]})"));
  EXPECT_THAT(house.ask(R"({"model":"dear","max_tokens":4096,"messages":[]})"),
              EndsWith("refused: budget_bound"))
      << "what the caller says is not changed";
}

TEST(Gateway, ModelsThatShareANameTakeTurnsByWeight) {
  int on_second = 0;
  ScriptedServer second([&](int fd, int) {
    ++on_second;
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  bool fails = false;
  House house(second.url("/v1"), [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, fails ? json_answer("{}", "503 Unavailable") : json_answer(whole));
  });
  for (int i = 0; i < 8; ++i) EXPECT_THAT(house.ask(R"({"model":"either","messages":[]})"), EndsWith(whole));
  EXPECT_EQ(on_second, 2) << "three to one";
  fails = true;
  for (int i = 0; i < 8; ++i)
    EXPECT_THAT(house.ask(R"({"model":"either","messages":[]})"), EndsWith(whole)) << "the other stands in";
}

TEST(Gateway, HalfRefusedAnotherFreeNoClientFailsAndNoStorm) {
  std::atomic<int> first_calls{0}, second_calls{0};
  ScriptedServer second([&](int fd, int) {
    ++second_calls;
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  House house(second.url("/v1"), [&](int fd, int) {
    const bool refuses = ++first_calls % 2 == 0;
    ScriptedServer::read_request(fd);
    ScriptedServer::say(
        fd, refuses ? json_answer(R"({"error":{}})", "429 Too Many Requests") : json_answer(whole));
  });
  constexpr int calls = 60;
  for (int i = 0; i < calls; ++i) EXPECT_THAT(house.ask(question), EndsWith(whole));
  EXPECT_LE(first_calls + second_calls, calls * 6 / 5);
}

TEST(Gateway, AMomentOfFailureIsTriedAgain) {
  std::atomic<int> calls{0};
  House house(nobody, [&](int fd, int) {
    const bool fails = calls++ == 0;
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, fails ? json_answer("{}", "503 Unavailable") : json_answer(whole));
  });
  EXPECT_THAT(house.ask(R"({"model":"alone","messages":[]})"), EndsWith(whole));
  EXPECT_EQ(calls, 2);
  ASSERT_EQ(house.log.all().size(), 1U);
}

TEST(Gateway, AHedgedCallIsTheStagesWhereSomebodyCouldStandIn) {
  House house(nobody, [&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  constexpr std::string_view wish = "x-bastide-hedge-after-ms: 800\r\n",
                             no = "x-bastide-hedge-after-ms: 0\r\n";
  EXPECT_THAT(house.ask(R"({"model":"fast","messages":[]})", wish), EndsWith("long way"));
  EXPECT_THAT(house.ask(R"({"model":"fast","messages":[]})", no), EndsWith(whole));
  EXPECT_THAT(house.ask(R"({"model":"alone","messages":[]})", wish), EndsWith(whole)) << "nobody could";
}

TEST(AnswerCache, IsBoundedAndForgetsWhatIsOld) {
  CacheConfig config;
  config.seconds = 10;
  config.bytes_max = 16LL * 1024 * 1024;
  AnswerCache cache(config);
  const auto key = [](int i) {
    return *AnswerCache::key_of("ada", "fast", dialects::Dialect::openai, "", std::to_string(i));
  };
  const auto now = Steady::now();
  for (int i = 0; i < 100; ++i) cache.put(key(i), {"application/json", std::string(500'000, 'x'), now});
  EXPECT_LE(cache.bytes(), 16U * 1024 * 1024);
  EXPECT_GT(cache.bytes(), 6U * 1024 * 1024);
  EXPECT_TRUE(cache.find(key(99), now + Millis(9'999)));
  EXPECT_FALSE(cache.find(key(99), now + Millis(10'000)));
  cache.put(key(1), {"application/json", std::string(AnswerCache::answer_bytes_max + 1, 'x'), now});
  EXPECT_FALSE(AnswerCache::key_of("ada", "fast", dialects::Dialect::openai, "", "{"));
  EXPECT_NE(key(1), *AnswerCache::key_of("bob", "fast", dialects::Dialect::openai, "", "1"));
  EXPECT_NE(key(1), *AnswerCache::key_of("ada", "slow", dialects::Dialect::openai, "", "1"));
}

TEST(Gateway, EveryAnswerTellsWhatTheLimitsLeave) {
  House house(nobody, [](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, json_answer(whole));
  });
  auto first = house.ask(question);
  EXPECT_THAT(first, HasSubstr("\r\nx-ratelimit-limit-requests: 600\r\n"));
  EXPECT_THAT(first, HasSubstr("\r\nx-ratelimit-remaining-requests: 599\r\n"));
  EXPECT_THAT(first, HasSubstr("\r\nx-ratelimit-limit-tokens: 400000\r\n"));
  EXPECT_THAT(house.ask(question), HasSubstr("x-ratelimit-remaining-requests: 598\r\n"));
  EXPECT_THAT(house.ask(R"({"model":"fast","max_tokens":900000,"messages":[]})"),
              HasSubstr("x-ratelimit-remaining-requests: 598\r\n"))
      << "a refusal tells it too, and takes nothing";
}

TEST(Health, OpensAfterFailuresAndTriesAgain) {
  Health health;
  auto now = Steady::now();
  for (int i = 0; i < Health::failures_max; ++i) {
    EXPECT_TRUE(health.may_try(now));
    health.failed(now);
  }
  EXPECT_FALSE(health.may_try(now));
  now += Health::pause_first + Millis(1);
  EXPECT_TRUE(health.may_try(now)) << "one may look whether it is back";
  EXPECT_FALSE(health.may_try(now)) << "and only one";
  health.failed(now);
  now += Health::pause_first + Millis(1);
  EXPECT_FALSE(health.may_try(now)) << "the pause has doubled";
  now += Health::pause_first + Millis(1);
  EXPECT_TRUE(health.may_try(now));
  health.succeeded();
  EXPECT_TRUE(health.may_try(now));
  EXPECT_FALSE(health.is_open());
}

TEST(TextReader, TellsWhichTextsHoldNoneOfThePlaces) {
  TextReader reader;
  const std::string first(200, 'a'), second(150, 'b');
  const auto body = R"({"x":")" + first + R"(","y":"short","z":")" + second + R"("})";
  const auto text = reader.read(body, 0);
  ASSERT_TRUE(text);
  EXPECT_THAT(reader.without({}), testing::ElementsAre(first, second));
  EXPECT_THAT(reader.without({{199, 203}}), testing::ElementsAre(second));
  EXPECT_THAT(reader.without({{0, 1}, {text->size() - 2, text->size() - 1}}), testing::IsEmpty());
  EXPECT_THAT(reader.without({{200, 207}}), testing::ElementsAre(first, second)) << "between them";
}

TEST(TextReader, GivesEveryTextUnescapedAndNoBase64) {
  TextReader reader;
  auto text = reader.read(
      R"({"a":"caf\u00e9","b":[{"c":"x\ny"},1,null,true],"data":")" + std::string(300, 'A') + "\"}", 0);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "caf\xc3\xa9\nx\ny\n");
  auto hidden = reader.read(R"({"data":")" + std::string(300, 'A') + " secret\"}", 0);
  EXPECT_THAT(std::string(*hidden), HasSubstr("secret"));
  EXPECT_FALSE(reader.read("{", 0));
  EXPECT_FALSE(reader.read(std::string(100, '['), 0));
}

}  // namespace
}  // namespace bastide::gateway
