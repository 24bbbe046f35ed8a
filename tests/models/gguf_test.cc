#include <gtest/gtest.h>

#include "models/gguf/reader.h"
#include "models/gguf/writer.h"
#include "tests/models/scratch.h"

namespace bastide::models::gguf {
namespace {

using test::read_file;
using test::Scratch;
using test::write_file;

/// A file of a model with two tensors, 32 x 4 and 8.
void write_small(const std::string& path) {
  Writer writer("bert");
  writer.text("general.name", "tiny");
  writer.u32("bert.context_length", 512);
  writer.u32("bert.block_count", 2);
  writer.u32("bert.embedding_length", 64);
  writer.u32("bert.attention.head_count", 4);
  writer.u32("bert.pooling_type", 1);
  const std::vector<std::string_view> tokens{"<s>", "a", "b"};
  writer.texts("tokenizer.ggml.tokens", tokens);
  static const std::string quantised(4 * 18, 'q');
  static const std::string plain(32, 'f');
  writer.tensor("one", TensorType::q4_0, {32, 4}, quantised);
  writer.tensor("two", TensorType::f32, {8}, plain);
  ASSERT_TRUE(writer.write(path));
}

TEST(Gguf, ReadsWhatItWrote) {
  const Scratch scratch;
  write_small(scratch.path("m.gguf"));
  const auto facts = read_facts(scratch.path("m.gguf"));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->architecture, "bert");
  EXPECT_EQ(facts->name, "tiny");
  EXPECT_EQ(facts->context_tokens, 512);
  EXPECT_EQ(facts->layers, 2);
  EXPECT_TRUE(facts->has_pooling);
  EXPECT_TRUE(facts->chat_template.empty());
  EXPECT_EQ(facts->parameters, 32 * 4 + 8);
  EXPECT_EQ(facts->bytes_needed, facts->bytes);
}

TEST(Gguf, SeesWhetherAVocabularyMarksGaps) {
  const Scratch scratch;
  for (const bool marks : {false, true}) {
    Writer writer("llama");
    const std::vector<std::string_view> tokens{"a", marks ? "<fim_prefix>" : "prefix"};
    writer.texts("tokenizer.ggml.tokens", tokens);
    ASSERT_TRUE(writer.write(scratch.path("m.gguf")));
    EXPECT_EQ(read_facts(scratch.path("m.gguf"))->has_infill, marks);
  }
  Writer writer("llama");
  writer.u32("tokenizer.ggml.fim_pre_token_id", 7);
  ASSERT_TRUE(writer.write(scratch.path("m.gguf")));
  EXPECT_TRUE(read_facts(scratch.path("m.gguf"))->has_infill);
}

TEST(Gguf, SaysNothingThatATerminalWouldObey) {
  const Scratch scratch;
  Writer writer("llama");
  writer.text("general.name", "a\x1b[2Jb\nc");
  writer.text("general.license", "own\r");
  ASSERT_TRUE(writer.write(scratch.path("m.gguf")));
  EXPECT_EQ(read_facts(scratch.path("m.gguf"))->name, "a [2Jb c");
  EXPECT_EQ(read_facts(scratch.path("m.gguf"))->licence, "own ");
}

TEST(Gguf, SeesEveryCut) {
  const Scratch scratch;
  write_small(scratch.path("m.gguf"));
  const std::string whole = read_file(scratch.path("m.gguf"));
  for (std::size_t size = 4; size < whole.size(); ++size) {
    const auto facts = parse_facts(std::string_view(whole).substr(0, size), size);
    ASSERT_FALSE(facts) << size;
    EXPECT_EQ(facts.error().code, Code::corrupt);
    if (size > 24) EXPECT_EQ(facts.error().detail, "cut_short") << size;
  }
}

TEST(Gguf, RefusesWhatIsNone) {
  const Scratch scratch;
  write_file(scratch.path("x"), "PK\x03\x04 something else");
  EXPECT_EQ(read_facts(scratch.path("x")).error().detail, "not_gguf");
  EXPECT_EQ(read_facts(scratch.path("absent")).error().code, Code::not_found);
  write_small(scratch.path("m.gguf"));
  std::string lies = read_file(scratch.path("m.gguf"));
  lies.replace(8, 8, std::string(8, '\xFF'));  // so many tensors
  EXPECT_EQ(parse_facts(lies, lies.size()).error().detail, "damaged");
}

}  // namespace
}  // namespace bastide::models::gguf
