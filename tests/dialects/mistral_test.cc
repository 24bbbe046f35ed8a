#include "dialects/infill.h"
#include "tests/dialects/recordings.h"

namespace bastide::dialects {
namespace {

using test::Json;
using Events = std::vector<std::pair<std::string, std::string>>;

Events stream_of(const std::string& path) {
  Events out;
  for (auto& line : test::lines_of(path)) out.emplace_back("", std::move(line));
  out.emplace_back("", "[DONE]");
  return out;
}

/// What the chunks add up to: text, thoughts, calls by their number, end, counts.
Json accumulated(const Events& events) {
  Json out = {{"text", ""}, {"thought", ""}, {"calls", Json::object()}};
  const auto add = [&](const char* name, const std::string& more) {
    out[name] = out[name].get<std::string>() + more;
  };
  for (const auto& [name, data] : events) {
    if (data == "[DONE]") continue;
    const auto chunk = Json::parse(data);
    if (chunk.contains("usage") && chunk["usage"].is_object())
      for (const auto* count : {"prompt_tokens", "completion_tokens"}) out[count] = chunk["usage"][count];
    for (const auto& choice : chunk["choices"]) {
      const auto content = choice["delta"].value("content", Json());
      if (content.is_string()) add("text", content);
      if (content.is_array())
        for (const auto& part : content) {
          if (part["type"] == "text") add("text", part["text"]);
          if (part["type"] == "thinking") add("thought", part["thinking"][0]["text"]);
        }
      for (const auto& call : choice["delta"].value("tool_calls", Json::array())) {
        auto& known = out["calls"][std::to_string(call.value("index", 0))];
        if (known.is_null())
          known = {
              {"id", call.value("id", "")}, {"name", call["function"].value("name", "")}, {"arguments", ""}};
        known["arguments"] = known["arguments"].get<std::string>() + call["function"].value("arguments", "");
      }
      if (choice.contains("finish_reason") && !choice["finish_reason"].is_null())
        out["end"] = choice["finish_reason"];
    }
  }
  return out;
}

TEST(Mistral, GivesRecordedAnswersBackWithEveryField) {
  const auto folder = test::recordings("mistral");
  if (folder.empty()) GTEST_SKIP() << "no data";
  int read = 0;
  for (const auto& path : test::files_of(folder, ".json")) {
    if (path.find("transcription") != std::string::npos) continue;
    SCOPED_TRACE(path);
    const auto text = test::file_text(path);
    const auto answer = mistral_codec().decode_answer(text);
    ASSERT_TRUE(answer) << answer.error().message;
    Losses losses;
    const auto back = mistral_codec().encode_answer(*answer, losses);
    EXPECT_EQ(test::missing(Json::parse(text), Json::parse(back)), "");
    EXPECT_TRUE(losses.empty());
    ++read;
  }
  EXPECT_GE(read, 3);
}

TEST(Mistral, GivesRecordedStreamsBack) {
  const auto folder = test::recordings("mistral");
  if (folder.empty()) GTEST_SKIP() << "no data";
  int read = 0;
  for (const auto& path : test::files_of(folder, ".chunks.txt")) {
    SCOPED_TRACE(path);
    std::vector<StreamEvent> neutral;
    const auto events = stream_of(path);
    const auto heard = test::hear_stream(mistral_codec(), events, &neutral);
    ASSERT_FALSE(heard.failure) << heard.failure->message;
    EXPECT_EQ(heard.wrong, "");
    EXPECT_TRUE(heard.ended);
    EXPECT_TRUE(heard.has_usage);
    Losses losses;
    EXPECT_EQ(accumulated(events),
              accumulated(test::frames_of(test::encode_stream(mistral_codec(), neutral, losses))));
    EXPECT_TRUE(losses.empty());
    ++read;
  }
  EXPECT_GE(read, 4);
}

TEST(Mistral, PutsCallsTogetherThatGoOnWithoutNameAndId) {
  const auto folder = test::recordings("mistral");
  if (folder.empty()) GTEST_SKIP() << "no data";
  const auto heard =
      test::hear_stream(mistral_codec(), stream_of(folder + "/mistral-incremental-tool-call.chunks.txt"));
  std::vector<ToolCall> calls;
  for (const auto& part : heard.parts)
    if (const auto* call = std::get_if<ToolCall>(&part.content)) calls.push_back(*call);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].name, "webSearchTool");
  EXPECT_EQ(calls[0].id, "chatcmpl-tool-9f149c74c42f265b");
  EXPECT_EQ(calls[0].arguments, R"({"query": "current Berlin weather"})");
  EXPECT_EQ(heard.usage.cache_read, 128);
}

