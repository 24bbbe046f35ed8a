#include "tests/dialects/recordings.h"

namespace bastide::dialects {
namespace {

using test::Heard;
using test::Json;

using Events = std::vector<std::pair<std::string, std::string>>;

/// The message that events add up to, by the rules of the dialect's documentation.
Json accumulated(const Events& events) {
  Json message = Json::object();
  std::map<int, std::string> inputs;
  for (const auto& [name, data] : events) {
    auto event = Json::parse(data);
    const auto type = event.value("type", "");
    if (type == "message_start") {
      if (message.empty()) message = event["message"];
    } else if (type == "content_block_start") {
      message["content"].push_back(event["content_block"]);
      inputs.clear();
    } else if (type == "content_block_delta") {
      auto& block = message["content"].back();
      const auto& delta = event["delta"];
      const auto kind = delta.value("type", "");
      if (kind == "text_delta")
        block["text"] = block["text"].get<std::string>() + delta["text"].get<std::string>();
      if (kind == "thinking_delta")
        block["thinking"] = block["thinking"].get<std::string>() + delta["thinking"].get<std::string>();
      if (kind == "signature_delta") block["signature"] = delta["signature"];
      if (kind == "citations_delta") block["citations"].push_back(delta["citation"]);
      if (kind == "compaction_delta")
        for (const auto& [key, value] : delta.items())
          if (key != "type") block[key] = value;
      if (kind == "input_json_delta") {
        inputs[0] += delta["partial_json"].get<std::string>();
        if (const auto whole = Json::parse(inputs[0], nullptr, false); !whole.is_discarded())
          block["input"] = whole;
      }
    } else if (type == "message_delta") {
      message.update(event["delta"]);
      message["usage"].update(event["usage"]);
      if (event["usage"]["output_tokens_details"] == Json{{"thinking_tokens", 0}})
        message["usage"].erase("output_tokens_details");
      // The split of the start no longer adds up to the total of the end.
      if (event["usage"].contains("cache_creation_input_tokens")) message["usage"].erase("cache_creation");
      if (event.contains("context_management")) message["context_management"] = event["context_management"];
    }
  }
  return message;
}

/// The streams of a recording: some hold several, one after the other.
std::vector<Events> streams_of(const std::string& path) {
  std::vector<Events> out(1);
  for (const auto& line : test::lines_of(path)) {
    const auto type = Json::parse(line).value("type", "");
    out.back().emplace_back(type, line);
    if (type == "message_stop") out.emplace_back();
  }
  out.pop_back();
  return out;
}

TEST(Anthropic, GivesRecordedAnswersBackWithEveryField) {
  const auto folder = test::recordings("anthropic");
  if (folder.empty()) GTEST_SKIP() << "no data";
  int read = 0;
  for (const auto& path : test::files_of(folder, ".json")) {
    SCOPED_TRACE(path);
    const auto text = test::file_text(path);
    const auto answer = anthropic_codec().decode_answer(text);
    ASSERT_TRUE(answer) << answer.error().message;
    Losses losses;
    const auto back = anthropic_codec().encode_answer(*answer, losses);
    EXPECT_EQ(test::missing(Json::parse(text), Json::parse(back)), "");
    EXPECT_TRUE(losses.empty());
    ++read;
  }
  EXPECT_GE(read, 30);
}

TEST(Anthropic, GivesRecordedStreamsBackWithEveryField) {
  const auto folder = test::recordings("anthropic");
  if (folder.empty()) GTEST_SKIP() << "no data";
  int read = 0;
  for (const auto& path : test::files_of(folder, ".chunks.txt")) {
    if (path.find("message-start") != std::string::npos) continue;
    SCOPED_TRACE(path);
    for (const auto& events : streams_of(path)) {
      std::vector<StreamEvent> neutral;
      const auto heard = test::hear_stream(anthropic_codec(), events, &neutral);
      ASSERT_FALSE(heard.failure) << heard.failure->message;
      EXPECT_EQ(heard.wrong, "");
      EXPECT_TRUE(heard.ended);
      EXPECT_EQ(heard.finished.size(), 1U);
      Losses losses;
      const auto bytes = test::encode_stream(anthropic_codec(), neutral, losses);
      EXPECT_TRUE(losses.empty());
      EXPECT_EQ(test::missing(accumulated(events), accumulated(test::frames_of(bytes))), "");
      ++read;
    }
  }
  EXPECT_GE(read, 40);
}

TEST(Anthropic, BillsTheFinalTotals) {
  const auto folder = test::recordings("anthropic");
  if (folder.empty()) GTEST_SKIP() << "no data";
  const auto grown = test::hear_stream(
      anthropic_codec(), streams_of(folder + "/anthropic-message-delta-input-tokens.chunks.txt").front());
  EXPECT_EQ(grown.usage.input, 61);
  EXPECT_EQ(grown.usage.output, 2);
  const auto cached = test::hear_stream(
      anthropic_codec(),
      streams_of(folder + "/anthropic-code-execution-20260120-prompt-cache.1.chunks.txt").front());
  EXPECT_EQ(cached.usage.cache_read, 6289);
  EXPECT_EQ(cached.usage.cache_write_5m, 3337);
  EXPECT_EQ(cached.usage.input, 6 + 6289 + 3337);
  EXPECT_EQ(cached.usage.output, 198);
}

TEST(Anthropic, TakesAStartThatComesTwice) {
  const auto folder = test::recordings("anthropic");
  if (folder.empty()) GTEST_SKIP() << "no data";
  const auto twice = test::hear_stream(anthropic_codec(),
                                       streams_of(folder + "/duplicate-message-start.chunks.txt").front());
  EXPECT_EQ(twice.wrong, "");
  EXPECT_EQ(text_of(twice.parts), "Hello, World!");
  // The provider began anew: half a call is never shown, the whole one is.
  const auto spliced =
      test::hear_stream(anthropic_codec(), streams_of(folder + "/spliced-message-start.chunks.txt").front());
  EXPECT_EQ(spliced.wrong, "");
  EXPECT_TRUE(spliced.ended);
  std::vector<std::string> calls;
  for (const auto& part : spliced.parts)
    if (const auto* call = std::get_if<ToolCall>(&part.content)) calls.push_back(call->id + call->arguments);
  EXPECT_EQ(calls, std::vector<std::string>{R"(toolu_second{"value":"Sparkle Day"})"});
}

Result<Json> through(const std::string& body, Losses& losses, EncodeOptions options = {}) {
  auto request = anthropic_codec().decode_request(body, {});
  if (!request) return std::unexpected(request.error());
  options.model = options.model.empty() ? request->model : options.model;
  options.same_model = true;
  auto back = anthropic_codec().encode_request(*request, options, losses);
  if (!back) return std::unexpected(back.error());
  return Json::parse(*back);
}

TEST(Anthropic, GivesAFullRequestBack) {
  const std::string body = R"({
    "model": "claude-opus-4-8", "max_tokens": 4000, "stream": true, "temperature": 1, "top_k": 5,
    "stop_sequences": ["END"], "service_tier": "auto", "metadata": {"user_id": "u1"},
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
    "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}, "new": 1},
    "container": {"id": "c1"}, "unknown_field": {"kept": [1, 2]},
    "tools": [
      {"name": "weather", "description": "d", "input_schema": {"type": "object", "properties": {}}, "strict": true,
       "cache_control": {"type": "ephemeral"}, "defer_loading": true},
      {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
    "messages": [
      {"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
         "cache_control": {"type": "ephemeral"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"}, "title": "t",
         "citations": {"enabled": true}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}]},
      {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        {"type": "text", "text": "I look."},
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}, "caller": {"type": "direct"}},
        {"type": "tool_use", "id": "toolu_2", "name": "weather", "input": {}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [
          {"type": "text", "text": "21"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "CCCC"}}]},
        {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true, "content": [{"type": "text", "text": "broken"}]},
        {"type": "text", "text": "Well?"}]}]})";
  Losses losses;
  const auto back = through(body, losses);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(test::missing(Json::parse(body), *back), "");
  EXPECT_EQ(test::missing(*back, Json::parse(body)), "");
  EXPECT_TRUE(losses.empty()) << losses.front().field;
}

