#include "governance/merkle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/governance/memory_log.h"

namespace bastide::governance {
namespace {

std::filesystem::path vectors() {
  const char* given = std::getenv("BASTIDE_TEST_DATA");
  const auto data = given ? std::filesystem::path(given)
                          : std::filesystem::path(BASTIDE_SOURCE_DIR) / ".." / "shared" / "data";
  return data / "tlog" / "testdata";
}

/// Bytes of a wrong length become a hash that matches only the same bytes; no bytes match nothing.
Hash hash_in(const nlohmann::json& value) {
  const auto bytes = value.is_null() ? std::string() : unbase64(value.get<std::string>()).value_or("");
  static int empty = 0;
  Hash hash = sha256("not a hash " + (bytes.empty() ? std::to_string(++empty) : bytes));
  if (bytes.size() == hash.size()) std::memcpy(hash.data(), bytes.data(), bytes.size());
  return hash;
}

std::vector<Hash> hashes_in(const nlohmann::json& value) {
  std::vector<Hash> out;
  if (value.is_array())
    for (const auto& each : value) out.push_back(hash_in(each));
  return out;
}

template <class Check>
int each_vector(const char* folder, const Check& check) {
  int count = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(vectors() / folder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const auto vector = nlohmann::json::parse(in);
    EXPECT_EQ(check(vector), !vector.at("wantErr").get<bool>()) << file.path();
    ++count;
  }
  return count;
}

TEST(Merkle, AgreesWithTheInclusionVectors) {
  if (!std::filesystem::exists(vectors())) GTEST_SKIP() << "no data";
  const int count = each_vector("inclusion", [](const nlohmann::json& vector) {
    return verify_inclusion(hash_in(vector.at("leafHash")), vector.at("leafIdx").get<std::uint64_t>(),
                            vector.at("treeSize").get<std::uint64_t>(), hashes_in(vector.at("proof")),
                            hash_in(vector.at("root")));
  });
  EXPECT_GT(count, 50);
}

TEST(Merkle, AgreesWithTheConsistencyVectors) {
  if (!std::filesystem::exists(vectors())) GTEST_SKIP() << "no data";
  const int count = each_vector("consistency", [](const nlohmann::json& vector) {
    return verify_consistency(vector.at("size1").get<std::uint64_t>(),
                              vector.at("size2").get<std::uint64_t>(), hashes_in(vector.at("proof")),
                              hash_in(vector.at("root1")), hash_in(vector.at("root2")));
  });
  EXPECT_GT(count, 50);
}

class Tree final : public NodeSource {
 public:
  void push(const Hash& leaf) {
    nodes_[{0, hasher_.size()}] = leaf;
    hasher_.push(leaf, [&](const Node& node) { nodes_[{node.level, node.position}] = node.hash; });
    roots.push_back(hasher_.root());
  }
  Result<Hash> at(int level, std::int64_t position) override {
    const auto found = nodes_.find({level, position});
    if (found == nodes_.end()) return fail(Code::corrupt, "no node");
    return found->second;
  }
  std::vector<Hash> roots{empty_root()};

 private:
  TreeHasher hasher_;
  std::map<std::pair<int, std::int64_t>, Hash> nodes_;
};

// The definition of RFC 9162, section 2.1.1, word for word.
Hash mth(std::span<const Hash> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(mth(leaves.first(k)), mth(leaves.subspan(k)));
}

TEST(Merkle, EveryProofOfEverySizeHolds) {
  Tree tree;
  std::vector<Hash> leaves;
  constexpr int size_max = 66;
  for (int i = 0; i < size_max; ++i) {
    leaves.push_back(leaf_hash("entry " + std::to_string(i)));
    tree.push(leaves.back());
    ASSERT_EQ(tree.roots.back(), mth(leaves));
  }
  for (int size = 1; size <= size_max; ++size) {
    const auto& root = tree.roots[static_cast<std::size_t>(size)];
    EXPECT_EQ(*root_of(tree, size), root);
    for (int index = 0; index < size; ++index) {
      const auto& leaf = leaves[static_cast<std::size_t>(index)];
      const auto proof = inclusion_proof(tree, index, size);
      ASSERT_TRUE(proof);
      const auto at = static_cast<std::uint64_t>(index);
      EXPECT_TRUE(verify_inclusion(leaf, at, static_cast<std::uint64_t>(size), *proof, root));
      EXPECT_FALSE(verify_inclusion(leaf, at + 1, static_cast<std::uint64_t>(size), *proof, root));
    }
    for (int old = 1; old <= size; ++old) {
      const auto proof = consistency_proof(tree, old, size);
      ASSERT_TRUE(proof);
      const auto& old_root = tree.roots[static_cast<std::size_t>(old)];
      EXPECT_TRUE(verify_consistency(static_cast<std::uint64_t>(old), static_cast<std::uint64_t>(size),
                                     *proof, old_root, root))
          << old << " " << size;
      EXPECT_FALSE(verify_consistency(static_cast<std::uint64_t>(old), static_cast<std::uint64_t>(size),
                                      *proof, sha256("other"), root));
    }
  }
}

TEST(Merkle, KnowsTheEmptyTree) {
  EXPECT_EQ(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(leaf_hash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(TreeHasher().root(), empty_root());
}

}  // namespace
}  // namespace bastide::governance
