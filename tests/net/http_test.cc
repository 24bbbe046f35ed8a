#include "net/http.h"

#include <gtest/gtest.h>

namespace bastide::net {
namespace {

TEST(Headers, CompareWithoutCaseAndKeepOrder) {
  Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.find("a"), "1");
  EXPECT_FALSE(headers.find("c"));
  headers.set("B", "4");
  EXPECT_EQ(headers.all().back().value, "4");
  EXPECT_EQ(headers.all().size(), 3U);
  headers.remove("A");
  EXPECT_EQ(headers.all().size(), 1U);
}

TEST(Percent, DecodesAndEncodes) {
  EXPECT_EQ(percent_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
  for (auto bad : {"%", "%1", "%g0", "%0g", "a%2"}) EXPECT_FALSE(percent_decode(bad)) << bad;
  EXPECT_EQ(percent_encode("a b/\xc3\xa9~"), "a%20b%2F%C3%A9~");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

TEST(Request, FindsParameters) {
  Request request;
  request.query = "a=1&b=x%20y+z&c&d=&e=%zz&a=2";
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("b"), "x y z");
  EXPECT_EQ(request.parameter("c"), "");
  EXPECT_EQ(request.parameter("d"), "");
  EXPECT_FALSE(request.parameter("e"));
  EXPECT_FALSE(request.parameter("f"));
}

}  // namespace
}  // namespace bastide::net
