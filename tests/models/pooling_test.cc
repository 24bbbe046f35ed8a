// How the vectors of a text's tokens become one.
#include <gtest/gtest.h>

#include <cmath>
#include <span>

#include "models/catalogue/catalogue.h"
#include "models/local/llama_engine.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models {
namespace {

std::vector<float> embedded(const std::string& file, const std::string& pooling) {
  local::EngineOptions options;
  options.file = file;
  options.kind = local::ModelKind::embedding;
  options.pooling = pooling;
  options.context_tokens = 512;
  const auto engine = local::Engine::load(options);
  EXPECT_TRUE(engine) << engine.error().message;
  if (!engine) return {};
  const auto text = (*engine)->tokenize_for_embedding("A bridge of stone over the river.");
  EXPECT_TRUE(text);
  const std::vector<std::vector<local::Token>> texts{text->tokens};
  const auto vectors = (*engine)->embed(texts);
  EXPECT_TRUE(vectors) << vectors.error().message;
  return vectors ? vectors->front() : std::vector<float>();
}

double likeness(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

TEST(Pooling, IsWhatTheFileSaysOrWhatIsAskedFor) {
  const auto model = test::demo_model("e5-small");
  if (!model) GTEST_SKIP() << "no package index";
  const auto own = embedded(model->file, "");
  const auto mean = embedded(model->file, "mean");
  const auto cls = embedded(model->file, "cls");
  const auto last = embedded(model->file, "last");
  ASSERT_EQ(own.size(), 384U);
  EXPECT_NEAR(likeness(own, mean), 1, 1e-5) << "its file says so";
  EXPECT_LT(likeness(own, cls), 0.999);
  EXPECT_NE(cls, last);
  for (const auto& each : {mean, cls, last}) EXPECT_NEAR(likeness(each, each), 1, 1e-5);
}

TEST(Pooling, MakesAnEmbeddingModelOfOneThatAnswers) {
  const test::Scratch scratch;
  ASSERT_TRUE(test::write_windowed_model(scratch.path("m.gguf")));
  const auto manifest = import_model({scratch.path("m.gguf"), "m", {}, "last"}, scratch.path("models"));
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->kind, Kind::embedding);
  EXPECT_EQ(manifest->capabilities, std::vector<std::string>{"embeddings"});
  EXPECT_EQ(read_manifests(scratch.path("models"))[0].pooling, "last");
  EXPECT_NE(embedded(manifest->file, "last"), embedded(manifest->file, "mean"));
}

TEST(Pooling, StandsInTheConfiguration) {
  const test::Scratch scratch;
  ASSERT_TRUE(test::write_windowed_model(scratch.path("m.gguf")));
  ASSERT_TRUE(import_model({scratch.path("m.gguf"), "m", {}, "last"}, scratch.path("models")));
  Config config;
  ModelConfig model;
  model.id = model.upstream = "m";
  model.provider = "local";
  model.pooling = "mean";
  config.models.push_back(model);
  const auto entry = Catalogue(config, scratch.path("models")).find("m");
  ASSERT_TRUE(entry && entry->local);
  EXPECT_EQ(entry->local->pooling, "mean");
}

}  // namespace
}  // namespace bastide::models