TEST(Anthropic, ReadsWhatClientsSend) {
  const auto request = anthropic_codec().decode_request(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},
          {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"ok"},{"type":"text","text":"go"}]},
          {"role":"assistant","content":"The answer is"}],
          "bastide":{"collections":["c"],"label":"public","quote_only":true}})",
      {});
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->messages.size(), 5U);
  EXPECT_EQ(request->messages[2].role, Role::tool);
  EXPECT_EQ(std::get<ToolResult>(request->messages[2].parts[0].content).name, "f");
  EXPECT_EQ(text_of(request->messages[3].parts), "go");
  EXPECT_TRUE(request->messages[4].prefix);
  ASSERT_TRUE(request->bastide);
  EXPECT_TRUE(request->bastide->quote_only);
}

TEST(Anthropic, NamesTheFieldThatIsWrong) {
  const auto refused = [](const std::string& body) {
    const auto request = anthropic_codec().decode_request(body, {});
    return request ? std::string("taken") : request.error().detail;
  };
  const std::string hello = R"("messages":[{"role":"user","content":"hi"}])";
  EXPECT_EQ(refused(R"({"model":"m",)" + hello + "}"), "invalid_max_tokens");
  EXPECT_EQ(refused(R"({"max_tokens":1,)" + hello + "}"), "invalid_model");
  EXPECT_EQ(refused(R"({"model":"m","max_tokens":1,"messages":[]})"), "invalid_messages");
  EXPECT_EQ(refused(R"({"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]})"),
            "invalid_messages[0].role");
  EXPECT_EQ(refused(R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"text":"x"}]}]})"),
            "invalid_messages[0].content[0].type");
  EXPECT_EQ(refused(R"({"model":"m","max_tokens":1,"temperature":3,)" + hello + "}"), "invalid_temperature");
  EXPECT_EQ(refused(R"({"model":"m","max_tokens":1,"tools":[{"name":"f"}],)" + hello + "}"),
            "invalid_tools[0].input_schema");
  EXPECT_EQ(refused(R"({"model":"m","max_tokens":1,"tool_choice":{"type":"tool"},)" + hello + "}"),
            "invalid_tool_choice.name");
  EXPECT_EQ(refused("[1]"), "not_an_object");
  EXPECT_EQ(refused("{"), "json_malformed");
  EXPECT_EQ(refused(std::string(5000, '[')), "json_malformed");
}

