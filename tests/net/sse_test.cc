#include "net/sse.h"

#include <gtest/gtest.h>

namespace bastide::net {
namespace {

std::vector<SseEvent> parse(std::string_view bytes, std::size_t piece) {
  SseParser parser;
  std::vector<SseEvent> out;
  while (!bytes.empty()) {
    EXPECT_TRUE(parser.feed(bytes.substr(0, piece), out));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return out;
}

TEST(SseParser, FollowsTheStandardHoweverBytesAreSplit) {
  std::string_view bytes =
      "\xEF\xBB\xBF: comment\n"
      "data: one\ndata:two\ndata\n\n"
      "event: add\r\nid: 7\r\ndata:  spaced \xc3\xa9\r\n\r\n"
      "id: 8\n\n"        // no data: not dispatched, its id stays
      "event: lost\n\n"  // nor this, and its name does not stay
      "data: cr\rdata: only\r\r"
      "id: a\0b\ndata: n\n\n"
      "retry: 5\nunknown: x\ndata:\n\n"
      "id\ndata: reset\n\n"
      "data: never ended\n";
  bytes = std::string_view(bytes.data(), sizeof("\xEF\xBB\xBF: comment\n"
                                                "data: one\ndata:two\ndata\n\n"
                                                "event: add\r\nid: 7\r\ndata:  spaced \xc3\xa9\r\n\r\n"
                                                "id: 8\n\n"
                                                "event: lost\n\n"
                                                "data: cr\rdata: only\r\r"
                                                "id: a\0b\ndata: n\n\n"
                                                "retry: 5\nunknown: x\ndata:\n\n"
                                                "id\ndata: reset\n\n"
                                                "data: never ended\n") -
                                             1);
  for (std::size_t piece : {1, 2, 3, 5, 7, 1000}) {
    auto events = parse(bytes, piece);
    ASSERT_EQ(events.size(), 6U) << piece;
    EXPECT_EQ(events[0].data, "one\ntwo\n");
    EXPECT_EQ(events[0].event, "");
    EXPECT_EQ(events[1].event, "add");
    EXPECT_EQ(events[1].id, "7");
    EXPECT_EQ(events[1].data, " spaced \xc3\xa9");
    EXPECT_EQ(events[2].data, "cr\nonly");
    EXPECT_EQ(events[2].event, "");
    EXPECT_EQ(events[2].id, "8");
    EXPECT_EQ(events[3].data, "n");
    EXPECT_EQ(events[3].id, "8") << "an id with NUL is ignored";
    EXPECT_EQ(events[4].data, "");
    EXPECT_EQ(events[5].id, "");
  }
}

TEST(SseParser, KnowsWhenAStreamWasCut) {
  SseParser parser;
  std::vector<SseEvent> out;
  ASSERT_TRUE(parser.feed("data: x\n\n", out));
  EXPECT_FALSE(parser.has_partial());
  ASSERT_TRUE(parser.feed("data: half", out));
  EXPECT_TRUE(parser.has_partial());
  ASSERT_TRUE(parser.feed("\n", out));
  EXPECT_TRUE(parser.has_partial());
}

TEST(SseParser, BoundsAnEvent) {
  SseParser parser(100);
  std::vector<SseEvent> out;
  Result<void> fed;
  for (int i = 0; i < 30 && fed; ++i) fed = parser.feed("data: 0123456789\n", out);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::too_large);
  SseParser line(100);
  EXPECT_FALSE(line.feed(std::string(200, 'x'), out));
}

TEST(SseText, ComesBackThroughTheParser) {
  auto bytes = sse_text("a\nb\r\n\nc", "name\nx", "4\r2") + sse_text("", {}, {});
  auto events = parse(bytes, 1);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].data, "a\nb\n\nc");
  EXPECT_EQ(events[0].event, "namex");
  EXPECT_EQ(events[0].id, "42");
  EXPECT_EQ(events[1].data, "");
}

}  // namespace
}  // namespace bastide::net
