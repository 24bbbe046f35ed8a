#include "knowledge/parse/document.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace bastide::knowledge::parse {
namespace {

ParsedDocument sample() {
  ParsedDocument document;
  document.media_type = "application/pdf";
  document.title = "Été";
  document.language = "fr";
  document.pages = {{595, 842, ""}, {842, 595, "Deux"}};
  document.metadata = {{"author", "Zoé"}};
  document.warnings = {"pages_without_text"};
  document.blocks.push_back({BlockKind::heading, 1, 1, 0, 0, "Été", 0, {}});
  Block paragraph{BlockKind::paragraph, 0, 1, 0, 0, "Deux mots là", 0, {}};
  paragraph.lines.push_back({{0, 12}, 1, 100, 50, 220, 62, {{0, 100}, {5, 150}, {10, 200}}});
  document.blocks.push_back(paragraph);
  document.blocks.push_back({BlockKind::table, 0, 2, 0, 0, "a | b\n1 | 2", 1, {}});
  place_blocks(document);
  return document;
}

TEST(Document, OffsetsCountCodePointsOfTheWholeText) {
  auto document = sample();
  auto whole = whole_text(document);
  EXPECT_EQ(whole, "Été\n\nDeux mots là\n\na | b\n1 | 2");
  EXPECT_EQ(document.blocks[1].start, 5U);
  EXPECT_EQ(document.blocks[2].start, 19U);
  for (const auto& block : document.blocks) EXPECT_EQ(slice(whole, block.range()), block.text);
  EXPECT_EQ(document.blocks[1].lines[0].range, (TextRange{5, 17}));
  place_blocks(document);  // again changes nothing
  EXPECT_EQ(document.blocks[1].lines[0].range, (TextRange{5, 17}));
}

TEST(Document, BoxesAreCutToTheWords) {
  auto document = sample();
  auto boxes = boxes_of(document, {10, 14});  // "mots"
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_FLOAT_EQ(boxes[0].x0, 150);
  EXPECT_NEAR(boxes[0].x1, 190, 0.01);  // four of five letters' room between 150 and 200
  EXPECT_FLOAT_EQ(boxes[0].y0, 50);
  EXPECT_TRUE(boxes_of(document, {0, 3}).empty());
  EXPECT_TRUE(boxes_of(document, {500, 600}).empty());
}

TEST(Document, IsReadAsWritten) {
  auto document = sample();
  auto bytes = write_document(document);
  auto again = read_document(bytes);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->title, "Été");
  EXPECT_EQ(again->pages.size(), 2U);
  EXPECT_FLOAT_EQ(again->pages[1].width, 842);
  EXPECT_EQ(again->metadata, document.metadata);
  EXPECT_EQ(again->warnings, document.warnings);
  EXPECT_EQ(whole_text(*again), whole_text(document));
  EXPECT_EQ(again->blocks[1].lines[0].words.size(), 3U);
  EXPECT_FLOAT_EQ(again->blocks[1].lines[0].words[2].x, 200);
  EXPECT_EQ(again->blocks[2].header_rows, 1U);
  EXPECT_EQ(write_document(*again), bytes);
}

TEST(Document, DamagedBytesAreRefused) {
  auto bytes = write_document(sample());
  EXPECT_FALSE(read_document(""));
  EXPECT_FALSE(read_document("BDOC"));
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(read_document(bytes.substr(0, size)));
  EXPECT_FALSE(read_document(bytes + "x"));
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto broken = bytes;
    for (int n = 0; n < 3; ++n) broken[random() % broken.size()] = static_cast<char>(random());
    if (auto document = read_document(broken)) (void)boxes_of(*document, {0, 100});
  }
}

}  // namespace
}  // namespace bastide::knowledge::parse
