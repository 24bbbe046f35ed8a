// Word recall against the expected Markdown of a public set, through the sandboxed process.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <string>

#include "tests/knowledge/parse/make.h"

namespace bastide::knowledge::parse {
namespace {

std::map<std::string, int> words_of(std::string_view text) {
  std::map<std::string, int> out;
  std::string word;
  auto end = [&] {
    // Two letters or more: marks of Markdown and of formulas are not what is measured.
    if (word.size() > 1) ++out[word];
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    auto byte = static_cast<unsigned char>(c);
    // Dashes and quotes (U+2000 to U+207F) separate.
    if (text.substr(i, 2) == "\xE2\x80" || text.substr(i, 2) == "\xE2\x81") {
      i += 2;
      end();
    } else if (byte >= 0x80 || std::isalnum(byte) != 0)
      word += static_cast<char>(std::tolower(byte));
    else
      end();
  }
  end();
  return out;
}

// The part of the expected words that was found.
double recall(const std::string& expected, const std::string& found) {
  auto want = words_of(expected);
  auto have = words_of(found);
  double total = 0;
  double hit = 0;
  for (const auto& [word, count] : want) {
    total += count;
    hit += std::min(count, have.contains(word) ? have[word] : 0);
  }
  return total == 0 ? 1 : hit / total;
}

struct Family {
  const char* folder;
  double median_min;
};

class Docling : public testing::TestWithParam<Family> {};

TEST_P(Docling, WordsAreFound) {
  auto folder = test::docling_folder();
  if (folder.empty()) GTEST_SKIP() << "no data";
  std::vector<double> recalls;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder + "/" + GetParam().folder + "/sources")) {
    auto truth_folder = std::filesystem::path(folder) / GetParam().folder / "groundtruth";
    auto truth = truth_folder / (entry.path().filename().string() + ".md");
    if (!std::filesystem::exists(truth)) truth = truth_folder / (entry.path().stem().string() + ".md");
    if (!std::filesystem::exists(truth)) continue;
    ParseRequest request;
    request.path = entry.path();
    request.name = entry.path().filename();
    auto document = parse_file(request, test::nursery());
    EXPECT_TRUE(document) << request.name << ": " << document.error().message;
    if (!document) continue;
    recalls.push_back(recall(test::read_whole(truth), whole_text(*document)));
    // Every line's box is on its page, and every range in its block.
    for (const auto& block : document->blocks)
      for (const auto& line : block.lines) {
        ASSERT_GE(line.range.start, block.start);
        ASSERT_LE(line.range.end, block.start + block.length);
        ASSERT_LE(line.x0, line.x1);
      }
  }
  if (recalls.empty()) GTEST_SKIP() << "no data";
  std::ranges::sort(recalls);
  EXPECT_GE(recalls[recalls.size() / 2], GetParam().median_min) << GetParam().folder;
}

INSTANTIATE_TEST_SUITE_P(Families, Docling,
                         testing::Values(Family{"pdf", .95}, Family{"docx", .97}, Family{"pptx", .95},
                                         Family{"xlsx", .75}, Family{"odf", .95}, Family{"html", .95},
                                         Family{"md", .97}, Family{"csv", .97}, Family{"epub", .95}),
                         [](const auto& one) { return std::string(one.param.folder); });

TEST(DoclingErrors, PasswordsScansAndOldFormats) {
  auto folder = test::docling_folder();
  if (folder.empty()) GTEST_SKIP() << "no data";
  auto detail_of = [&](const std::string& path) {
    if (!std::filesystem::exists(folder + path)) return std::string("no data");
    ParseRequest request;
    request.path = folder + path;
    request.name = path.substr(path.rfind('/') + 1);
    auto document = parse_file(request, test::nursery());
    return document ? std::string("none") : document.error().detail;
  };
  EXPECT_EQ(detail_of("/pdf_password/sources/2206.01062_pg3.pdf"), "password_protected");
  EXPECT_EQ(detail_of("/ocr/sources/ocr_test.pdf"), "no_text");
  EXPECT_EQ(detail_of("/doc/sources/legacy_sample.doc"), "unsupported_type");
  EXPECT_EQ(detail_of("/xls/sources/legacy_sample.xls"), "unsupported_type");
  EXPECT_EQ(detail_of("/tiff/sources/2206.01062.tif"), "unsupported_type");
}

}  // namespace
}  // namespace bastide::knowledge::parse
