// What models of each family write, as text, reasoning and calls of tools: piece by piece, as tokens come.
// The outputs are those that the families' templates ask for.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "models/local/llama_impl.h"
#include "models/local/llama_template.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::local {
namespace {

using nlohmann::json;

constexpr const char* hermes = "NousResearch-Hermes-3-Llama-3.1-8B-tool_use";
constexpr const char* qwen25 = "Qwen-Qwen2.5-7B-Instruct";
constexpr const char* qwen3 = "Qwen-Qwen3-0.6B";
constexpr const char* llama31 = "meta-llama-Llama-3.1-8B-Instruct";
constexpr const char* llama33 = "meta-llama-Llama-3.3-70B-Instruct";
constexpr const char* mistral_nemo = "mistralai-Mistral-Nemo-Instruct-2407";
constexpr const char* mistral_small = "Mistral-Small-3.2-24B-Instruct-2506";
constexpr const char* ministral3 = "mistralai-Ministral-3-14B-Reasoning-2512";
constexpr const char* gemma2 = "google-gemma-2-2b-it";
constexpr const char* gemma4 = "google-gemma-4-31B-it";
constexpr const char* gpt_oss = "openai-gpt-oss-120b";

const char* const question = R"("messages":[{"role":"user","content":"Weather?"}])";
const char* const tools = R"("tools":[
  {"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":
    {"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}}},
  {"type":"function","function":{"name":"get_weather_map","parameters":{"type":"object","properties":{}}}},
  {"type":"function","function":{"name":"search","parameters":{"type":"object","properties":
    {"query":{"type":"string"}},"required":["query"]}}}])";

std::string asking(const std::string& more = {}) {
  return std::string("{") + question + (more.empty() ? "" : "," + more) + "}";
}
std::string with_tools(const std::string& more = {}) {
  return asking(tools + (more.empty() ? "" : "," + more));
}

std::string source_of(const std::string& file) {
  return test::read_file(BASTIDE_TEMPLATES "/" + file + ".jinja");
}

const Templates& templates_of(const std::string& file) {
  static std::map<std::string, Templates> made;
  auto& out = made[file];
  if (!out.prompts) out = read_templates(common_chat_templates_init(nullptr, source_of(file), "<s>", "</s>"));
  return out;
}

Rendered rendered(const std::string& file, const std::string& body) {
  silence_llama();
  const auto choice = read_tool_choice(json::parse(body));
  EXPECT_TRUE(choice) << choice.error().message;
  const auto& templates = templates_of(file);
  const auto sampling = read_sampling(nlohmann::ordered_json::parse(body), templates.arguments);
  EXPECT_TRUE(sampling) << sampling.error().message;
  return render(templates, common_json::parse(body), *sampling, *choice);
}

struct Call {
  std::string name, arguments, id;
};

/// What a client put together.
struct Answer {
  std::string text, reasoning;
  std::vector<Call> calls;

