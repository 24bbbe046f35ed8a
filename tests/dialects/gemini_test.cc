#include "tests/dialects/recordings.h"

namespace bastide::dialects {
namespace {

using test::Json;
using Events = std::vector<std::pair<std::string, std::string>>;

Events stream_of(const std::string& path) {
  Events out;
  for (auto& line : test::lines_of(path)) out.emplace_back("", std::move(line));
  return out;
}

/// What the chunks of a stream add up to: text, thoughts, proofs, whole calls, end, counts.
Json accumulated(const Events& events) {
  Json out = {{"text", ""}, {"thought", ""}, {"proofs", Json::array()}, {"calls", Json::array()}};
  for (const auto& [name, data] : events) {
    const auto chunk = Json::parse(data);
    if (chunk.contains("usageMetadata") && chunk["usageMetadata"].contains("promptTokenCount"))
      for (const auto* count : {"promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"})
        out[count] = chunk["usageMetadata"].value(count, 0);
    for (const auto& part : chunk["candidates"][0].value("/content/parts"_json_pointer, Json::array())) {
      auto& said = out[part.value("thought", false) ? "thought" : "text"];
      said = said.get<std::string>() + part.value("text", "");
      if (part.contains("thoughtSignature")) out["proofs"].push_back(part["thoughtSignature"]);
      if (part.contains("functionCall") && part["functionCall"].contains("name"))
        out["calls"].push_back(
            {part["functionCall"]["name"], part["functionCall"].value("args", Json::object())});
    }
    if (chunk["candidates"][0].contains("finishReason")) out["end"] = chunk["candidates"][0]["finishReason"];
  }
  return out;
}

TEST(Gemini, GivesRecordedAnswersBackWithEveryField) {
  const auto folder = test::recordings("google");
  if (folder.empty()) GTEST_SKIP() << "no data";
  int read = 0;
  for (const auto& path : test::files_of(folder, ".json")) {
    if (path.find("429") != std::string::npos) continue;
    SCOPED_TRACE(path);
    const auto text = test::file_text(path);
    const auto answer = gemini_codec().decode_answer(text);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->usage->output, Json::parse(text)["usageMetadata"]["candidatesTokenCount"].get<int>() +
                                         Json::parse(text)["usageMetadata"]["thoughtsTokenCount"].get<int>());
    Losses losses;
    const auto back = gemini_codec().encode_answer(*answer, losses);
    EXPECT_EQ(test::missing(Json::parse(text), Json::parse(back)), "");
    EXPECT_TRUE(losses.empty());
    ++read;
  }
  EXPECT_GE(read, 5);
}

TEST(Gemini, GivesRecordedStreamsBack) {
  const auto folder = test::recordings("google");
  if (folder.empty()) GTEST_SKIP() << "no data";
  int read = 0;
  for (const auto& path : test::files_of(folder, ".chunks.txt")) {
    SCOPED_TRACE(path);
    std::vector<StreamEvent> neutral;
    const auto events = stream_of(path);
    const auto heard = test::hear_stream(gemini_codec(), events, &neutral);
    ASSERT_FALSE(heard.failure) << heard.failure->message;
    EXPECT_EQ(heard.wrong, "");
    EXPECT_TRUE(heard.ended);
    Losses losses;
    auto wanted = accumulated(events);
    auto given = accumulated(test::frames_of(test::encode_stream(gemini_codec(), neutral, losses)));
    for (const auto& call : given["calls"]) EXPECT_TRUE(call[1].is_object());
    // Arguments that came in pieces are whole now: compared below.
    if (path.find("stream-") != std::string::npos)
      for (auto* each : {&wanted, &given})
        for (auto& call : (*each)["calls"]) call[1] = Json::object();
    EXPECT_EQ(wanted, given);
    EXPECT_TRUE(losses.empty());
    for (const auto& part : heard.parts)
      if (std::holds_alternative<ToolCall>(part.content))
        EXPECT_EQ(heard.finished.back().finish, Finish::tool_calls);
    ++read;
  }
  EXPECT_GE(read, 8);
}

TEST(Gemini, PutsArgumentsTogetherThatComeInPieces) {
  const auto folder = test::recordings("google");
  if (folder.empty()) GTEST_SKIP() << "no data";
  const auto calls = [&](const std::string& name) {
    Json out = Json::array();
    for (const auto& part : test::hear_stream(gemini_codec(), stream_of(folder + "/" + name)).parts)
      if (const auto* call = std::get_if<ToolCall>(&part.content))
        out.push_back({call->name, call->arguments.empty() ? Json() : Json::parse(call->arguments)});
    return out;
  };
  EXPECT_EQ(
      calls("google-stream-no-args-tool-call.chunks.txt"),
      Json::parse(
          R"([["read_theme",null],["read_screen",{"id":"A"}],["read_screen",{"id":"B"}],["read_screen",{"id":"C"}]])"));
  EXPECT_EQ(calls("google-stream-tool-call-array-arguments-missing-terminal-function-call.chunks.txt"),
            Json::parse(R"([["writeItems",
    {"operations":[{"action":"add","description":"Fresh red apple","itemid":"apple_001","price":0.5},
                   {"action":"add","description":"Ripe yellow banana","itemid":"banana_001","price":0.3}]}]])"));
  const auto recipe = calls("google-vertex-stream-tool-call-arguments-nested.1.chunks.txt")[0][1]["recipe"];
  EXPECT_EQ(recipe["ingredients"].size(), 10U);
  EXPECT_EQ(recipe["steps"][1], "Cook lasagna noodles according to package directions, drain and set aside.");
}