/// A conversation as another dialect gives it.
ChatRequest foreign() {
  ChatRequest request;
  request.from = Dialect::openai;
  request.messages = {{.role = Role::system, .parts = {text_part("Be brief.")}},
                      {.role = Role::user, .parts = {text_part("Weather?")}}};
  return request;
}

TEST(Anthropic, WritesAForeignConversation) {
  auto request = foreign();
  Part call{ToolCall{"call/1", "weather", R"({"city": "Paris"})"}};
  call.signature = "gemini:c2ln";
  request.messages.push_back({.role = Role::assistant, .parts = {text_part(""), call}});
  ToolResult result{"call/1", {}, {text_part("21")}};
  request.messages.push_back({.role = Role::tool, .parts = {Part{result}}});
  request.messages.push_back({.role = Role::user, .parts = {text_part("And?")}});
  request.tools.push_back({.name = "weather", .schema_json = R"({"properties":{"city":{"type":"string"}}})"});
  request.tool_choice.mode = ToolChoice::Mode::required;
  request.sampling.stop = {"\n", "END"};
  request.sampling.seed = 3;
  Losses losses;
  const auto body = anthropic_codec().encode_request(request, {.model = "claude-sonnet-4-5"}, losses);
  ASSERT_TRUE(body) << body.error().message;
  const auto json = Json::parse(*body);
  EXPECT_EQ(json["max_tokens"], 4096);
  EXPECT_EQ(json["system"][0]["text"], "Be brief.");
  ASSERT_EQ(json["messages"].size(), 3U) << "results and words of the user are one message";
  EXPECT_EQ(json["messages"][1]["content"].size(), 1U) << "no empty text";
  EXPECT_EQ(json["messages"][1]["content"][0]["id"], json["messages"][2]["content"][0]["tool_use_id"]);
  EXPECT_EQ(json["messages"][1]["content"][0]["input"]["city"], "Paris");
  EXPECT_EQ(json["messages"][2]["content"][1]["text"], "And?");
  EXPECT_EQ(json["tools"][0]["input_schema"]["type"], "object");
  EXPECT_EQ(json["tool_choice"]["type"], "any");
  EXPECT_EQ(json["stop_sequences"], Json::array({"END"}));
  std::vector<std::string> told;
  for (const auto& loss : losses) told.push_back(loss.field);
  EXPECT_EQ(told, (std::vector<std::string>{"max_tokens", "stop", "seed"}));
  EXPECT_TRUE(refuse_losses(losses));
}

