#include <gtest/gtest.h>

#include "identity/normalise.h"
#include "identity/password_rules.h"
#include "identity/throttle.h"

namespace bastide::identity {
namespace {
using std::chrono::seconds;

TEST(Normalise, EmailsHaveOneForm) {
  EXPECT_EQ(normalise_email(" Anne.Durand@Example.ORG ").value(), "anne.durand@example.org");
  EXPECT_EQ(normalise_email("a+b@sub.example.org").value(), "a+b@sub.example.org");
  EXPECT_EQ(normalise_email("root@localhost").value(), "root@localhost");
  EXPECT_EQ(normalise_email("E\u0301lise@example.org").value(), "\u00e9lise@example.org");
  for (const auto* bad :
       {"", "anne", "@example.org", "anne@", "a b@example.org", "a@b@c.org", "anne@-x.org", "anne@a..b",
        "anne@exam_ple.org", "a\n@example.org", "anne@example.org\xff", "\"a\"@example.org"})
    EXPECT_FALSE(normalise_email(bad)) << bad;
  EXPECT_FALSE(normalise_email(std::string(300, 'a') + "@example.org"));
}

TEST(Normalise, NamesArePrintable) {
  EXPECT_EQ(normalise_name("  Zoe\u0308 ", 10).value(), "Zo\u00eb");
  EXPECT_FALSE(normalise_name("   ", 10));
  EXPECT_FALSE(normalise_name("a\nb", 10));
  EXPECT_FALSE(normalise_name("abcdefghijk", 10));
  EXPECT_TRUE(normalise_name("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 10));
  EXPECT_FALSE(normalise_name("\xc3\x28", 10));
}

TEST(Normalise, WordsForSearch) {
  EXPECT_EQ(search_words("Jean-Marie  Lef\u00e8vre (DSI)"), "jean marie lefevre dsi");
  EXPECT_EQ(search_words(" \"* "), "");
  EXPECT_EQ(fold("STRA\u00dfE"), "strasse");
}

TEST(Normalise, PasswordsAreComposed) {
  EXPECT_EQ(normalise_password("caf\u0065\u0301"), normalise_password("caf\u00e9"));
  EXPECT_NE(normalise_password("Cafe"), normalise_password("cafe"));
}

std::string verdict(std::string_view password) {
  auto checked = check_password(password, "anne.durand@example.org", "Anne Durand");
  return checked ? "fine" : checked.error().detail;
}

TEST(PasswordRules, TakeWhatIsHardToGuess) {
  for (const auto* fine : {"correct horse battery staple", "q8Jz!pw-03xL", "le chat dort sous la table",
                           "petite montagne verte", "xkcd-936-rocks!", "zarbi&couture7"})
    EXPECT_EQ(verdict(fine), "fine") << fine;
}

TEST(PasswordRules, RefuseWhatIsGuessedFirst) {
  EXPECT_EQ(verdict("short"), "password_short");
  EXPECT_EQ(verdict("\u00e9\u00e9\u00e9\u00e9\u00e9"), "password_short");  // ten bytes, five characters
  EXPECT_EQ(verdict(std::string(2000, 'x')), "password_long");
  EXPECT_EQ(verdict("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "password_invalid");
  for (const auto* own :
       {"anne.durand@example.org", "anne.durand1", "AnneDurand!", "anne durand", "durand2026!"})
    EXPECT_EQ(verdict(own), "password_own") << own;
  for (const auto* common : {"password123", "Password2026!", "motdepasse1", "1234567890", "azertyuiop",
                             "qwertyuiop!1", "aaaaaaaaaa", "abababababab", "01/02/1990", "welcome2026!",
                             "adminadmin", "BonjourBonjour", "bastide2026", "abcdefghij", "testtest1234"})
    EXPECT_EQ(verdict(common), "password_common") << common;
}

class ThrottleTest : public testing::Test {
 protected:
  UnixMillis now_ = 1'000'000;
  Throttle throttle_{[this] { return now_; }};
};

TEST_F(ThrottleTest, LocksAnAccountForLongerAndLonger) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(throttle_.begin("anne", "10.0.0." + std::to_string(i)), seconds(0));
  EXPECT_EQ(throttle_.begin("anne", "10.0.1.1"), seconds(2));
  EXPECT_EQ(throttle_.wait("anne", "10.0.1.1"), seconds(2));
  EXPECT_EQ(throttle_.begin("bob", "10.0.1.1"), seconds(0));
  now_ += 2'000;
  EXPECT_EQ(throttle_.begin("anne", "10.0.1.2"), seconds(0));
  EXPECT_EQ(throttle_.begin("anne", "10.0.1.2"), seconds(4));
  now_ += 4'000;
  EXPECT_EQ(throttle_.begin("anne", "10.0.1.3"), seconds(0));
  EXPECT_EQ(throttle_.begin("anne", "10.0.1.3"), seconds(8));
  for (int i = 0; i < 20; ++i) {
    now_ += 15 * 60'000;
    (void)throttle_.begin("anne", "10.0.2." + std::to_string(i));
  }
  EXPECT_LE(throttle_.wait("anne", "x"), seconds(15 * 60));
}

TEST_F(ThrottleTest, SuccessClearsTheAccount) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(throttle_.begin("anne", "10.0.0.1"), seconds(0));
  throttle_.succeeded("anne", "10.0.0.1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(throttle_.begin("anne", "10.0.0.1"), seconds(0));
  EXPECT_GT(throttle_.begin("anne", "10.0.0.1"), seconds(0));
}

TEST_F(ThrottleTest, FailuresAreForgotten) {
  for (int i = 0; i < 4; ++i) (void)throttle_.begin("anne", "10.0.0.1");
  now_ += 4 * 15 * 60'000;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(throttle_.begin("anne", "10.0.0.1"), seconds(0));
}

TEST_F(ThrottleTest, LocksAnAddressThatTriesManyAccounts) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(throttle_.begin(std::to_string(i), "2001:db8::1"), seconds(0));
  EXPECT_GT(throttle_.begin("other", "2001:db8::2"), seconds(0));  // the same /64
  EXPECT_EQ(throttle_.begin("other", "2001:db8:0:1::2"), seconds(0));
  EXPECT_EQ(throttle_.begin("other", "10.0.0.1"), seconds(0));
  for (int i = 0; i < 20; ++i) (void)throttle_.begin("v4 " + std::to_string(i), "::ffff:10.0.0.2");
  EXPECT_GT(throttle_.begin("other", "10.0.0.2"), seconds(0));
}

TEST(ThrottleBounds, MemoryIsBounded) {
  Throttle::Limits limits;
  limits.entries_max = 10;
  Throttle throttle([] { return UnixMillis{1}; }, limits);
  for (int i = 0; i < 1000; ++i) (void)throttle.begin(std::to_string(i), std::to_string(i));
  EXPECT_EQ(throttle.begin("999", "fresh"), seconds(0));
}

}  // namespace
}  // namespace bastide::identity
