#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "observe/access_log.h"
#include "observe/call_metrics.h"
#include "observe/top.h"
#include "observe/traces.h"
#include "tests/net/scripted_server.h"

namespace bastide::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string word(policy::Word number) {
  static const std::vector<std::string> words{"", "fast", "cloud", "per_1", "provider_failed", "od\"d"};
  return number < words.size() ? words[number] : "m" + std::to_string(number);
}

policy::UsageRow row(policy::Word model = 1) {
  policy::UsageRow out;
  out.at_ms = 1'795'348'800'000;
  out.set_exchange("ex_1");
  out.model = out.model_asked = model;
  out.provider = 2;
  out.person = 3;
  out.status = 200;
  out.input = 10;
  out.output = 5;
  out.nano_money = 20'000;
  out.latency_us = 300'000;
  out.first_token_us = 50'000;
  return out;
}

TEST(CallMetrics, CountByModelAndHowItEnded) {
  Metrics metrics;
  CallMetrics figures(metrics, word);
  auto failed = row();
  failed.status = 502;
  failed.error = 4;
  auto cut = row();
  cut.error = 4;  // after its head
  auto refused = row();
  refused.status = 429;
  auto left = row();
  left.status = 499;
  const std::vector rows{row(), row(), failed, cut, refused, left, row(5)};
  figures.take(rows);
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("bastide_calls_total{model=\"fast\",provider=\"cloud\",outcome=\"ok\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("provider=\"cloud\",outcome=\"failed\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("provider=\"cloud\",outcome=\"refused\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("provider=\"cloud\",outcome=\"cancelled\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("bastide_calls_total{model=\"od\\\"d\",provider=\"cloud\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("bastide_call_tokens_total{model=\"fast\",provider=\"cloud\",kind=\"output\"} 30\n"));
  EXPECT_EQ(text.find("# TYPE bastide_calls_total"), text.rfind("# TYPE bastide_calls_total"));
  // What is written is read again, quotes and all, and drawn.
  const auto reading = read_top(parse_exposition(text));
  ASSERT_EQ(reading.rows.size(), 2U);
  EXPECT_EQ(reading.rows[0].model, "fast");
  EXPECT_EQ(reading.rows[0].calls, 6);
  EXPECT_EQ(reading.rows[0].failed, 2);
  EXPECT_EQ(reading.rows[1].model, "od\"d");
  EXPECT_NEAR(quantile(reading.rows[0].latency, 0.5), 0.3, 0.12) << "as near as buckets that double tell";
}

TEST(CallMetrics, ManyModelsAreCountedTogether) {
  Metrics metrics;
  CallMetrics figures(metrics, word);
  for (policy::Word model = 10; model < 10 + CallMetrics::models_max + 50; ++model) {
    const std::vector rows{row(model)};
    figures.take(rows);
  }
  EXPECT_THAT(metrics.text(),
              HasSubstr("bastide_calls_total{model=\"other\",provider=\"other\",outcome=\"ok\"} 50\n"));
}

TEST(Top, EachLineFitsTheTerminal) {
  TopReading before, now;
  TopRow one;
  one.model = std::string(60, 'm') + "\x1b[2J";
  one.provider = "prévôté-de-la-ville";
  one.calls = 1'234'567;
  one.failed = 1'234'567;
  one.tokens = 9'876'543'210;
  one.latency.fill(1'234'567);
  now.rows = {one, TopRow{}};
  for (const auto* last :
       {static_cast<const TopReading*>(nullptr), static_cast<const TopReading*>(&before)}) {
    const auto drawn = draw_top(last, now, 1, 80, 24);
    EXPECT_THAT(drawn, Not(HasSubstr("\x1b")));
    std::istringstream lines(drawn);
    for (std::string line; std::getline(lines, line);) {
      const auto points = std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; });
      EXPECT_LE(points, 80) << line;
    }
  }
  EXPECT_EQ(std::ranges::count(draw_top(nullptr, now, 1, 80, 2), '\n'), 2);
}