  void add(const Delta& delta) {
    text += delta.text;
    reasoning += delta.reasoning;
    EXPECT_EQ(to_valid_utf8(delta.text), delta.text);
    if (delta.tool_calls.empty()) return;
    for (const auto& each : json::parse(delta.tool_calls)) {
      const auto index = each.at("index").get<std::size_t>();
      const auto& function = each.at("function");
      if (index == calls.size()) {
        EXPECT_EQ(each.at("type"), "function");
        calls.push_back({function.at("name"), "", each.at("id")});
      } else {
        EXPECT_FALSE(function.contains("name")) << "told once";
      }
      ASSERT_LT(index, calls.size());
      calls[index].arguments += function.at("arguments").get<std::string>();
    }
  }
};

/// In pieces of `size` bytes, whole characters of course, each parsed at once.
Answer parsed(const Rendered& how, const std::string& output, std::size_t size = 1,
              Ending ending = Ending::whole) {
  if (how.format.parsers.empty()) return {output, {}, {}};  // as it is
  Steady::time_point now{};
  ParsingTime time;
  time.now = [&] { return now += std::chrono::seconds(1); };
  AnswerParser parser(how.format, time);
  TextGate gate(how.chat.additional_stops);
  Answer out;
  for (std::size_t at = 0; at < output.size(); at += size)
    out.add(parser.feed(gate.feed(output.substr(at, size)), AnswerParser::Piece::text));
  out.add(parser.finish(gate.finish(), ending));
  EXPECT_EQ(parser.called_tools(), !out.calls.empty());
  return out;
}

struct Expected {
  std::string text, reasoning;
  std::vector<std::pair<std::string, json>> calls;
};

struct Output {
  const char* name;
  const char* file;
  std::string body;
  std::string output;
  Expected expected;
};

const json nimes{{"city", "Nîmes"}};
const json two_days{{"city", "Nîmes"}, {"days", 2}};
const json nothing = json::object();

const std::vector<Output> outputs{
    {"HermesText", hermes, with_tools(), "Il fait beau < 30°.", {"Il fait beau < 30°.", "", {}}},
    {"HermesCall",
     hermes,
     with_tools(),
     "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Nîmes\"}}\n</tool_call>",
     {"", "", {{"get_weather", nimes}}}},
    {"HermesTextAndCalls",
     hermes,
     with_tools(),
     "I look.<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Nîmes\", \"days\": "
     "2}}\n</tool_call>\n<tool_call>\n{\"name\": \"get_weather_map\", \"arguments\": {}}\n</tool_call>",
     {"I look.", "", {{"get_weather", two_days}, {"get_weather_map", nothing}}}},
    {"HermesNoTools", hermes, asking(), "<tool_call> is a mark.", {"<tool_call> is a mark.", "", {}}},
    {"Qwen25Calls",
     qwen25,
     with_tools(),
     "<tool_call>\n{\"name\": \"search\", \"arguments\": {\"query\": \"a \\\"b\\\"\"}}\n</tool_call>\n"
     "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Nîmes\"}}\n</tool_call>",
     {"", "", {{"search", {{"query", "a \"b\""}}}, {"get_weather", nimes}}}},
    {"Qwen3Text",
     qwen3,
     asking(),
     "<think>\nA sum.\nEasy.\n</think>\n\nFour.",
     {"Four.", "A sum.\nEasy.", {}}},
    {"Qwen3NoThoughts", qwen3, asking(R"("reasoning_effort":"none")"), "Four.", {"Four.", "", {}}},
    {"Qwen3Call",
     qwen3,
     with_tools(),
     "<think>\nI must look.\n</think>\n\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": "
     "\"Nîmes\"}}\n</tool_call>",
     {"", "I must look.", {{"get_weather", nimes}}}},
    {"Llama31Text", llama31, with_tools(), "It is warm.", {"It is warm.", "", {}}},
    {"Llama31Call",
     llama31,
     with_tools(),
     R"({"name": "get_weather", "parameters": {"city": "Nîmes"}})",
     {"", "", {{"get_weather", nimes}}}},
    {"Llama33Call",
     llama33,
     with_tools(),
     R"({"name": "get_weather", "parameters": {"city": "Nîmes", "days": 2}})",
     {"", "", {{"get_weather", two_days}}}},
    {"Llama31Braces",
     llama31,
     with_tools(),
     "Write `int main() { return 0; }` and run it.",
     {"Write `int main() { return 0; }` and run it.", "", {}}},
    {"Llama31UnknownTool",
     llama31,
     with_tools(),
     R"({"name": "shell", "parameters": {"run": "ls"}})",
     {R"({"name": "shell", "parameters": {"run": "ls"}})", "", {}}},
    {"MistralNemoCalls",
     mistral_nemo,
     with_tools(),
     R"([TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Nîmes"}, "id": "abcde1234"}, )"
     R"({"name": "search", "arguments": {"query": "x"}, "id": "fghij5678"}])",
     {"", "", {{"get_weather", nimes}, {"search", {{"query", "x"}}}}}},
    {"MistralSmallCalls",
     mistral_small,
     with_tools(),
     R"([TOOL_CALLS]get_weather[CALL_ID]abcde1234[ARGS]{"city": "Nîmes"})"
     R"([TOOL_CALLS]get_weather_map[CALL_ID]fghij5678[ARGS]{})",
     {"", "", {{"get_weather", nimes}, {"get_weather_map", nothing}}}},
    {"Ministral3Call",
     ministral3,
     with_tools(),
     R"([THINK]I must look.[/THINK][TOOL_CALLS]get_weather[ARGS]{"city": "Nîmes"})",
     {"", "I must look.", {{"get_weather", nimes}}}},
    {"Ministral3Text", ministral3, asking(), "[THINK]A sum.[/THINK]Four.", {"Four.", "A sum.", {}}},
    {"Gemma2Text", gemma2, asking(), "Four.", {"Four.", "", {}}},
    {"Gemma4Text", gemma4, asking(), "<|channel>thought\nA sum.<channel|>Four.", {"Four.", "A sum.", {}}},
    {"Gemma4Calls",
     gemma4,
     with_tools(),
     "<|channel>thought\nI must look.<channel|><|tool_call>call:get_weather{city:<|\"|>Nîmes<|\"|>,days:2}"
     "<tool_call|><|tool_call>call:get_weather_map{}<tool_call|>",
     {"", "I must look.", {{"get_weather", two_days}, {"get_weather_map", nothing}}}},
    {"GptOssText",
     gpt_oss,
     asking(),
     "<|channel|>analysis<|message|>A sum.<|end|><|start|>assistant<|channel|>final<|message|>Four.",
     {"Four.", "A sum.", {}}},
    {"GptOssCall",
     gpt_oss,
     with_tools(),
     "<|channel|>analysis<|message|>I must look.<|end|><|start|>assistant<|channel|>commentary "
     "to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Nîmes\"}",
     {"", "I must look.", {{"get_weather", nimes}}}},
    {"GptOssRecipientFirst",
     gpt_oss,
     with_tools(),
     "<|channel|>analysis<|message|>I must look.<|end|><|start|>assistant to=functions.get_weather_map"
     "<|channel|>commentary json<|message|>{}",
     {"", "I must look.", {{"get_weather_map", nothing}}}},
    {"GptOssPreamble",
     gpt_oss,
     with_tools(),
     "<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>commentary<|message|>I look."
     "<|end|><|start|>assistant<|channel|>analysis<|message|> Two.<|end|><|start|>assistant<|channel|>"
     "commentary to=functions.search <|constrain|>json<|message|>{\"query\": \"x\"}",
     {"I look.", "One. Two.", {{"search", {{"query", "x"}}}}}},
};

