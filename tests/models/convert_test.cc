#include <gtest/gtest.h>

#include <cstring>

#include "models/convert/charsmap.h"
#include "models/convert/e5.h"
#include "tests/models/scratch.h"

namespace bastide::models::convert {
namespace {

/// Reads a double array as llama.cpp does: the longest key that `text` begins with.
class Reader {
 public:
  explicit Reader(const std::string& blob) {
    std::uint32_t size = 0;
    std::memcpy(&size, blob.data(), 4);
    units_.resize(size / 4);
    std::memcpy(units_.data(), blob.data() + 4, size);
    texts_ = blob.substr(4 + size);
  }
  [[nodiscard]] std::pair<std::size_t, std::string> longest(std::string_view text) const {
    std::size_t node = 0;
    node ^= offset(units_[0]);
    std::pair<std::size_t, std::string> best{0, ""};
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      node ^= c;
      if (node >= units_.size() || (units_[node] & (1U << 31 | 0xFFU)) != c) break;
      const bool has_value = units_[node] >> 8 & 1;
      node ^= offset(units_[node]);
      if (has_value) best = {at + 1, std::string(texts_.c_str() + (units_[node] & ~(1U << 31)))};
    }
    return best;
  }

 private:
  static std::size_t offset(std::uint32_t unit) { return unit >> 10 << (unit >> 6 & 8); }
  std::vector<std::uint32_t> units_;
  std::string texts_;
};

TEST(Charsmap, FindsEveryKeyAndNothingElse) {
  Replacements map{{"ﬁ", "fi"}, {"Ａ", "A"}, {"Ａ\u0301", "Á"}, {"\u00A0", " "}, {"\u200B", ""}};
  for (std::uint32_t i = 0; i < 3000; ++i)
    map.try_emplace("k" + std::to_string(i * 7919), "v" + std::to_string(i % 50));
  const Reader reader(build_charsmap(map));
  for (const auto& [from, to] : map) {
    const auto [size, text] = reader.longest(from + "!");
    EXPECT_EQ(size, from.size()) << from;
    EXPECT_EQ(text, to) << from;
  }
  EXPECT_EQ(reader.longest("q").first, 0U);
  EXPECT_EQ(reader.longest("k").first, 0U);
  EXPECT_EQ(reader.longest("\u00A1").first, 0U);
  EXPECT_EQ(build_charsmap(map), build_charsmap(map));
}

TEST(Charsmap, ComposesLettersAndKeepsWhatWasGiven) {
  Replacements map{{"e\u0301", "given"}};
  add_compositions(map);
  EXPECT_EQ(map["e\u0301"], "given");
  EXPECT_EQ(map["e\u0300"], "è");
  EXPECT_EQ(map["C\u0327"], "Ç");
}

TEST(E5, RefusesOtherFilesAndCutOnes) {
  const test::Scratch scratch;
  test::write_file(scratch.path("a"), "GGUF....");
  EXPECT_EQ(e5_to_gguf(scratch.path("a"), scratch.path("out")).error().detail, "not_e5");
  test::write_file(scratch.path("b"), std::string("E5S1") + std::string(60, '\x01'));
  EXPECT_EQ(e5_to_gguf(scratch.path("b"), scratch.path("out")).error().detail, "damaged");
  EXPECT_EQ(e5_to_gguf(scratch.path("none"), scratch.path("out")).error().code, Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(scratch.path("out")));
}

}  // namespace
}  // namespace bastide::models::convert