TEST(Anthropic, RefusesWhatItCannotSay) {
  const auto field = [](const std::function<void(ChatRequest&)>& change) {
    auto request = foreign();
    change(request);
    Losses losses;
    EXPECT_TRUE(anthropic_codec().encode_request(request, {}, losses));
    const auto refused = refuse_losses(losses);
    return refused ? std::string("taken") : refused.error().detail;
  };
  EXPECT_EQ(field([](auto& it) { it.sampling.n = 2; }), "field:n");
  EXPECT_EQ(field([](auto& it) { it.sampling.logprobs = true; }), "field:logprobs");
  EXPECT_EQ(field([](auto& it) { it.server_tools.push_back({Dialect::responses, "file_search", "{}"}); }),
            "field:tools");
  EXPECT_EQ(field([](auto& it) {
              it.messages[1].parts.push_back(Part{Media{.kind = Media::Kind::audio, .base64 = "AA"}});
            }),
            "field:messages[1].content[1]");
}

TEST(Anthropic, ReasonsAsTheModelCan) {
  const auto written = [](const std::string& model, const std::function<void(ChatRequest&)>& change) {
    auto request = foreign();
    change(request);
    Losses losses;
    const auto body = anthropic_codec().encode_request(request, {.model = model}, losses);
    return body ? Json::parse(*body) : Json();
  };
  const auto high = [](auto& it) { it.reasoning.effort = "high"; };
  auto json = written("claude-opus-4-8", high);
  EXPECT_EQ(json["thinking"]["type"], "adaptive");
  EXPECT_EQ(json["output_config"]["effort"], "high");
  json = written("claude-sonnet-4-5-20250929", high);
  EXPECT_EQ(json["thinking"]["type"], "enabled");
  EXPECT_LT(json["thinking"]["budget_tokens"], json["max_tokens"]);
  EXPECT_FALSE(written("claude-3-5-haiku-latest", high).contains("thinking"));
  EXPECT_EQ(written("claude-opus-5", [](auto& it) { it.reasoning.effort = "none"; })["thinking"]["type"],
            "disabled");
  // A tool loop that another model began cannot be thought on from the middle.
  json = written("claude-sonnet-4-5", [&](auto& it) {
    high(it);
    it.messages.push_back({.role = Role::assistant, .parts = {Part{ToolCall{"a", "f", "{}"}}}});
    it.messages.push_back({.role = Role::tool, .parts = {Part{ToolResult{"a", {}, {}}}}});
  });
  EXPECT_FALSE(json.contains("thinking"));
}

TEST(Anthropic, WritesStructuredOutputAsItIsTaken) {
  auto request = foreign();
  request.output.kind = OutputFormat::Kind::json_schema;
  request.output.schema_json =
      R"({"type":"object","properties":{"n":{"type":"integer","minimum":1,"description":"count"},
          "list":{"type":"array","items":{"type":"object","properties":{"a":{"oneOf":[{"type":"string"}]}}}}}})";
  Losses losses;
  const auto body = anthropic_codec().encode_request(request, {}, losses);
  ASSERT_TRUE(body);
  const auto schema = Json::parse(*body)["output_config"]["format"]["schema"];
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["list"]["items"]["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["n"]["description"], "count\n\n{minimum: 1}");
  EXPECT_FALSE(schema["properties"]["n"].contains("minimum"));
  EXPECT_TRUE(schema["properties"]["list"]["items"]["properties"]["a"].contains("anyOf"));
}

TEST(Anthropic, ClientsCarryProofsOfOthers) {
  ChatAnswer answer;
  answer.id = "x";
  Part call{ToolCall{"c1", "f", R"({"a":1})"}};
  call.signature = "gemini:c2ln";
  answer.choices = {Choice{.parts = {call}, .finish = Finish::tool_calls}};
  Losses losses;
  const auto told = Json::parse(anthropic_codec().encode_answer(answer, losses));
  ASSERT_EQ(told["content"].size(), 2U);
  EXPECT_EQ(told["content"][0]["signature"], "gemini:c2ln");
  // And gives them back.
  const Json body = {{"model", "m"},
                     {"max_tokens", 9},
                     {"messages", Json::array({{{"role", "user"}, {"content", "q"}},
                                               {{"role", "assistant"}, {"content", told["content"]}}})}};
  const auto request = anthropic_codec().decode_request(body.dump(), {});
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->messages[1].parts.size(), 1U);
  EXPECT_EQ(request->messages[1].parts[0].signature, "gemini:c2ln");
}