class Written : public testing::TestWithParam<Output> {
 protected:
  static void expect(const Answer& got) {
    const auto& wanted = GetParam().expected;
    EXPECT_EQ(got.text, wanted.text);
    EXPECT_EQ(got.reasoning, wanted.reasoning);
    ASSERT_EQ(got.calls.size(), wanted.calls.size());
    for (std::size_t each = 0; each < got.calls.size(); ++each) {
      EXPECT_EQ(got.calls[each].name, wanted.calls[each].first);
      EXPECT_EQ(json::parse(got.calls[each].arguments, nullptr, false), wanted.calls[each].second)
          << got.calls[each].arguments;
      EXPECT_FALSE(got.calls[each].id.empty());
    }
  }
};

TEST_P(Written, IsReadWhereverItIsSplit) {
  const auto how = rendered(GetParam().file, GetParam().body);
  for (const std::size_t size : {1UL, 2UL, 3UL, 7UL, 64UL, 4096UL})
    expect(parsed(how, GetParam().output, size));
}

/// The engine of a tiny model whose tokens are bytes, with a family's template.
Engine& engine_of(const std::string& file) {
  static std::map<std::string, std::unique_ptr<Engine>> made;
  auto& out = made[file];
  if (out) return *out;
  const test::Scratch scratch;
  EngineOptions options;
  options.file = scratch.path("model.gguf");
  EXPECT_TRUE(test::write_windowed_model(options.file, source_of(file), test::Beginning::is_not));
  options.context_tokens = 16'384;
  options.slots = 1;
  auto engine = Engine::load(options);
  EXPECT_TRUE(engine) << engine.error().message;
  out = std::move(*engine);
  return *out;
}

TEST_P(Written, IsToldTokenByToken) {
  const auto generation = engine_of(GetParam().file).prepare(GetParam().body);
  ASSERT_TRUE(generation) << generation.error().message;
  Answer out;
  for (const char byte : GetParam().output)
    out.add((*generation)->take(static_cast<unsigned char>(byte) + 3));
  out.add((*generation)->finish(Ending::whole));
  expect(out);
  EXPECT_EQ((*generation)->called_tools(), !out.calls.empty());
}

INSTANTIATE_TEST_SUITE_P(Families, Written, testing::ValuesIn(outputs),
                         [](const auto& info) { return std::string(info.param.name); });

/// What was told when the answer was cut is the beginning of what would have come.
TEST_P(Written, IsTheBeginningOfItselfWhereItIsCut) {
  const auto& output = GetParam();
  const auto how = rendered(output.file, output.body);
  const auto whole = parsed(how, output.output, 4096);
  for (std::size_t size = 0; size < output.output.size(); ++size) {
    if ((output.output[size] & 0xC0) == 0x80) continue;  // within a character
    const auto cut = parsed(how, output.output.substr(0, size), 8, Ending::cut);
    EXPECT_TRUE(whole.text.starts_with(cut.text)) << cut.text;
    EXPECT_TRUE(whole.reasoning.starts_with(cut.reasoning)) << cut.reasoning;
    ASSERT_LE(cut.calls.size(), whole.calls.size());
    for (std::size_t each = 0; each < cut.calls.size(); ++each) {
      EXPECT_EQ(cut.calls[each].name, whole.calls[each].name);
      EXPECT_TRUE(whole.calls[each].arguments.starts_with(cut.calls[each].arguments))
          << cut.calls[each].arguments;
    }
  }
}

struct Family {
  const char* name;
  const char* file;
  std::string call;      // of search, {"query": "x"}
  std::string in_words;  // "Hello" as an answer
  std::string in_json;   // {"a": 1} as an answer
  std::string two_calls{};
};

