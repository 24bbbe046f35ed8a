#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/time.h"

namespace bastide {
namespace {

TEST(Id, sorts_in_the_order_of_making) {
  auto before = new_id("x");
  for (int i = 0; i < 5000; ++i) {
    auto id = new_id("x");
    ASSERT_LT(before, id);
    before = id;
  }
  EXPECT_TRUE(is_id(before, "x"));
  EXPECT_FALSE(is_id(before, "y"));
  EXPECT_FALSE(is_id("x_../../../../etc/passwd00000", "x"));
}

TEST(Time, writes_rfc_3339) { EXPECT_EQ(rfc3339(1795340467250), "2026-11-22T09:41:07.250Z"); }

TEST(Text, counts_and_repairs) {
  EXPECT_EQ(count_code_points("é€𝄞a"), 4U);
  EXPECT_EQ(byte_of_code_point("é€𝄞a", 2), 5U);
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_EQ(to_valid_utf8("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(utf8_prefix("aé", 2), "a");
  EXPECT_EQ(incomplete_utf8_tail("a\xE2\x82"), 2U);
  EXPECT_EQ(incomplete_utf8_tail("a€"), 0U);
}

TEST(Json, writes_what_parses_back) {
  JsonWriter json;
  json.object()
      .field("a", "q\"\\\n\x01é")
      .key("b")
      .array()
      .value(1)
      .value(true)
      .null()
      .value(1.5)
      .end()
      .end();
  auto parsed = parse_json(json.text());
  ASSERT_TRUE(parsed);
  EXPECT_EQ((*parsed)["a"], "q\"\\\n\x01é");
  EXPECT_EQ((*parsed)["b"].size(), 4U);
}

TEST(Json, refuses_depth_and_malformed_text) {
  EXPECT_EQ(parse_json(std::string(100000, '[')).error().detail, "json_too_deep");
  EXPECT_EQ(parse_json("{\"a\":}").error().detail, "json_malformed");
  EXPECT_FALSE(parse_json("\"\xFF\""));
  EXPECT_EQ(parse_json("[2e777777]").error().detail, "json_malformed");
}

TEST(Crypto, known_values) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(unbase64("YW55IGNhcm5hbCBwbGVhcw==").value(), "any carnal pleas");
  EXPECT_EQ(unhex(hex("\x00\xffz")).value(), std::string("\x00\xffz"));
}

TEST(Crypto, seals_under_key_and_context) {
  auto key = random_bytes(32);
  auto sealed = seal(key, "secret", "conversation 1");
  EXPECT_EQ(open_sealed(key, sealed, "conversation 1").value(), "secret");
  EXPECT_FALSE(open_sealed(key, sealed, "conversation 2"));
  sealed.back() ^= 1;
  EXPECT_FALSE(open_sealed(key, sealed, "conversation 1"));
}

TEST(Crypto, passwords) {
  auto hash = hash_password("correct horse").value();
  EXPECT_TRUE(verify_password(hash, "correct horse"));
  EXPECT_FALSE(verify_password(hash, "wrong"));
}

TEST(Metrics, writes_prometheus_text) {
  Metrics metrics;
  metrics.counter("c_total", "help", "a=\"b\"").add(2);
  metrics.histogram("h_seconds", "help").observe(0.00015);
  auto text = metrics.text();
  EXPECT_NE(text.find("c_total{a=\"b\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_bucket{le=\"0.0002\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_count 1\n"), std::string::npos);
}

}  // namespace
}  // namespace bastide