TEST(Gemini, MakesStableIds) {
  const std::string answer = R"({"responseId":"r","candidates":[{"content":{"parts":[
    {"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"f"}},{"functionCall":{"name":"g","id":"own"}}]}}]})";
  const auto ids = [](const ChatAnswer& from) {
    std::vector<std::string> out;
    for (const auto& part : from.choices[0].parts) out.push_back(std::get<ToolCall>(part.content).id);
    return out;
  };
  const auto first = ids(*gemini_codec().decode_answer(answer));
  EXPECT_EQ(first, ids(*gemini_codec().decode_answer(answer)));
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(first[2], "own");
}

Result<Json> through(const std::string& body, Losses& losses) {
  auto request = gemini_codec().decode_request(body, {.model = "gemini-3-pro", .stream = true});
  if (!request) return std::unexpected(request.error());
  auto back = gemini_codec().encode_request(*request, {.model = "gemini-3-pro", .same_model = true}, losses);
  if (!back) return std::unexpected(back.error());
  return Json::parse(*back);
}

TEST(Gemini, GivesAFullRequestBack) {
  const std::string body = R"({
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
      {"role": "user", "parts": [{"text": "What?"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/v.mp4"}, "videoMetadata": {"fps": 2}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc"}}]},
      {"role": "model", "parts": [{"text": "hm", "thought": true}, {"text": "I look.", "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2lnMg=="},
        {"executableCode": {"language": "PYTHON", "code": "1"}}]},
      {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": {"x": [1]}}}}]}],
    "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}}]},
              {"googleSearch": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "generationConfig": {"temperature": 1.5, "topP": 0.5, "topK": 4, "maxOutputTokens": 50, "candidateCount": 2, "seed": 7,
      "stopSequences": ["END"], "presencePenalty": 1, "frequencyPenalty": -1, "responseLogprobs": true, "logprobs": 3,
      "responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}, "mediaResolution": "MEDIA_RESOLUTION_LOW",
      "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "low"}},
    "cachedContent": "cachedContents/1", "labels": {"a": "b"}})";
  Losses losses;
  const auto back = through(body, losses);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(test::missing(Json::parse(body), *back), "");
  EXPECT_EQ(test::missing(*back, Json::parse(body)), "");
  EXPECT_TRUE(losses.empty()) << losses.front().field;
}

TEST(Gemini, ReadsEitherSpellingAndGooglesOwnSchemas) {
  const auto request =
      gemini_codec().decode_request(R"({"system_instruction":"S","contents":[{"parts":[{"inline_data":
    {"mime_type":"audio/wav","data":"AA=="}}]},{"role":"model","parts":[{"function_call":{"name":"f"}},{"functionCall":{"name":"f"}}]},
    {"parts":[{"functionResponse":{"name":"f","response":{"output":"one"}}},{"functionResponse":{"name":"f","response":{"error":"two"}}},
    {"text":"go"}]}],"generation_config":{"max_output_tokens":5},"tools":[{"function_declarations":[{"name":"f",
    "parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}}}}]}],
    "tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f"]}}})",
                                    {.model = "m"});
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->messages.size(), 5U);
  EXPECT_EQ(std::get<Media>(request->messages[1].parts[0].content).kind, Media::Kind::audio);
  const auto id = [&](int message, int part) -> std::string {
    const auto& content = request->messages[message].parts[part].content;
    if (const auto* call = std::get_if<ToolCall>(&content)) return call->id;
    return std::get<ToolResult>(content).call_id;
  };
  EXPECT_EQ(id(2, 0), id(3, 0));
  EXPECT_EQ(id(2, 1), id(3, 1));
  EXPECT_NE(id(2, 0), id(2, 1));
  EXPECT_EQ(text_of(std::get<ToolResult>(request->messages[3].parts[0].content).parts), "one");
  EXPECT_TRUE(std::get<ToolResult>(request->messages[3].parts[1].content).is_error);
  EXPECT_EQ(request->sampling.max_tokens, 5);
  EXPECT_EQ(Json::parse(request->tools[0].schema_json),
            Json::parse(R"({"type":"object","properties":{"a":{"type":["string","null"]}}})"));
  EXPECT_EQ(request->tool_choice.mode, ToolChoice::Mode::named);
}

