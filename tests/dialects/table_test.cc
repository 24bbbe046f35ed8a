// docs/dialects.md: what becomes of each feature between each two dialects. Computed from the codecs; nothing
// may disappear without being told.
#include <gtest/gtest.h>

#include "tests/dialects/answer_table.h"
#include "tests/dialects/door_table.h"
#include "tests/dialects/wire.h"

namespace bastide::dialects {
namespace {

using namespace testing;

const std::vector<const Codec*>& codecs() {
  static const std::vector<const Codec*> all{&openai_codec(), &responses_codec(), &anthropic_codec(),
                                             &gemini_codec(), &mistral_codec()};
  return all;
}

struct Feature {
  std::string name;
  std::function<void(ChatRequest&)> add;
  std::vector<std::string> marks;  // one of them stands in every body that says it
};

Part media(Media::Kind kind, Media given) {
  given.kind = kind;
  return Part{std::move(given)};
}
void ask(ChatRequest& request, Part part) { request.messages.back().parts.push_back(std::move(part)); }

void use_tool(ChatRequest& request, std::vector<Part> result, bool is_error) {
  Message call{Role::assistant};
  call.parts.push_back(Part{ToolCall{"call_abc123", "look", R"({"at":"MARK"})"}});
  ToolResult given;
  given.call_id = "call_abc123";
  given.name = "look";
  given.parts = std::move(result);
  given.is_error = is_error;
  request.messages.push_back(std::move(call));
  request.messages.push_back(Message{Role::tool, {Part{std::move(given)}}});
  request.tools.push_back({"look", "Looks.", R"({"type":"object","properties":{"at":{"type":"string"}}})"});
}

void with_tool(ChatRequest& request) {
  request.tools.push_back({"MARK", "Looks.", R"({"type":"object","properties":{}})"});
}

std::vector<Feature> features() {
  using Kind = Media::Kind;
  return {
      {"system prompt",
       [](auto& r) { r.messages.insert(r.messages.begin(), text_message(Role::system, "MARK")); },
       {"MARK"}},
      {"developer prompt",
       [](auto& r) { r.messages.insert(r.messages.begin(), text_message(Role::developer, "MARK")); },
       {"MARK"}},
      {"image by address",
       [](auto& r) { ask(r, media(Kind::image, {.url = "https://example.org/MARK.png"})); },
       {"MARK"}},
      {"image by content",
       [](auto& r) { ask(r, media(Kind::image, {.base64 = "TUFSSw==", .media_type = "image/png"})); },
       {"TUFSSw=="}},
      {"sound by content",
       [](auto& r) { ask(r, media(Kind::audio, {.base64 = "TUFSSw==", .media_type = "audio/wav"})); },
       {"TUFSSw=="}},
      {"file by content",
       [](auto& r) {
         ask(r, media(Kind::file, {.base64 = "TUFSSw==", .media_type = "application/pdf", .name = "a.pdf"}));
       },
       {"TUFSSw=="}},
      {"file by address",
       [](auto& r) {
         ask(r, media(Kind::file, {.url = "https://example.org/MARK.pdf", .media_type = "application/pdf"}));
       },
       {"MARK"}},
      {"file by id", [](auto& r) { ask(r, media(Kind::file, {.file_id = "file_MARK"})); }, {"MARK"}},
      {"document as text",
       [](auto& r) { ask(r, media(Kind::file, {.text = "MARK", .media_type = "text/plain"})); },
       {"MARK", "TUFSSw=="}},
      {"tools", with_tool, {"MARK"}},
      {"strict schema of a tool",
       [](auto& r) {
         with_tool(r);
         r.tools[0].strict = true;
       },
       {"\"strict\":true"}},
      {"custom tool",
       [](auto& r) { r.tools.push_back({"MARK", "Writes.", "", {}, ToolCall::Kind::custom}); },
       {"MARK"}},
      {"tool of the provider",
       [](auto& r) {
         r.server_tools.push_back({r.from, "web_search", R"({"type":"web_search","name":"MARK"})"});
       },
       {"MARK"}},
      {"a tool must be used",
       [](auto& r) {
         with_tool(r);
         r.tool_choice.mode = ToolChoice::Mode::required;
       },
       {"\"required\"", "\"any\"", "\"ANY\""}},
      {"this tool must be used",
       [](auto& r) {
         with_tool(r);
         r.tool_choice = {ToolChoice::Mode::named, {"MARK"}};
       },
       {"tool_choice", "toolConfig"}},
      {"one tool at a time",
       [](auto& r) {
         with_tool(r);
         r.tool_choice.mode = ToolChoice::Mode::automatic;
         r.tool_choice.parallel = false;
       },
       {"\"parallel_tool_calls\":false", "\"disable_parallel_tool_use\":true"}},
      {"tool call and its result", [](auto& r) { use_tool(r, {text_part("done")}, false); }, {"MARK"}},
      {"image in a tool's result",
       [](auto& r) {
         use_tool(r,
                  {text_part("done"), media(Kind::image, {.base64 = "SU1BR0U=", .media_type = "image/png"})},
                  false);
       },
       {"SU1BR0U="}},
      {"a tool that failed",
       [](auto& r) { use_tool(r, {text_part("no")}, true); },
       {"\"is_error\":true", "\"error\""}},
      {"JSON schema of the answer",
       [](auto& r) {
         r.output = {OutputFormat::Kind::json_schema, "answer", "",
                     R"({"type":"object","properties":{"MARK":{"type":"string"}}})"};
       },
       {"MARK"}},
      {"any JSON object",
       [](auto& r) { r.output.kind = OutputFormat::Kind::json_object; },
       {"json_object", "application/json"}},
      {"effort of reasoning",
       [](auto& r) { r.reasoning.effort = "high"; },
       {"\"high\"", "\"HIGH\"", "budget"}},
      {"budget of reasoning",
       [](auto& r) {
         r.reasoning.mode = ReasoningOptions::Mode::on;
         r.reasoning.budget_tokens = 5000;
         r.sampling.max_tokens = 9000;
       },
       {"5000"}},
      {"summary of reasoning",
       [](auto& r) {
         r.reasoning.effort = "high";
         r.reasoning.summary = "detailed";
       },
       {"detailed", "summarized", "\"includeThoughts\":true"}},
      {"max tokens", [](auto& r) { r.sampling.max_tokens = 777; }, {"777"}},
      {"temperature", [](auto& r) { r.sampling.temperature = 0.25; }, {"0.25"}},
      {"top_p", [](auto& r) { r.sampling.top_p = 0.375; }, {"0.375"}},
      {"top_k", [](auto& r) { r.sampling.top_k = 33; }, {"33"}},
      {"seed", [](auto& r) { r.sampling.seed = 4242; }, {"4242"}},
      {"stop words", [](auto& r) { r.sampling.stop = {"MARK"}; }, {"MARK"}},
      {"penalties", [](auto& r) { r.sampling.frequency_penalty = 0.125; }, {"0.125"}},
      {"bias of tokens", [](auto& r) { r.sampling.logit_bias = {{"50256", -7}}; }, {"50256"}},
      {"log-probabilities",
       [](auto& r) {
         r.sampling.logprobs = true;
         r.sampling.top_logprobs = 3;
       },
       {"top_logprobs", "\"logprobs\":3"}},
      {"several answers", [](auto& r) { r.sampling.n = 2; }, {"\"n\":2", "\"candidateCount\":2"}},
      {"begun answer to go on with",
       [](auto& r) {
         r.messages.push_back(text_message(Role::assistant, "MARK"));
         r.messages.back().prefix = true;
       },
       {"MARK"}},
      {"marker for the prompt cache",
       [](auto& r) { r.messages.back().parts.back().cache = CacheMarker{}; },
       {"cache_control"}},
      {"key of the prompt cache", [](auto& r) { r.prompt_cache_key = "MARK"; }, {"MARK"}},
      {"caller's word for the person", [](auto& r) { r.user = "MARK"; }, {"MARK"}},
      {"metadata", [](auto& r) { r.metadata = {{"k", "MARK"}}; }, {"MARK"}},
      {"service tier", [](auto& r) { r.service_tier = "MARK"; }, {"MARK"}},
      {"safety settings",
       [](auto& r) { r.safety_settings_json = R"([{"category":"MARK","threshold":"BLOCK_NONE"}])"; },
       {"MARK"}},
      {"field that nobody knows",
       [](auto& r) { r.others.push_back({r.from, "newThing", "\"MARK\""}); },
       {"MARK"}},
  };
}

bool says(const std::string& body, const Feature& feature) {
  return std::ranges::any_of(feature.marks, [&](const auto& mark) { return body.contains(mark); });
}

EncodeOptions options() {
  EncodeOptions out;
  out.model = "m";
  return out;
}

/// "" when `in` cannot say it.
std::string fate(const Feature& feature, const Codec& in, const Codec& out) {
  ChatRequest request;
  request.from = in.dialect();
  request.model = "m";
  request.messages.push_back(text_message(Role::user, "Hello"));
  request.sampling.max_tokens = 9000;  // Anthropic demands one
  feature.add(request);
  Losses losses;
  const auto native = in.encode_request(request, options(), losses);
  if (!native || !refuse_losses(losses) || !says(*native, feature)) return "";
  const auto read = in.decode_request(*native, {"m", false});
  EXPECT_TRUE(read) << feature.name << " in " << dialect_name(in.dialect()) << ": " << read.error().message;
  if (!read) return "";
  losses.clear();
  const auto written = out.encode_request(*read, options(), losses);
  EXPECT_TRUE(written) << feature.name;
  if (!written || !refuse_losses(losses)) return "refused";
  if (says(*written, feature) && losses.empty()) return &in == &out ? "native" : "translated";
  EXPECT_FALSE(losses.empty()) << "\"" << feature.name << "\" disappears from " << dialect_name(in.dialect())
                               << " to " << dialect_name(out.dialect()) << ": " << *written;
  return "told";
}

/// A table of what becomes of `features` from `in` to each dialect.
template <class Features>
void section(const std::string& title, const Features& features, const Codec& in, std::string& out) {
  out += "\n## " + title + "\n\n| feature |";
  for (const auto* to : codecs()) out += " " + std::string(dialect_name(to->dialect())) + " |";
  out += "\n|---|";
  for (std::size_t i = 0; i < codecs().size(); ++i) out += "---|";
  out += "\n";
  for (const auto& feature : features) {
    if (fate(feature, in, in).empty()) continue;
    out += "| " + feature.name + " |";
    for (const auto* to : codecs()) out += " " + fate(feature, in, *to) + " |";
    out += "\n";
  }
}

std::string table() {
  std::string out =
      "# Dialects\n\n"
      "What becomes of each feature of a chat call on its way from the caller's dialect (a section each) to "
      "the model's (a "
      "column each). Computed from the codecs by\n[table_test.cc](../tests/dialects/table_test.cc), which "
      "fails when this file "
      "is not what it computes; `BASTIDE_WRITE_DOCS=1 "
      "build/dev/src/dialects/dialects_test\n--gtest_filter='Table*'` writes "
      "it anew.\n\n"
      "- **native**: the same dialect, the same words\n"
      "- **translated**: said in the other dialect's words\n"
      "- **told**: left out or said in a weaker way, and named in the header `x-bastide-warning`\n"
      "- **refused**: the answer would mean something else; 400 names the field\n"
      "- a feature that the caller's dialect cannot say has no row\n"
      "- several answers are as many calls side by side, each governed by itself, wherever bytes do not "
      "pass: "
      "also where the\n  model's dialect has no word for them\n";
  for (const auto* in : codecs())
    section("Calls from " + std::string(dialect_name(in->dialect())), features(), *in, out);
  out +=
      "\n# Answers\n\nThe other way: from the model's dialect (a section each) to the caller's (a column "
      "each), whole and in a\nstream, where what is told comes too late for a header.\n";
  for (const auto* in : codecs())
    if (in->dialect() != Dialect::responses)  // no provider is called in it
      section("Answers from " + std::string(dialect_name(in->dialect())), answer_features(), *in, out);
  return out + door_tables();
}

TEST(Table, StandsInTheDocumentation) {
  const std::string path = BASTIDE_SOURCE_DIR "/docs/dialects.md";
  const auto computed = table();
  if (std::getenv("BASTIDE_WRITE_DOCS") != nullptr) std::ofstream(path) << computed;
  EXPECT_EQ(contents(path), computed)
      << "Write it anew: BASTIDE_WRITE_DOCS=1 build/dev/src/dialects/dialects_test "
         "--gtest_filter='Table*'";
}

TEST(Table, DoorsSayInTheirOwnDialectWhatTheyHear) {
  for (const auto& features : {embedding_features(), other_door_features()})
    for (const auto& feature : features) EXPECT_EQ(fate_of(feature, feature.from), "native") << feature.name;
}

TEST(Table, WhatADialectSaysItSaysToItself) {
  for (const auto* codec : codecs())
    for (const auto& feature : features()) {
      const auto own = fate(feature, *codec, *codec);
      EXPECT_TRUE(own.empty() || own == "native")
          << feature.name << " " << dialect_name(codec->dialect()) << ": " << own;
    }
}

}  // namespace
}  // namespace bastide::dialects
