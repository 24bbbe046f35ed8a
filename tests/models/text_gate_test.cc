#include "models/local/text_gate.h"

#include <gtest/gtest.h>

namespace bastide::models::local {
namespace {

std::string whole(TextGate& gate, std::string_view bytes, std::size_t piece) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) out += gate.feed(bytes.substr(at, piece));
  return out + gate.finish();
}

TEST(TextGate, ShowsOnlyWholeCharacters) {
  const std::string text = "é€😀z";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    TextGate gate({});
    EXPECT_EQ(whole(gate, text, piece), text);
  }
  TextGate gate({});
  EXPECT_EQ(gate.feed("a\xF0\x9F"), "a");
  EXPECT_EQ(gate.feed("\x98\x80"), "😀");
}

TEST(TextGate, ReplacesMalformedBytes) {
  TextGate gate({});
  std::string out = gate.feed(
      "a\xFF"
      "b");
  out += gate.feed("\xE2\x82");
  out += gate.finish();
  EXPECT_EQ(out, "a\uFFFDb\uFFFD");
}

TEST(TextGate, NeverShowsAPartOfAStopWord) {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    TextGate gate({"</end>", "STOP"});
    std::string shown;
    for (std::string_view rest = "abc</en no </end> hidden"; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      shown += gate.feed(rest.substr(0, piece));
      EXPECT_EQ(std::string("abc</en no ").substr(0, shown.size()), shown);
    }
    EXPECT_TRUE(gate.stopped());
    EXPECT_EQ(shown + gate.finish(), "abc</en no ");
  }
}

TEST(TextGate, GivesBackWhatLookedLikeAStopWord) {
  TextGate gate({"</end>"});
  EXPECT_EQ(gate.feed("x</en"), "x");
  EXPECT_EQ(gate.finish(), "</en");
  EXPECT_FALSE(gate.stopped());
}

TEST(TextGate, TheEarliestStopWordWins) {
  TextGate gate({"late", "early"});
  EXPECT_EQ(gate.feed("so early or late"), "so ");
  EXPECT_TRUE(gate.stopped());
}

}  // namespace
}  // namespace bastide::models::local
