// What every PassageIndex and VectorIndex promises; implementations are listed at the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "knowledge/index/analyzer.h"
#include "knowledge/index/passage_index.h"
#include "knowledge/index/vector_index.h"

namespace bastide::knowledge::index {
namespace {

Bits all(Key first, Key count) {
  Bitmap map;
  map.add_range(first, count);
  return map.bits();
}

std::vector<Key> keys_of(const std::vector<Scored>& found) {
  std::vector<Key> keys;
  for (const auto& one : found) keys.push_back(one.key);
  return keys;
}

using PassageFactory = std::function<std::unique_ptr<PassageIndex>()>;

class PassageIndexContract : public testing::TestWithParam<PassageFactory> {
 protected:
  void add(Key first, const std::vector<std::string>& texts) {
    LexicalBlock block;
    for (const auto& text : texts) block.add(terms(text));
    ASSERT_TRUE(index_->add(first, static_cast<Key>(texts.size()), block.bytes()));
  }
  std::unique_ptr<PassageIndex> index_ = GetParam()();
};

TEST_P(PassageIndexContract, FindsWhatHoldsTheWords) {
  add(10, {"le télétravail des agents", "la collecte des déchets", "les agents de la collecte"});
  const auto found = index_->search(query_terms("collecte des agents"), all(0, 100), 10);
  EXPECT_EQ(keys_of(found->top())[0], 12U);
  EXPECT_EQ(found->top().size(), 3U);
  EXPECT_DOUBLE_EQ(found->coverage(12), 1.0);
  EXPECT_DOUBLE_EQ(found->score(99), 0.0);
}

TEST_P(PassageIndexContract, RefusesDamagedBlocks) {
  LexicalBlock block;
  block.add({"un", "deux"});
  const auto bytes = block.bytes();
  EXPECT_FALSE(index_->add(0, 2, bytes));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(index_->add(0, 1, bytes.substr(0, cut)));
  EXPECT_FALSE(index_->add(0, 1, std::string(20, '\xff')));
}

TEST_P(PassageIndexContract, AResultIsWhatAnIndexOfTheAllowedAloneGives) {
  std::mt19937 random(3);
  const std::vector<std::string> vocabulary{"mairie", "conge",   "dechet", "budget",
                                            "ecole",  "piscine", "carte",  "prime"};
  auto sentence = [&] {
    std::string text;
    for (int i = 0; i < 12; ++i) text += vocabulary[random() % vocabulary.size()] + " ";
    return text;
  };
  for (int round = 0; round < 20; ++round) {
    auto whole = GetParam()();
    auto own = GetParam()();
    Bitmap mine, everything;
    std::vector<Key> place;
    for (Key document = 0; document < 30; ++document) {
      std::vector<std::string> texts;
      LexicalBlock block;
      for (int i = 0; i < 4; ++i) {
        texts.push_back(sentence());
        block.add(terms(texts.back()));
      }
      ASSERT_TRUE(whole->add(document * 4, 4, block.bytes()));
      if (random() % 3 != 0) continue;
      mine.add_range(document * 4, 4);
      ASSERT_TRUE(own->add(static_cast<Key>(place.size()), 4, block.bytes()));
      for (Key i = 0; i < 4; ++i) place.push_back(document * 4 + i);
    }
    const auto query = terms("budget ecole prime inconnu");
    const auto a = whole->search(query, mine.bits(), 20);
    const auto b = own->search(query, all(0, static_cast<Key>(place.size())), 20);
    ASSERT_EQ(a->top().size(), b->top().size());
    for (std::size_t i = 0; i < a->top().size(); ++i) {
      EXPECT_EQ(a->top()[i].key, place[b->top()[i].key]);
      EXPECT_DOUBLE_EQ(a->top()[i].score, b->top()[i].score);
      EXPECT_DOUBLE_EQ(a->coverage(a->top()[i].key), b->coverage(b->top()[i].key));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Memory, PassageIndexContract,
                         testing::Values([] { return make_memory_passage_index(); }));

using VectorFactory = std::function<std::unique_ptr<VectorIndex>()>;
class VectorIndexContract : public testing::TestWithParam<VectorFactory> {};

std::vector<float> random_vector(std::mt19937& random, std::size_t dimensions) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimensions);
  float norm = 0;
  for (auto& x : vector) {
    x = normal(random);
    norm += x * x;
  }
  for (auto& x : vector) x /= std::sqrt(norm);
  return vector;
}

TEST_P(VectorIndexContract, FindsTheNearestOfTheAllowed) {
  std::mt19937 random(5);
  for (std::size_t dimensions : {3U, 32U, 100U, 384U}) {
    auto index = GetParam()();
    std::vector<std::vector<float>> vectors;
    for (int i = 0; i < 200; ++i) vectors.push_back(random_vector(random, dimensions));
    ASSERT_TRUE(index->add(1000, 200, write_vectors(vectors)));
    const auto query = random_vector(random, dimensions);
    Bitmap even;
    for (Key key = 1000; key < 1200; key += 2) even.add(key);
    const auto found = index->search(query, even.bits(), 200);
    ASSERT_EQ(found.size(), 100U);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].key % 2, 0U);
      double exact = 0;
      for (std::size_t d = 0; d < dimensions; ++d)
        exact += static_cast<double>(query[d]) * static_cast<double>(vectors[found[i].key - 1000][d]);
      EXPECT_NEAR(found[i].score, exact, 0.01);
      if (i > 0) EXPECT_LE(found[i].score, found[i - 1].score);
    }
  }
}

TEST_P(VectorIndexContract, KnowsWhatHasNoVector) {
  auto index = GetParam()();
  ASSERT_TRUE(index->add(5, 1, write_vectors(std::vector<std::vector<float>>{{1, 0, 0}})));
  const std::vector<Key> keys{4, 5, 6};
  const std::vector<float> query{1, 0, 0};
  const auto cosines = index->cosines(query, keys);
  EXPECT_TRUE(std::isnan(cosines[0]));
  EXPECT_NEAR(cosines[1], 1, 1e-3);
  EXPECT_TRUE(std::isnan(cosines[2]));
  const std::vector<float> other_size{1, 0};
  EXPECT_TRUE(index->search(other_size, all(0, 10), 3).empty());
  EXPECT_TRUE(index->search(query, Bitmap().bits(), 3).empty());
}

TEST_P(VectorIndexContract, RefusesDamagedBlocks) {
  auto index = GetParam()();
  const auto bytes = write_vectors(std::vector<std::vector<float>>{{1, 0, 0}, {0, 1, 0}});
  EXPECT_FALSE(index->add(0, 3, bytes));
  EXPECT_FALSE(index->add(0, 2, bytes.substr(1)));
  EXPECT_FALSE(index->add(0, 0, ""));
}

INSTANTIATE_TEST_SUITE_P(Memory, VectorIndexContract,
                         testing::Values([] { return make_memory_vector_index(); }));

TEST(Bitmap, BitsAreTheSet) {
  Bitmap map;
  map.add_range(70, 130);
  map.add(5000);
  map.optimise();
  const auto bits = map.bits();
  for (Key key = 0; key < 6000; ++key) ASSERT_EQ(bits.has(key), map.has(key)) << key;
  EXPECT_EQ(map.size(), 131U);
  EXPECT_TRUE(map.touches(0, 71));
  EXPECT_FALSE(map.touches(200, 4800));
  EXPECT_FALSE(map.touches(0, 0));
}

}  // namespace
}  // namespace bastide::knowledge::index