TEST(AccessLog, ALineACallAndNothingThatWasSaid) {
  const auto file =
      (std::filesystem::temp_directory_path() / ("bastide_access_" + std::to_string(::getpid()))).string();
  AccessLog log(file, word);
  const std::vector rows{row(), row(5)};
  log.take(rows);
  std::filesystem::rename(file, file + ".1");
  log.take(rows);  // whoever rotates it need tell nobody
  for (const auto& each : {file, file + ".1"}) {
    std::ifstream in(each);
    std::string line;
    ASSERT_TRUE(std::getline(in, line));
    auto json = parse_json(line);
    ASSERT_TRUE(json) << line;
    EXPECT_EQ((*json)["model"], "fast");
    EXPECT_EQ((*json)["outcome"], "ok");
    EXPECT_EQ((*json)["latency_ms"], 300);
    ASSERT_TRUE(std::getline(in, line));
    EXPECT_FALSE(std::getline(in, line));
    std::filesystem::remove(each);
  }
}

TEST(TraceContext, ReadsAndWritesTheHeader) {
  const std::string header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto read = parse_traceparent(header);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->sampled);
  EXPECT_EQ(traceparent(*read), header);
  const auto child = new_context(&*read, true);
  EXPECT_EQ(child.trace, read->trace);
  EXPECT_NE(child.span, read->span);
  for (const auto* wrong : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
                            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"})
    EXPECT_FALSE(parse_traceparent(wrong)) << wrong;
  EXPECT_TRUE(parse_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"));
}

struct Collector {
  std::string seen;
  net::test::ScriptedServer server{[this](int fd, int) {
    seen += net::test::ScriptedServer::read_request(fd);
    net::test::ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  }};
  Metrics metrics;
  std::unique_ptr<net::LoopThread> loop = std::move(*net::LoopThread::start("traces"));
  std::unique_ptr<net::Client> client = std::move(*net::Client::create());
  ObservabilityConfig config{.otlp_url = server.url("/v1/traces"), .trace_share = 0, .access_log = {}};
};

TEST(Traces, GoToTheCollectorWithTheConventionsOfGenAi) {
  Collector collector;
  const std::string header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  {
    Traces traces(collector.config, *collector.client, collector.loop->loop(), collector.metrics);
    EXPECT_FALSE(traces.begin("")) << "a share of none";
    EXPECT_FALSE(traces.begin("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
        << "its caller decided";
    auto begun = traces.begin(header);
    ASSERT_TRUE(begun);
    CallSpan span;
    span.context = begun->context;
    span.parent = begun->parent;
    span.began_at = 1'795'348'800'000;
    span.took_us = 1500;
    span.asked = "fast";
    span.upstream = "fast-v2";
    span.dialect = "mistral";
    span.server = "127.0.0.1:9000";
    span.error = "provider_failed";
    span.hedge_after_ms = 800;
    span.hedge_lost = "slow";
    span.input_tokens = 7;
    traces.offer(span);
  }
  EXPECT_THAT(collector.seen, HasSubstr("POST /v1/traces HTTP/1.1"));
  const auto at = collector.seen.find("\r\n\r\n");
  ASSERT_NE(at, std::string::npos);
  auto json = parse_json(std::string_view(collector.seen).substr(at + 4));
  ASSERT_TRUE(json);
  const auto& span = (*json)["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span["parentSpanId"], "b7ad6b7169203331");
  EXPECT_EQ(span["name"], "chat fast");
  EXPECT_EQ(span["endTimeUnixNano"], "1795348800001500000");
  EXPECT_EQ(span["status"]["code"], 2);
  std::map<std::string, nlohmann::json> attributes;
  for (const auto& each : span["attributes"]) attributes[each["key"]] = each["value"];
  EXPECT_EQ(attributes["gen_ai.provider.name"]["stringValue"], "mistral_ai");
  EXPECT_EQ(attributes["gen_ai.response.model"]["stringValue"], "fast-v2");
  EXPECT_EQ(attributes["gen_ai.usage.input_tokens"]["intValue"], "7");
  EXPECT_EQ(attributes["server.port"]["intValue"], "9000");
  EXPECT_EQ(attributes["error.type"]["stringValue"], "provider_failed");
  EXPECT_EQ(attributes["bastide.hedge.after_ms"]["intValue"], "800");
  EXPECT_EQ(attributes["bastide.hedge.lost_model"]["stringValue"], "slow");
}

TEST(Traces, AFullQueueDropsAndCounts) {
  Collector collector;
  Traces traces(collector.config, *collector.client, collector.loop->loop(), collector.metrics);
  for (std::size_t i = 0; i < Traces::queue_max + 3; ++i) traces.offer({});
  EXPECT_THAT(collector.metrics.text(), HasSubstr("bastide_trace_spans_dropped_total 3\n"));
}

}  // namespace
}  // namespace bastide::observe
