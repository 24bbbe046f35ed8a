// Prompts as the makers of each family render them. The templates are those that llama.cpp's sources carry;
// their reference is Jinja2 as transformers sets it up (templates/render.py), byte for byte.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <regex>

#include "models/local/llama_engine.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models::local {
namespace {

using json = nlohmann::ordered_json;  // prompts hold schemas as callers wrote them
using test::Beginning;

const std::string here = BASTIDE_SOURCE_DIR "/tests/models/templates/";

struct Family {
  const char* name;
  const char* file;
  Beginning beginning;  // as the family's vocabulary has it
};

const std::array families{
    Family{"Hermes3", "NousResearch-Hermes-3-Llama-3.1-8B-tool_use", Beginning::is_marked},
    Family{"Qwen25", "Qwen-Qwen2.5-7B-Instruct", Beginning::is_not},
    Family{"Qwen3", "Qwen-Qwen3-0.6B", Beginning::is_not},
    Family{"Llama31", "meta-llama-Llama-3.1-8B-Instruct", Beginning::is_marked},
    Family{"Llama33", "meta-llama-Llama-3.3-70B-Instruct", Beginning::is_marked},
    Family{"MistralNemo", "mistralai-Mistral-Nemo-Instruct-2407", Beginning::is_marked},
    Family{"MistralSmall", "Mistral-Small-3.2-24B-Instruct-2506", Beginning::is_marked},
    Family{"Ministral3", "mistralai-Ministral-3-14B-Reasoning-2512", Beginning::is_marked},
    Family{"Gemma2", "google-gemma-2-2b-it", Beginning::is_marked},
    Family{"Gemma4", "google-gemma-4-31B-it", Beginning::is_marked},
    Family{"GptOss", "openai-gpt-oss-120b", Beginning::is_not},
};

/// What a program prints; empty when it fails.
std::string output_of(const std::string& command) {
  std::string out;
  std::FILE* program = ::popen(command.c_str(), "r");
  if (!program) return {};
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), program)) > 0;)
    out.append(piece.data(), n);
  return ::pclose(program) == 0 ? out : std::string();
}

/// Every family's prompts by call; an empty object where Jinja2 is not installed.
const json& references() {
  static const json out = [] {
    if (output_of("python3 -c 'import jinja2; print(1)' 2>/dev/null").empty()) return json::object();
    std::string command = "python3 " + here + "render.py " BASTIDE_TEMPLATES;
    for (const auto& family : families) command += std::string(" ") + family.file;
    const auto text = output_of(command);
    return text.empty() ? json("render.py failed") : json::parse(text);
  }();
  return out;
}

/// The prompt of a model whose tokens are bytes.
std::string text_of(const std::vector<Token>& tokens) {
  std::string out;
  for (const Token token : tokens)
    out += token == 1 ? "<s>" : token == 2 ? "</s>" : std::string(1, static_cast<char>(token - 3));
  return std::regex_replace(out, std::regex("\xE2\x96\x81"), " ");  // as the vocabulary writes a space
}

/// Dates in place of <<format>>.
std::string on(std::time_t day, std::string text) {
  const std::regex date("<<([^>]*)>>");
  for (std::smatch found; std::regex_search(text, found, date);) {
    std::array<char, 64> written{};
    (void)std::strftime(written.data(), written.size(), found.str(1).c_str(), std::localtime(&day));
    text.replace(static_cast<std::size_t>(found.position()), static_cast<std::size_t>(found.length()),
                 written.data());
  }
  return text;
}

class Template : public testing::TestWithParam<Family> {};

TEST_P(Template, RendersAsItsMakerDoes) {
  if (references().empty()) GTEST_SKIP() << "no data: python3-jinja2 is not installed";
  ASSERT_TRUE(references().is_object()) << references();
  const auto& family = GetParam();
  const test::Scratch scratch;
  EngineOptions options;
  options.file = scratch.path("model.gguf");
  ASSERT_TRUE(test::write_windowed_model(
      options.file, test::read_file(BASTIDE_TEMPLATES "/" + std::string(family.file) + ".jinja"),
      family.beginning));
  options.context_tokens = 16'384;
  options.slots = 1;
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine) << engine.error().message;
  const auto& expected = references().at(family.file);
  const auto calls = json::parse(test::read_file(here + "calls.json"));
  EXPECT_GE(expected.size(), 6U);
  for (const auto& [name, reference] : expected.items()) {
    const auto before = std::time(nullptr);
    const auto prepared = (*engine)->prepare(calls.at(name).dump());
    const auto after = std::time(nullptr);
    ASSERT_TRUE(prepared) << name << ": " << prepared.error().message;
    const auto prompt = text_of((*prepared)->prompt());
    const auto wanted = reference.get<std::string>();
    if (prompt != on(before, wanted)) EXPECT_EQ(prompt, on(after, wanted)) << name;
  }
}

TEST_P(Template, KeepsSchemasOfAnswersAndOfTools) {
  const auto& family = GetParam();
  const test::Scratch scratch;
  EngineOptions options;
  options.file = scratch.path("model.gguf");
  ASSERT_TRUE(test::write_windowed_model(
      options.file, test::read_file(BASTIDE_TEMPLATES "/" + std::string(family.file) + ".jinja"),
      family.beginning));
  options.context_tokens = 16'384;
  options.slots = 1;
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine) << engine.error().message;
  const std::string question = R"({"messages":[{"role":"user","content":"Which towns?"}],)";
  const std::string town = R"({"type":"object","properties":{"name":{"type":"string","pattern":"^[A-Z]"},
      "size":{"type":"integer","multipleOf":1000}},"required":["name","size"],"additionalProperties":false})";
  const auto tool = [&](const char* strict) {
    return R"("tools":[{"type":"function","function":{"name":"note_town","description":"Notes.","parameters":)" +
           town + R"(,"strict":)" + strict + R"(}}],"tool_choice":"auto")";
  };
  const std::string format =
      R"("response_format":{"type":"json_schema","json_schema":{"schema":)" + town + "}}";
  for (const auto& more : {format, tool("true"), tool("false")}) {
    const auto prepared = (*engine)->prepare(question + more + "}");
    EXPECT_TRUE(prepared) << more << ": " << prepared.error().message;
    if (prepared)
      EXPECT_EQ(text_of((*prepared)->prompt()).find("the schema of this answer"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Template, testing::ValuesIn(families),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace bastide::models::local