TEST(Gemini, WritesAForeignConversation) {
  ChatRequest request;
  request.from = Dialect::anthropic;
  Part mine{ToolCall{"c1", "f", R"({"a":1})"}};
  mine.signature = "gemini:c2ln";
  Part thought{Reasoning{"hm"}};
  thought.signature = "anthropic:c2ln";
  request.messages = {{.role = Role::system, .parts = {text_part("S")}},
                      {.role = Role::user, .parts = {text_part("q")}},
                      {.role = Role::assistant, .parts = {thought, mine, Part{ToolCall{"c2", "g", ""}}}},
                      {.role = Role::tool, .parts = {Part{ToolResult{"c1", {}, {text_part("21")}}}}},
                      {.role = Role::tool, .parts = {Part{ToolResult{"c2", {}, {text_part("no")}, true}}}},
                      {.role = Role::assistant, .parts = {Part{ToolCall{"c3", "f", "{}"}}}},
                      {.role = Role::tool, .parts = {Part{ToolResult{"c3", {}, {text_part("22")}}}}}};
  request.tools.push_back({.name = "f", .schema_json = R"({"type":"object","additionalProperties":false})"});
  request.reasoning.effort = "high";
  const auto written = [&](const std::string& model) {
    Losses losses;
    const auto body = gemini_codec().encode_request(request, {.model = model, .same_model = true}, losses);
    EXPECT_TRUE(body && refuse_losses(losses));
    return Json::parse(*body);
  };
  auto json = written("gemini-3-pro");
  EXPECT_EQ(json["systemInstruction"]["parts"][0]["text"], "S");
  ASSERT_EQ(json["contents"].size(), 5U) << "results of one step are one content";
  EXPECT_EQ(json["contents"][1]["parts"].size(), 2U) << "thoughts of others are left out";
  EXPECT_EQ(json["contents"][1]["parts"][0]["thoughtSignature"], "c2ln");
  EXPECT_FALSE(json["contents"][1]["parts"][1].contains("thoughtSignature"));
  EXPECT_EQ(json["contents"][2]["parts"][1]["functionResponse"]["name"], "g");
  EXPECT_EQ(json["contents"][2]["parts"][1]["functionResponse"]["response"]["error"], "no");
  EXPECT_EQ(json["contents"][3]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator");
  EXPECT_EQ(json["generationConfig"]["thinkingConfig"]["thinkingLevel"], "high");
  json = written("gemini-2.5-flash");
  EXPECT_FALSE(json["contents"][3]["parts"][0].contains("thoughtSignature"));
  EXPECT_GT(json["generationConfig"]["thinkingConfig"]["thinkingBudget"], 1000);
}

TEST(Gemini, ClientsCarryProofsOfOthersAsBase64) {
  ChatAnswer answer;
  Part thought{Reasoning{"hm"}};
  thought.signature = "anthropic:c2ln";
  answer.choices = {Choice{.parts = {thought}}};
  Losses losses;
  const auto told = Json::parse(gemini_codec().encode_answer(answer, losses))["candidates"][0]["content"];
  const auto proof = told["parts"][0]["thoughtSignature"].get<std::string>();
  EXPECT_EQ(proof.find(':'), std::string::npos);
  const auto request =
      gemini_codec().decode_request(Json{{"contents", Json::array({told})}}.dump(), {.model = "m"});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->messages[0].parts[0].signature, "anthropic:c2ln");
}

TEST(Gemini, APingIsNoComment) {
  Losses losses;
  EXPECT_EQ(test::encode_stream(gemini_codec(), {Start{"r", "m"}, Ping{}}, losses), "\n")
      << "google-genai reads a line that begins with a colon as JSON";
}