const std::string hermes_call =
    "<tool_call>\n{\"name\": \"search\", \"arguments\": {\"query\": \"x\"}}\n</tool_call>";
const std::string hermes_calls = hermes_call + "\n" + hermes_call;
const std::string llama_call = R"({"name": "search", "parameters": {"query": "x"}})";
const std::string nemo_call = R"({"name": "search", "arguments": {"query": "x"}, "id": "abcde1234"})";
const std::string small_call = R"([TOOL_CALLS]search[CALL_ID]abcde1234[ARGS]{"query": "x"})";
const std::string ministral_call = R"([TOOL_CALLS]search[ARGS]{"query": "x"})";
const std::string gemma_call = "<|tool_call>call:search{query:<|\"|>x<|\"|>}<tool_call|>";
const std::string plain_json = R"({"a": 1})";
const std::string fenced_json = "```json\n{\"a\": 1}\n```";
const std::string qwen_thought = "<think>\nSo.\n</think>\n\n";
const std::string ministral_thought = "[THINK]So.[/THINK]";
const std::string gemma_thought = "<|channel>thought\nSo.<channel|>";
const std::string harmony_thought = "<|channel|>analysis<|message|>So.<|end|><|start|>assistant";

const std::vector<Family> families{
    {"Hermes", hermes, hermes_call, "Hello", plain_json, hermes_calls},
    {"Qwen25", qwen25, hermes_call, "Hello", plain_json, hermes_calls},
    {"Qwen3", qwen3, qwen_thought + hermes_call, qwen_thought + "Hello", qwen_thought + plain_json,
     qwen_thought + hermes_calls},
    {"Llama31", llama31, llama_call, "Hello", plain_json, {}},
    {"Llama33", llama33, llama_call, "Hello", plain_json, {}},
    {"MistralNemo", mistral_nemo, "[TOOL_CALLS][" + nemo_call + "]", "Hello", plain_json,
     "[TOOL_CALLS][" + nemo_call + ", " + nemo_call + "]"},
    {"MistralSmall", mistral_small, small_call, "Hello", plain_json, small_call + small_call},
    {"Ministral3", ministral3, ministral_thought + ministral_call, ministral_thought + "Hello",
     ministral_thought + fenced_json, ministral_thought + ministral_call + ministral_call},
    {"Gemma4", gemma4, gemma_thought + gemma_call, gemma_thought + "Hello", gemma_thought + fenced_json,
     gemma_thought + gemma_call + gemma_call},
    {"GptOss",
     gpt_oss,
     harmony_thought +
         "<|channel|>commentary to=functions.search <|constrain|>json<|message|>{\"query\": \"x\"}",
     harmony_thought + "<|channel|>final<|message|>Hello",
     harmony_thought + "<|channel|>final <|constrain|>json<|message|>" + plain_json,
     {}},
};

/// Whether the grammar, which holds from the first token on, lets the model write `output`.
testing::AssertionResult allows(const Rendered& how, const std::string& output) {
  if (how.chat.grammar_lazy || how.chat.grammar.empty()) return testing::AssertionFailure() << "no grammar";
  const auto grammar = Grammar::of(nullptr, how.chat.grammar);
  if (!grammar) return testing::AssertionFailure() << "not a grammar: " << how.chat.grammar;
  std::size_t at = 0;
  const auto whole = how.chat.generation_prompt + output;
  try {
    for (; at < whole.size(); at += 1) grammar->accept(whole.substr(at, 1));
  } catch (const std::exception&) {
    return testing::AssertionFailure() << "refused from here on: " << whole.substr(at);
  }
  return testing::AssertionSuccess();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

class Choice : public testing::TestWithParam<Family> {};

TEST_P(Choice, ARequiredCallIsTheOnlyAnswer) {
  const auto& family = GetParam();
  const auto how = rendered(family.file, with_tools(R"("tool_choice":"required")"));
  EXPECT_TRUE(allows(how, family.call));
  EXPECT_FALSE(allows(how, family.in_words));
  EXPECT_FALSE(allows(how, replaced(family.call, "search", "shell")));
  const auto got = parsed(how, family.call);
  ASSERT_EQ(got.calls.size(), 1U);
  EXPECT_EQ(got.calls[0].name, "search");
  EXPECT_EQ(got.text, "");
}

TEST_P(Choice, ANamedToolIsTheOnlyOne) {
  const auto& family = GetParam();
  const std::string named = R"("tool_choice":{"type":"function","function":{"name":"search"}})";
  const auto how = rendered(family.file, with_tools(named));
  EXPECT_TRUE(allows(how, family.call));
  EXPECT_FALSE(allows(how, family.in_words));
  const std::string other = R"("tool_choice":{"type":"function","function":{"name":"get_weather"}})";
  EXPECT_FALSE(allows(rendered(family.file, with_tools(other)), family.call));
  EXPECT_EQ(how.chat.prompt, rendered(family.file, with_tools()).chat.prompt) << "its state is kept";
  EXPECT_NE(how.chat.prompt.find("get_weather"), std::string::npos);
}

TEST_P(Choice, AllowedToolsAreTheOnlyOnes) {
  const auto& family = GetParam();
  const auto allowed = [&](const std::string& mode, const std::string& name) {
    return rendered(family.file,
                    with_tools(R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":")" + mode +
                               R"(","tools":[{"type":"function","function":{"name":")" + name +
                               R"("}},{"type":"function","function":{"name":"get_weather_map"}}]}})"));
  };
  EXPECT_TRUE(allows(allowed("required", "search"), family.call));
  EXPECT_FALSE(allows(allowed("required", "get_weather"), family.call));
  const auto free = allowed("auto", "search");
  EXPECT_EQ(free.format.tools, (std::vector<std::string>{"get_weather_map", "search"}));
  EXPECT_EQ(parsed(free, family.in_words).text, "Hello");
  EXPECT_EQ(parsed(free, family.call).calls.size(), 1U);
  EXPECT_EQ(parsed(allowed("auto", "get_weather"), family.call).calls.size(), 0U);
}