TEST(MistralFim, GivesARequestBack) {
  const std::string body =
      R"({"model":"m","prompt":"def f(","suffix":"return x","temperature":0.3,"max_tokens":7,"random_seed":3,
    "stop":["END"],"stream":true,"min_tokens":2})";
  const auto request = mistral_fim_codec().decode_request(body, {});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(is_infill(*request));
  EXPECT_EQ(gap_of(*request).before, "def f(");
  EXPECT_EQ(gap_of(*request).after, "return x");
  EncodeOptions options;
  options.model = "m";
  Losses losses;
  const auto back = mistral_fim_codec().encode_request(*request, options, losses);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(Json::parse(*back), Json::parse(body));
  EXPECT_TRUE(losses.empty());
  EXPECT_EQ(mistral_fim_codec().request_path("m", true), "/fim/completions");
}

TEST(MistralFim, LeavesOutWhatIsNotThereAndRefusesWhatIsNone) {
  const auto request = mistral_fim_codec().decode_request(R"({"model":"m","prompt":"a","suffix":null})", {});
  ASSERT_TRUE(request);
  Losses losses;
  const auto back = mistral_fim_codec().encode_request(*request, {}, losses);
  ASSERT_TRUE(back);
  EXPECT_EQ(Json::parse(*back), Json::parse(R"({"prompt":"a"})"));
  for (const char* wrong : {R"({"model":"m"})", R"({"prompt":7})", R"({"prompt":"a","suffix":7})",
                            R"({"messages":[{"role":"user","content":"a"}]})", "[]"})
    EXPECT_FALSE(mistral_fim_codec().decode_request(wrong, {})) << wrong;
}

TEST(Mistral, GivesAFullRequestBack) {
  const std::string body =
      R"({"model":"m","temperature":0.3,"top_p":0.9,"max_tokens":7,"random_seed":3,"stop":["END"],"stream":true,
    "presence_penalty":1,"frequency_penalty":0.5,"n":1,"safe_prompt":true,"prompt_mode":"reasoning","parallel_tool_calls":false,
    "prediction":{"type":"content","content":"x"},"metadata":{"a":"b"},"tool_choice":"any",
    "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"},"strict":true}},
    "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}],
    "messages":[{"role":"system","content":"S"},
      {"role":"user","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
        {"type":"document_url","document_url":"https://example.org/a.pdf","document_name":"a.pdf"}]},
      {"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"I look."}],
        "tool_calls":[{"id":"gSIMJiOkT","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"gSIMJiOkT","name":"f","content":"21"},
      {"role":"assistant","content":"The answer is","prefix":true}]})";
  const auto request = mistral_codec().decode_request(body, {});
  ASSERT_TRUE(request) << request.error().message;
  Losses losses;
  const auto back = mistral_codec().encode_request(*request, {.model = "m"}, losses);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(test::missing(Json::parse(body), Json::parse(*back)), "");
  EXPECT_EQ(test::missing(Json::parse(*back), Json::parse(body)), "");
  EXPECT_TRUE(losses.empty()) << losses.front().field;
}

TEST(Mistral, WritesAForeignConversation) {
  ChatRequest request;
  request.from = Dialect::openai;
  request.messages = {
      {.role = Role::developer, .parts = {text_part("S")}},
      {.role = Role::user, .parts = {text_part("q")}},
      {.role = Role::assistant, .parts = {Part{ToolCall{"call_long_id", "f", ""}}}},
      {.role = Role::tool, .parts = {Part{ToolResult{"call_long_id", {}, {text_part("21")}}}}},
      {.role = Role::user, .parts = {text_part("and?")}}};
  request.sampling.seed = 5;
  request.sampling.temperature = 2;
  request.user = "u";
  Losses losses;
  const auto body = mistral_codec().encode_request(request, {.model = "mistral-small"}, losses);
  ASSERT_TRUE(body);
  const auto json = Json::parse(*body);
  const auto id = json["messages"][2]["tool_calls"][0]["id"].get<std::string>();
  EXPECT_EQ(id.size(), 9U);
  EXPECT_EQ(json["messages"][3]["tool_call_id"], id);
  EXPECT_EQ(json["messages"][3]["name"], "f");
  EXPECT_EQ(json["messages"][4]["role"], "assistant") << "the model's turn is between results and words";
  EXPECT_EQ(json["random_seed"], 5);
  EXPECT_EQ(json["temperature"], 1.5);
  EXPECT_FALSE(json.contains("stream_options"));
  EXPECT_EQ(losses.size(), 3U);
  request.sampling.logit_bias = {{"1", 1.0}};
  ASSERT_TRUE(mistral_codec().encode_request(request, {}, losses));
  EXPECT_EQ(refuse_losses(losses).error().detail, "field:logit_bias");
}

