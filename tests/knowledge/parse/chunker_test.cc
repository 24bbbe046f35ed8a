#include "knowledge/parse/chunker.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "knowledge/parse/sentences.h"

namespace bastide::knowledge::parse {
namespace {

std::string words(std::size_t count, const std::string& word = "mot") {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += i % 12 == 0 ? ". Le " : " ";
    out += word + std::to_string(i);
  }
  return out + ".";
}

ParsedDocument document_of(std::vector<Block> blocks) {
  ParsedDocument document;
  document.blocks = std::move(blocks);
  place_blocks(document);
  return document;
}

Block block(BlockKind kind, std::string text, int level = 0) {
  Block out;
  out.kind = kind;
  out.level = static_cast<std::uint8_t>(level);
  out.text = std::move(text);
  return out;
}

// What every result must hold, whatever the document.
void check(const ParsedDocument& document, const std::vector<Chunk>& chunks) {
  auto whole = whole_text(document);
  std::size_t reached = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto& chunk = chunks[i];
    EXPECT_EQ(chunk.index, i);
    EXPECT_LE(reached, chunk.range.start);
    // Nothing but the space between blocks and pieces is left out.
    EXPECT_EQ(trim(slice(whole, {reached, chunk.range.start})), "") << i;
    reached = chunk.range.end;
    auto own = std::string(chunk.text).substr(byte_of_code_point(chunk.text, chunk.prefix));
    EXPECT_EQ(own, slice(whole, chunk.range));
    EXPECT_LT(chunk.first_block, chunk.end_block);
  }
  EXPECT_EQ(reached, count_code_points(whole));
}

TEST(Chunker, HeadingsStartChunksAndGiveThePath) {
  auto document =
      document_of({block(BlockKind::heading, "Guide", 1), block(BlockKind::heading, "Congés", 2),
                   block(BlockKind::paragraph, words(150)), block(BlockKind::heading, "Primes", 2),
                   block(BlockKind::paragraph, words(150)), block(BlockKind::heading, "Annexe", 1),
                   block(BlockKind::paragraph, words(130))});
  auto chunks = chunk_document(document, "fichier.pdf");
  check(document, chunks);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].section, "Guide › Congés");
  EXPECT_EQ(chunks[1].section, "Guide › Primes");
  EXPECT_EQ(chunks[2].section, "Annexe");
  EXPECT_EQ(chunks[0].title, "fichier.pdf");
  EXPECT_TRUE(chunks[1].text.starts_with("Primes\n\n"));
}

TEST(Chunker, SmallNeighboursAreMergedLongParagraphsCut) {
  std::vector<Block> blocks{block(BlockKind::heading, "A", 1)};
  for (int i = 0; i < 20; ++i) blocks.push_back(block(BlockKind::paragraph, words(40)));
  blocks.push_back(block(BlockKind::paragraph, words(1000)));
  auto document = document_of(std::move(blocks));
  auto chunks = chunk_document(document);
  check(document, chunks);
  for (const auto& chunk : chunks) {
    EXPECT_LE(count_words(chunk.text), 350U);
    EXPECT_GE(count_words(chunk.text), 60U);
  }
}

TEST(Chunker, ATableTooLongRepeatsItsHeader) {
  std::string table = "Nom | Montant";
  for (int i = 0; i < 600; ++i) table += "\nLigne" + std::to_string(i) + " | " + std::to_string(i * 10);
  auto document = document_of({block(BlockKind::paragraph, "Avant."), block(BlockKind::table, table)});
  document.blocks[1].header_rows = 1;
  auto chunks = chunk_document(document);
  check(document, chunks);
  ASSERT_GT(chunks.size(), 3U);
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    EXPECT_TRUE(chunks[i].text.starts_with("Nom | Montant\nLigne")) << chunks[i].text.substr(0, 40);
    EXPECT_EQ(chunks[i].prefix, 14U);
  }
  // Where a row stands in the whole text.
  const auto& last = chunks.back();
  auto at = count_code_points(std::string_view(last.text).substr(0, last.text.find("Ligne599")));
  EXPECT_EQ(slice(whole_text(document), to_document(last, {at, at + 8})), "Ligne599");
  EXPECT_EQ(to_document(last, {0, 3}).start, last.range.start);
}

TEST(Chunker, ListsStayWholeWithTheirAnnouncement) {
  std::vector<Block> blocks{block(BlockKind::paragraph, words(200)),
                            block(BlockKind::paragraph, "Pièces à fournir :")};
  for (int i = 0; i < 15; ++i) blocks.push_back(block(BlockKind::list_item, words(6), 1));
  auto document = document_of(std::move(blocks));
  auto chunks = chunk_document(document);
  check(document, chunks);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_TRUE(chunks[1].text.starts_with("Pièces à fournir :"));
  EXPECT_EQ(chunks[1].end_block - chunks[1].first_block, 16U);
}

TEST(Chunker, SlidesAreNotMixed) {
  auto first = block(BlockKind::paragraph, "Un.");
  first.page = 1;
  auto second = block(BlockKind::paragraph, "Deux.");
  second.page = 2;
  auto document = document_of({first, second});
  document.pages.resize(2);
  EXPECT_EQ(chunk_document(document).size(), 2U);
  document.pages[0].width = document.pages[1].width = 595;  // pages that text flows over
  EXPECT_EQ(chunk_document(document).size(), 1U);
}

TEST(Chunker, TextWithoutAnyStopIsCut) {
  std::string endless;
  for (int i = 0; i < 5000; ++i) endless += "jeton" + std::to_string(i) + ' ';
  endless.pop_back();
  auto document = document_of(
      {block(BlockKind::paragraph, endless), block(BlockKind::paragraph, std::string(100'000, 'x'))});
  auto chunks = chunk_document(document);
  check(document, chunks);
  for (const auto& chunk : chunks) EXPECT_LE(chunk.text.size(), 102'000U);
  EXPECT_GT(chunks.size(), 15U);
}

TEST(Chunker, NothingGivesNothing) { EXPECT_TRUE(chunk_document({}).empty()); }

}  // namespace
}  // namespace bastide::knowledge::parse