TEST_P(Choice, StrictArgumentsAreExact) {
  const auto& family = GetParam();
  const bool is_json = family.file != std::string(gemma4);
  const std::string quote = is_json ? "\"" : "<|\"|>";
  const auto searching = [&](const std::string& text) {
    return replaced(family.call, quote + "x" + quote, quote + text + quote);
  };
  // A pattern that llama.cpp's own reading of schemas leaves out.
  const auto body = [](const char* strict) {
    return asking(std::string(R"("tools":[{"type":"function","function":{"name":"search","strict":)") +
                  strict +
                  R"(,"parameters":{"type":"object","properties":{"query":{"type":"string","pattern":"x"}},
                     "required":["query"],"additionalProperties":false}}}],"tool_choice":"required")");
  };
  const auto how = rendered(family.file, body("true"));
  EXPECT_TRUE(allows(how, family.call));
  EXPECT_TRUE(allows(how, searching("a x")));
  EXPECT_FALSE(allows(how, searching("y")));
  EXPECT_EQ(allows(rendered(family.file, body("false")), searching("y")), is_json);
}

/// llama.cpp makes a rule of each, called "tool-NAME".
TEST_P(Choice, AToolMayHaveAnyName) {
  const auto& family = GetParam();
  for (const std::string name :
       {"call", "calls", "get-weather", "get_weather-schema", "root", "schema", "tool_call", "start"}) {
    const auto body = [&](const std::string& choice) {
      return asking(replaced(tools, "\"search\",", "\"" + name + R"(","strict":true,)") +
                    R"(,"tool_choice":)" + choice);
    };
    const auto call = replaced(family.call, "search", name);
    const auto must = rendered(family.file, body("\"required\""));
    EXPECT_TRUE(allows(must, call)) << name;
    EXPECT_FALSE(allows(must, replaced(call, "query", "other"))) << name;
    EXPECT_NE(must.chat.prompt.find(name), std::string::npos);
    for (const auto* choice : {"\"auto\"", "\"required\""}) {
      const auto got = parsed(rendered(family.file, body(choice)), call, 7);
      ASSERT_EQ(got.calls.size(), 1U) << name;
      EXPECT_EQ(got.calls[0].name, name);
      EXPECT_EQ(json::parse(got.calls[0].arguments), json({{"query", "x"}})) << name;
    }
    const auto only = R"({"type":"function","function":{"name":")" + name + "\"}}";
    EXPECT_TRUE(allows(rendered(family.file, body(only)), call)) << name;
  }
}

TEST_P(Choice, WordsMayHaveAnyBrackets) {
  const auto& family = GetParam();
  const std::string brackets(2000, '[');
  const auto got = parsed(rendered(family.file, asking()), replaced(family.in_words, "Hello", brackets), 97);
  EXPECT_EQ(got.text, brackets);
  EXPECT_EQ(got.reasoning.empty(), family.in_words == "Hello");
}