TEST(Mistral, UnderstandsErrors) {
  EXPECT_EQ(mistral_codec().decode_error(401, R"({"detail":"Unauthorized"})", {}).detail, "provider_key");
  const auto invalid = mistral_codec().decode_error(
      422,
      R"({"object":"error","message":{"detail":[{"loc":["body"],"msg":"secret"}]},"type":"invalid_request_error"})",
      {});
  EXPECT_EQ(invalid.detail, "provider_rejected");
  EXPECT_EQ(invalid.message.find("secret"), std::string::npos);
  EXPECT_EQ(
      mistral_codec().decode_error(429, R"({"object":"error","message":"m","type":"rate_limited"})", {}).code,
      Code::rate_limited);
  const auto broken = test::hear_stream(
      mistral_codec(),
      {{"", R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})"},
       {"", R"({"object":"error","message":"full","type":"internal_server_error","code":"3000"})"},
       {"", "[DONE]"}});
  EXPECT_EQ(broken.failure->detail, "provider_overloaded");
  EXPECT_FALSE(broken.ended);
}

/// Every recorded answer and stream can be told to a client of every dialect.
TEST(Dialects, TellEveryRecordingInEveryDialect) {
  if (test::recordings("google").empty()) GTEST_SKIP() << "no data";
  const std::vector<std::pair<std::string, const Codec*>> sources = {
      {"anthropic", &anthropic_codec()}, {"google", &gemini_codec()}, {"mistral", &mistral_codec()}};
  const std::vector<const Codec*> targets = {&openai_codec(), &anthropic_codec(), &gemini_codec(),
                                             &mistral_codec()};
  int told = 0;
  for (const auto& [folder, source] : sources)
    for (const auto& path : test::files_of(test::recordings(folder), ".chunks.txt")) {
      SCOPED_TRACE(path);
      Events events;
      for (const auto& line : test::lines_of(path)) {
        events.emplace_back("", line);
        if (line.find("\"message_stop\"") != std::string::npos) break;  // the first of several streams
      }
      if (folder == "mistral") events.emplace_back("", "[DONE]");
      std::vector<StreamEvent> neutral;
      const auto heard = test::hear_stream(*source, events, &neutral);
      ASSERT_TRUE(heard.ended);
      for (const auto* target : targets) {
        SCOPED_TRACE(dialect_name(target->dialect()));
        Losses losses;
        const auto bytes = test::encode_stream(*target, neutral, losses, {"x", "m", 1, true});
        const auto again = test::hear_stream(*target, test::frames_of(bytes));
        EXPECT_TRUE(again.ended);
        EXPECT_EQ(again.wrong, "");
        EXPECT_EQ(text_of(again.parts), text_of(heard.parts));
        EXPECT_EQ(again.usage.input, heard.usage.input);
        EXPECT_EQ(again.usage.output, heard.usage.output);
        const auto calls = [](const test::Heard& from) {
          std::vector<std::pair<std::string, Json>> out;
          for (const auto& part : from.parts)
            if (const auto* call = std::get_if<ToolCall>(&part.content))
              out.emplace_back(call->id + call->name,
                               Json::parse(call->arguments.empty() ? "{}" : call->arguments));
          return out;
        };
        EXPECT_EQ(calls(again), calls(heard));
        ++told;
      }
    }
  EXPECT_GE(told, 100);
}

// Clients of Mistral look into the first choice of every chunk.
TEST(Mistral, TheCountsOfAStreamComeWithItsEnd) {
  Usage usage;
  usage.input = 31;
  usage.output = 17;
  Losses losses;
  const std::vector<StreamEvent> events{
      Start{"x", "m", 1}, PartStart{}, TextDelta{0, "Bonjour"}, PartEnd{}, Finished{},
      UsageGiven{usage},  End{}};
  const auto frames =
      test::frames_of(test::encode_stream(mistral_codec(), events, losses, {"x", "m", 1, true}));
  ASSERT_GE(frames.size(), 3U);
  EXPECT_EQ(frames.back().second, "[DONE]");
  for (std::size_t i = 0; i + 1 < frames.size(); ++i)
    EXPECT_EQ(Json::parse(frames[i].second)["choices"].size(), 1U) << frames[i].second;
  const auto last = Json::parse(frames[frames.size() - 2].second);
  EXPECT_EQ(last["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(last["usage"]["prompt_tokens"], 31);
  EXPECT_EQ(last["usage"]["completion_tokens"], 17);
}

}  // namespace
}  // namespace bastide::dialects