TEST(Gemini, StreamsOneListToo) {
  Losses losses;
  const std::vector<StreamEvent> events = {Start{"r", "m"},   PartStart{0, 0, Part{Text{}}},
                                           TextDelta{0, "a"}, Ping{},
                                           TextDelta{0, "b"}, PartEnd{},
                                           Finished{},        End{}};
  const auto list = Json::parse(test::encode_stream(gemini_list_codec(), events, losses));
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[1]["candidates"][0]["content"]["parts"][0]["text"], "b");
  EXPECT_EQ(list[2]["candidates"][0]["finishReason"], "STOP");
  const std::vector<StreamEvent> failed = {Start{"r", "m"}, Failure{{Code::upstream, "x"}}};
  EXPECT_TRUE(Json::parse(test::encode_stream(gemini_list_codec(), failed, losses))[0].contains("error"));
}

TEST(Gemini, RefusesAndTellsWhatItCannotSay) {
  ChatRequest request;
  request.messages = {{.role = Role::user, .parts = {text_part("q")}}};
  request.sampling.logit_bias = {{"1", 2.0}};
  request.user = "u";
  Losses losses;
  ASSERT_TRUE(gemini_codec().encode_request(request, {}, losses));
  EXPECT_EQ(refuse_losses(losses).error().detail, "field:logit_bias");
  EXPECT_NE(warning_of(losses).find("user: "), std::string::npos);
}

TEST(Gemini, NamesTheFieldThatIsWrong) {
  const auto refused = [](const std::string& body) {
    const auto request = gemini_codec().decode_request(body, {.model = "m"});
    return request ? std::string("taken") : request.error().detail;
  };
  EXPECT_EQ(refused("{}"), "invalid_contents");
  EXPECT_EQ(refused(R"({"contents":[{"role":"x","parts":[]}]})"), "invalid_contents[0].role");
  EXPECT_EQ(refused(R"({"contents":[{"parts":[{}]}]})"), "invalid_contents[0].parts[0]");
  EXPECT_EQ(refused(R"({"contents":[{"parts":[{"text":3}]}]})"), "invalid_contents[0].parts[0].text");
  EXPECT_EQ(refused(R"({"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"temperature":9}})"),
            "invalid_generationConfig.temperature");
}

TEST(Gemini, UnderstandsAndSaysErrors) {
  const auto folder = test::recordings("google");
  if (!folder.empty()) {
    const auto text = test::file_text(folder + "/google-429-retry-info.json");
    const auto limited = gemini_codec().decode_error(429, text, {});
    EXPECT_EQ(limited.code, Code::rate_limited);
    EXPECT_EQ(limited.retry_after_s, 35);
    EXPECT_EQ(gemini_codec().decode_error(429, "[" + text + "]\n", {}).retry_after_s, 35);
  }
  const auto key = gemini_codec().decode_error(
      400,
      R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}})",
      {});
  EXPECT_EQ(key.detail, "provider_key");
  const auto told = gemini_codec().encode_error({Code::rate_limited, "Many.", "", "", 3}, "ex");
  EXPECT_EQ(told.status, 429);
  EXPECT_EQ(Json::parse(told.body)["error"]["status"], "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Json::parse(told.body)["error"]["details"][0]["retryDelay"], "3s");
  EXPECT_EQ(gemini_codec().encode_error({Code::unsupported, "x", "field:n"}, "").status, 400);
}

TEST(Gemini, ACutOrFailedStreamIsNoEnd) {
  const Events begun = {{"", R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})"}};
  EXPECT_EQ(test::hear_stream(gemini_codec(), begun).failure->detail, "truncated");
  auto failed = begun;
  failed.emplace_back("", R"({"error":{"code":503,"message":"secret","status":"UNAVAILABLE"}})");
  const auto heard = test::hear_stream(gemini_codec(), failed);
  EXPECT_EQ(heard.failure->detail, "provider_overloaded");
  const auto blocked =
      test::hear_stream(gemini_codec(), {{"", R"({"promptFeedback":{"blockReason":"SAFETY"}})"}});
  EXPECT_TRUE(blocked.ended);
  EXPECT_EQ(blocked.finished.front().finish, Finish::filter);
  for (
      const char* wrong :
      {"{", "[]", "<html>", R"({"a":1})", R"({"candidates":[3]})",
       R"({"candidates":[{"index":99,"content":{"parts":[{"text":"a"}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true,"partialArgs":[{"jsonPath":"$.a[5]"}]}}]}}]})"}) {
    auto decoder = gemini_codec().stream_decoder();
    std::vector<StreamEvent> out;
    const auto fed = decoder->feed("", wrong, out);
    EXPECT_EQ(fed ? std::string("taken") : fed.error().detail, "invalid_json") << wrong;
  }
}

}  // namespace
}  // namespace bastide::dialects