/// llama.cpp's parsers call themselves for each level.
TEST_P(Choice, CallsOfManyLevelsAreText) {
  const auto& family = GetParam();
  const auto opening = family.call.find('{', family.call.find("query") - 3);
  const auto call = [&](std::size_t depth) {
    const std::string name = family.file == std::string(gemma4) ? "{query:" : "{\"query\": ";
    return family.call.substr(0, opening) + name + std::string(depth, '[');
  };
  const auto how = rendered(family.file, with_tools());
  EXPECT_EQ(parsed(how, call(400), 4096, Ending::cut).calls.size(), 1U);
  for (const std::size_t size : {97UL, 100'000UL}) {
    const auto got = parsed(how, call(50'000), size, Ending::cut);
    if (got.calls.empty()) EXPECT_TRUE(got.text.ends_with(std::string(50'000, '['))) << got.text.size();
  }
}

TEST_P(Choice, NoToolsMeansWords) {
  const auto& family = GetParam();
  const auto how = rendered(family.file, with_tools(R"("tool_choice":"none")"));
  EXPECT_EQ(parsed(how, family.in_words).text, "Hello");
  EXPECT_TRUE(parsed(how, family.call).calls.empty());
}

TEST_P(Choice, WithASchemaTheAnswerIsEither) {
  const auto& family = GetParam();
  const std::string schema =
      R"("response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object",
    "properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}}})";
  const auto how = rendered(family.file, with_tools(schema));
  EXPECT_TRUE(allows(how, family.call));
  EXPECT_TRUE(allows(how, family.in_json));
  EXPECT_FALSE(allows(how, family.in_words));
  EXPECT_FALSE(allows(how, replaced(family.in_json, "\"a\"", "\"b\"")));
  for (const std::size_t size : {1UL, 5UL, 4096UL}) {
    const auto call = parsed(how, family.call, size);
    ASSERT_EQ(call.calls.size(), 1U);
    EXPECT_EQ(json::parse(call.calls[0].arguments), json({{"query", "x"}}));
    EXPECT_EQ(call.text, "");
    const auto answer = parsed(how, family.in_json, size);
    EXPECT_TRUE(answer.calls.empty());
    EXPECT_EQ(json::parse(answer.text, nullptr, false), json({{"a", 1}})) << answer.text;
    EXPECT_EQ(answer.reasoning, call.reasoning);
  }
  // What decides it leaves nothing to decide.
  const auto must = rendered(family.file, with_tools(schema + R"(,"tool_choice":"required")"));
  EXPECT_TRUE(allows(must, family.call));
  EXPECT_FALSE(allows(must, family.in_json));
  const auto may_not = rendered(family.file, with_tools(schema + R"(,"tool_choice":"none")"));
  EXPECT_TRUE(allows(may_not, family.in_json));
  EXPECT_FALSE(allows(may_not, family.call));
}

TEST_P(Choice, WhatTheCallerBeganIsNotToldAgain) {
  const auto& family = GetParam();
  const std::string begun = R"({"messages":[{"role":"user","content":"2+2?"},
    {"role":"assistant","content":"It is <"}])";
  for (const auto& body : {begun + "}", begun + "," + tools + "}"}) {
    const auto how = rendered(family.file, body);
    EXPECT_TRUE(how.chat.prompt.ends_with("It is <"));
    const auto got = parsed(how, " five, and > three.");
    EXPECT_EQ(got.text, " five, and > three.");
    EXPECT_EQ(got.reasoning, "");
  }
}

/// Whatever its weights are: the model's tokens are bytes, and it knows no language.
TEST_P(Choice, AModelThatMustCallDoes) {
  const std::string body = R"({"messages":[{"role":"user","content":"Light!"}],"tools":[{"type":"function",
    "function":{"name":"switch","parameters":{"type":"object","properties":{"on":{"type":"boolean"},
    "room":{"enum":["kitchen","hall"]}},"required":["on","room"],"additionalProperties":false}}}],
    "tool_choice":"required","parallel_tool_calls":false,"chat_template_kwargs":{"enable_thinking":false},
    "temperature":1.0,"seed":8})";
  auto& engine = engine_of(GetParam().file);
  const auto generation = engine.prepare(body);
  ASSERT_TRUE(generation) << generation.error().message;
  Answer got;
  std::vector<Token> next = (*generation)->prompt();
  int position = 0;
  engine.forget(0, 0);
  bool has_ended = false;
  for (int step = 0; step < 2000 && !has_ended; ++step) {
    int row = 0;
    for (std::size_t at = 0; at < next.size(); at += 256) {
      engine.clear_batch();
      for (std::size_t each = at; each < std::min(next.size(), at + 256); ++each)
        row = engine.add(0, next[each], position++, each + 1 == next.size());
      ASSERT_TRUE(engine.decode());
    }
    const auto token = (*generation)->sample(row);
    ASSERT_TRUE(token) << token.error().message;
    has_ended = (*generation)->ends_answer(*token);
    if (!has_ended) got.add((*generation)->take(*token));
    next = {*token};
  }
  got.add((*generation)->finish(has_ended ? Ending::whole : Ending::cut));
  if (!has_ended) {
    EXPECT_FALSE(got.reasoning.empty()) << "only thoughts have no end";
    return;
  }
  EXPECT_EQ(got.text, "");
  ASSERT_EQ(got.calls.size(), 1U);
  EXPECT_EQ(got.calls[0].name, "switch");
  const auto arguments = json::parse(got.calls[0].arguments, nullptr, false);
  ASSERT_TRUE(arguments.is_object()) << got.calls[0].arguments;
  EXPECT_TRUE(arguments.contains("on"));
}

TEST_P(Choice, OneCallAtATimeWhereTheCallerWantsThat) {
  const auto& family = GetParam();
  if (family.two_calls.empty()) GTEST_SKIP() << "its answers have one call";
  const std::string required = R"("tool_choice":"required")";
  EXPECT_TRUE(allows(rendered(family.file, with_tools(required)), family.two_calls))
      << "as OpenAI does unasked";
  const auto one = rendered(family.file, with_tools(required + R"(,"parallel_tool_calls":false)"));
  EXPECT_TRUE(allows(one, family.call));
  EXPECT_FALSE(allows(one, family.two_calls));
}

INSTANTIATE_TEST_SUITE_P(Families, Choice, testing::ValuesIn(families),
                         [](const auto& info) { return std::string(info.param.name); });

/// Templates call themselves for each level of them.
TEST_P(Choice, ArgumentsAndResultsAreOfFewLevels) {
  const auto body = [](const std::string& arguments, const std::string& result) {
    return json{{"messages",
                 {{{"role", "user"}, {"content", "x"}},
                  {{"role", "assistant"},
                   {"content", ""},
                   {"tool_calls",
                    {{{"id", "abcdefghi"},
                      {"type", "function"},
                      {"function", {{"name", "search"}, {"arguments", arguments}}}}}}},
                  {{"role", "tool"}, {"tool_call_id", "abcdefghi"}, {"content", result}}}}}
        .dump();
  };
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  const auto& engine = engine_of(GetParam().file);
  for (const auto& deep : {body(nested(100'000), "y"), body("{}", nested(100'000))}) {
    const auto refused = engine.prepare(deep);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "bad_request");
    EXPECT_NE(refused.error().message.find("500 levels"), std::string::npos) << refused.error().message;
  }
  std::string colours;
  for (int each = 0; each < 1000; ++each) colours += "\x1B[3" + std::to_string(each % 8) + "m.";
  const auto taken = engine.prepare(body(nested(300), colours));
  if (!taken) EXPECT_NE(taken.error().detail, "bad_request") << taken.error().message;
}

