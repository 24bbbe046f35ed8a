// What imported models can do, by the templates that their makers published.
#include "models/local/skills.h"

#include <gtest/gtest.h>

#include <array>

#include "models/install/install.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models {
namespace {

struct Family {
  const char* file;
  bool calls_tools;
  bool thinks;
};

constexpr std::array families{
    Family{"NousResearch-Hermes-3-Llama-3.1-8B-tool_use", true, false},
    Family{"Qwen-Qwen2.5-7B-Instruct", true, false},
    Family{"Qwen-Qwen3-0.6B", true, true},
    Family{"meta-llama-Llama-3.1-8B-Instruct", true, false},
    Family{"meta-llama-Llama-3.3-70B-Instruct", true, false},
    Family{"mistralai-Mistral-Nemo-Instruct-2407", true, false},
    Family{"Mistral-Small-3.2-24B-Instruct-2506", true, false},
    Family{"mistralai-Ministral-3-14B-Reasoning-2512", true, true},
    Family{"google-gemma-2-2b-it", false, false},
    Family{"google-gemma-4-31B-it", true, true},
    Family{"openai-gpt-oss-120b", true, true},
    Family{"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", false, true},
};

std::string template_of(const Family& family) {
  return test::read_file(std::string(BASTIDE_TEMPLATES "/") + family.file + ".jinja");
}

TEST(Skills, AreThoseOfEachFamily) {
  for (const auto& family : families) {
    const auto text = template_of(family);
    ASSERT_FALSE(text.empty()) << family.file;
    const auto skills = local::read_skills(text);
    EXPECT_EQ(skills.calls_tools, family.calls_tools) << family.file;
    EXPECT_EQ(skills.thinks, family.thinks) << family.file;
  }
}

TEST(Skills, OfATemplateThatCannotBeReadAreNone) {
  for (const char* wrong : {"", "{{", "{% for %}", "{{ raise_exception('no') }}", "plain text"}) {
    const auto skills = local::read_skills(wrong);
    EXPECT_FALSE(skills.calls_tools) << wrong;
    EXPECT_FALSE(skills.thinks) << wrong;
  }
}

TEST(Skills, BecomeCapabilitiesOfWhatIsImported) {
  const test::Scratch scratch;
  const auto imported = [&](const Family& family, const char* id) {
    EXPECT_TRUE(test::write_windowed_model(scratch.path("m.gguf"), template_of(family)));
    const auto manifest = import_model({scratch.path("m.gguf"), id}, scratch.path("models"));
    EXPECT_TRUE(manifest) << manifest.error().message;
    return manifest ? manifest->capabilities : std::vector<std::string>();
  };
  EXPECT_EQ(imported(families[2], "qwen"), (std::vector<std::string>{"chat", "tools", "reasoning"}));
  EXPECT_EQ(imported(families[8], "gemma"), (std::vector<std::string>{"chat"}));
}

}  // namespace
}  // namespace bastide::models