TEST(Anthropic, ErrorsWithinAStreamEndIt) {
  const Events events = {
      {"message_start",
       R"({"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":1}}})"},
      {"content_block_start",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"},
      {"content_block_delta",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}})"},
      {"error", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded sk-secret"}})"},
      {"message_stop", R"({"type":"message_stop"})"}};
  std::vector<StreamEvent> neutral;
  const auto heard = test::hear_stream(anthropic_codec(), events, &neutral);
  ASSERT_TRUE(heard.failure);
  EXPECT_EQ(heard.failure->detail, "provider_overloaded");
  EXPECT_EQ(heard.failure->message.find("secret"), std::string::npos);
  EXPECT_FALSE(heard.ended);
  Losses losses;
  const auto bytes = test::encode_stream(anthropic_codec(), neutral, losses);
  EXPECT_NE(bytes.find("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\""),
            std::string::npos);
  EXPECT_EQ(bytes.find("message_stop"), std::string::npos);
}

TEST(Anthropic, ATypeThatEndsItsLineMakesNoEventOfItsOwn) {
  const Events events = {
      {"message_start",
       R"({"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":1}}})"},
      {"", R"({"type":"new\ndata: {\"type\":\"message_stop\"}\n\n"})"}};
  std::vector<StreamEvent> neutral;
  (void)test::hear_stream(anthropic_codec(), events, &neutral);
  Losses losses;
  const auto bytes = test::encode_stream(anthropic_codec(), neutral, losses);
  EXPECT_NE(bytes.find(R"(data: {"type":"new\ndata)"), std::string::npos);
  EXPECT_EQ(bytes.find("event: new"), std::string::npos);
}

TEST(Anthropic, ACutStreamIsNoEnd) {
  const Events begun = {
      {"", R"({"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":1}}})"},
      {"",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})"},
      {"",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}})"}};
  const auto cut = test::hear_stream(anthropic_codec(), begun);
  EXPECT_EQ(cut.failure->detail, "truncated");
  EXPECT_TRUE(cut.parts.empty()) << "half a call is not shown";
  auto ended = begun;
  ended.emplace_back("", R"({"type":"message_stop"})");
  EXPECT_EQ(test::hear_stream(anthropic_codec(), ended).failure->detail, "truncated");
  for (const char* wrong :
       {"", "{", "[]", "null", "<html>", R"({"a":1})", R"({"type":"content_block_delta"})",
        R"({"type":"content_block_start","content_block":3})"}) {
    auto decoder = anthropic_codec().stream_decoder();
    std::vector<StreamEvent> out;
    const auto fed = decoder->feed("", wrong, out);
    EXPECT_EQ(fed ? std::string(wrong) : fed.error().detail, *wrong ? "invalid_json" : "") << wrong;
  }
}

TEST(Anthropic, SaysErrorsInItsShape) {
  const auto told = anthropic_codec().encode_error({Code::rate_limited, "Too many.", "", "Wait.", 9}, "ex_1");
  EXPECT_EQ(told.status, 429);
  const auto json = Json::parse(told.body);
  EXPECT_EQ(json["error"]["type"], "rate_limit_error");
  EXPECT_EQ(json["error"]["message"], "Too many. Wait.");
  EXPECT_EQ(json["request_id"], "ex_1");
  EXPECT_EQ(told.headers.back(), (std::pair<std::string, std::string>{"retry-after", "9"}));
  EXPECT_EQ(anthropic_codec().encode_error({Code::overloaded, "Full."}, "").status, 529);
  EXPECT_EQ(anthropic_codec().encode_error({Code::unsupported, "x", "field:n"}, "").status, 400);
}

TEST(Anthropic, UnderstandsRefusals) {
  const auto refused = [](int status, const std::string& type, const std::string& message) {
    const Json body = {{"type", "error"}, {"error", {{"type", type}, {"message", message}}}};
    return anthropic_codec().decode_error(status, body.dump(), [](std::string_view name) {
      return name == "retry-after" ? std::string_view("12") : std::string_view();
    });
  };
  const auto limited = refused(429, "rate_limit_error", "secret words");
  EXPECT_EQ(limited.code, Code::rate_limited);
  EXPECT_EQ(limited.retry_after_s, 12);
  EXPECT_EQ(limited.message.find("secret"), std::string::npos);
  EXPECT_EQ(refused(529, "overloaded_error", "").detail, "provider_overloaded");
  EXPECT_EQ(refused(401, "authentication_error", "").detail, "provider_key");
  EXPECT_EQ(refused(404, "not_found_error", "model: x").detail, "provider_model");
  const auto large =
      refused(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum");
  EXPECT_EQ(large.detail, "context_too_long");
  EXPECT_NE(large.message.find("210000 tokens; the model reads 200000"), std::string::npos);
  EXPECT_EQ(anthropic_codec().decode_error(502, "<html>", {}).detail, "provider_failed");
}

}  // namespace
}  // namespace bastide::dialects