TEST_P(Choice, HostileToolsAreRefusedAlsoWhereTokensAreCounted) {
  json doubling = json::object();
  for (int each = 0; each < 60; ++each) {
    const json next{{"$ref", "#/$defs/d" + std::to_string(each + 1)}};
    doubling["d" + std::to_string(each)] = {{"anyOf", {next, next}}};
  }
  doubling["d60"] = true;
  const json parameters{{"$defs", doubling}, {"$ref", "#/$defs/d0"}};
  const json tool{{"type", "function"}, {"function", {{"name", "f"}, {"parameters", parameters}}}};
  const json body{{"messages", {{{"role", "user"}, {"content", "x"}}}}, {"tools", {tool}}};
  const auto& engine = engine_of(GetParam().file);
  EXPECT_FALSE(engine.prepare(body.dump()));
  EXPECT_FALSE(engine.count(body.dump()));
  json long_name = body;
  long_name["tools"][0]["function"] = {{"name", std::string(60'000, '_')}};
  EXPECT_FALSE(engine.prepare(long_name.dump()));
  EXPECT_FALSE(engine.count(long_name.dump()));
}

TEST(Answer, WhatStandsBeforeAMarkIsToldFirst) {
  Steady::time_point now{};
  ParsingTime time;
  time.now = [&] { return now += std::chrono::milliseconds(1); };
  AnswerParser parser(rendered(gpt_oss, with_tools()).format, time);
  std::vector<std::string> told;
  const auto feed = [&](const std::string& piece) {
    const bool is_mark = piece.starts_with("<|");
    const auto delta = parser.feed(piece, is_mark ? AnswerParser::Piece::mark : AnswerParser::Piece::text);
    if (!delta.reasoning.empty()) told.push_back("thought: " + delta.reasoning);
    if (!delta.text.empty()) told.push_back("text: " + delta.text);
    EXPECT_TRUE(delta.reasoning.empty() || delta.text.empty()) << "their order would be lost";
  };
  for (const char* piece :
       {"<|channel|>", "analysis",    "<|message|>", "One",        ".",           "<|end|>",
        "<|start|>",   "assistant",   "<|channel|>", "commentary", "<|message|>", "I",
        " look",       ".",           "<|end|>",     "<|start|>",  "assistant",   "<|channel|>",
        "analysis",    "<|message|>", " Two",        ".",          "<|end|>"})
    feed(piece);
  EXPECT_EQ(told, (std::vector<std::string>{"thought: One.", "text: I look.", "thought:  Two."}));
}

TEST(Answer, ParsingTakesASmallShareOfTheTime) {
  Steady::time_point now{};
  ParsingTime time;
  time.now = [&] { return now += std::chrono::microseconds(100); };  // a parse takes that
  const auto how = rendered(qwen3, with_tools());
  const auto parses_of = [&](int pieces) {
    AnswerParser parser(how.format, time);
    Answer got;
    got.add(parser.feed("<think>\nSo.\n</think>\n\n", AnswerParser::Piece::text));
    for (int each = 0; each < pieces; ++each) {
      now += std::chrono::milliseconds(1);  // in which the model computes
      got.add(parser.feed("word ", AnswerParser::Piece::text));
    }
    const auto before = got.text.size();
    EXPECT_GT(before, 0U) << "it is told while it is written";
    got.add(parser.finish("end", Ending::whole));
    EXPECT_EQ(got.text.size(), static_cast<std::size_t>(pieces) * 5 + 3);
    EXPECT_EQ(got.reasoning, "So.");
    return parser.parses();
  };
  const auto alone = parses_of(400);
  EXPECT_GE(alone, 400U / 4) << "2 ms between two parses";
  EXPECT_LE(alone, 400U / 2 + 3);
  std::vector<std::unique_ptr<AnswerParser>> others;
  for (int each = 0; each < 9; ++each) {
    others.push_back(std::make_unique<AnswerParser>(how.format, time));
    (void)others.back()->feed("<think>", AnswerParser::Piece::text);
  }
  EXPECT_LE(parses_of(400), 400U / 18 + 3) << "ten answers share it";
  others.clear();
  EXPECT_EQ(time.answers, 0);
}

TEST(Answer, EffortIsSaidInTheWordsOfTheFamily) {
  const auto prompt = [](const char* file, const std::string& effort) {
    return rendered(file, asking(R"("reasoning_effort":")" + effort + "\"")).chat.prompt;
  };
  for (const auto& [effort, said] : std::map<std::string, std::string>{{"none", "low"},
                                                                       {"minimal", "low"},
                                                                       {"low", "low"},
                                                                       {"medium", "medium"},
                                                                       {"high", "high"},
                                                                       {"xhigh", "high"}})
    EXPECT_NE(prompt(gpt_oss, effort).find("Reasoning: " + said + "\n"), std::string::npos) << effort;
  EXPECT_TRUE(prompt(qwen3, "none").ends_with("<think>\n\n</think>\n\n"));
  EXPECT_TRUE(prompt(qwen3, "minimal").ends_with("<|im_start|>assistant\n"));
}

TEST(Answer, MistralTakesTheIdentifiersOfOthers) {
  const auto prompt = [](const char* file, const std::string& id) {
    return rendered(file, R"({"messages":[{"role":"user","content":"Weather?"},
      {"role":"assistant","content":"","tool_calls":[{"id":")" +
                              id + R"(","type":"function",
        "function":{"name":"search","arguments":"{\"query\": \"x\"}"}}]},
      {"role":"tool","tool_call_id":")" +
                              id + R"(","content":"clear"}],)" + tools + "}")
        .chat.prompt;
  };
  for (const auto* file : {mistral_nemo, mistral_small}) {
    EXPECT_NE(prompt(file, "abcde1234").find("abcde1234"), std::string::npos) << "its own stay";
    const auto other = prompt(file, "call_4D2a_xyz-0123456789");
    EXPECT_EQ(other.find("call_4D2a"), std::string::npos);
    EXPECT_EQ(other, prompt(file, "call_4D2a_xyz-0123456789")) << "the same again: its state is kept";
    EXPECT_EQ(other.size(), prompt(file, "abcde1234").size());
  }
}

TEST(Answer, AToolThatCannotBeCalledIsRefused) {
  const auto detail = [](const char* file, const std::string& body) {
    const auto prepared = engine_of(file).prepare(body);
    return prepared ? "" : prepared.error().detail + ": " + prepared.error().message;
  };
  EXPECT_EQ(detail(gemma2, with_tools()), "");
  EXPECT_EQ(detail(gemma2, with_tools(R"("tool_choice":"required")")),
            "bad_request: This model's template knows no tools, so that none can be asked for.");
  EXPECT_EQ(detail(qwen3, with_tools(R"("tool_choice":{"type":"function","function":{"name":"shell"}})")),
            "bad_request: \"tool_choice\" names a tool that is none of \"tools\".");
}

}  // namespace
}  // namespace bastide::models::local
