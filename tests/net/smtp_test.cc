#include "net/smtp.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/net/mail_server.h"

namespace bastide::net::test {
namespace {

// What AUTH PLAIN says (RFC 4616): "\0bastide\0a secret", in base64. LOGIN says the two apart.
constexpr std::string_view plain_words = "AGJhc3RpZGUAYSBzZWNyZXQ=";
constexpr std::string_view password_word = "YSBzZWNyZXQ=";
constexpr auto letter = "Subject: A budget\r\n\r\n.first\r\nThe end\r\n";

class SmtpTest : public testing::Test {
 protected:
  MailConfig config(const MailServer& server) {
    MailConfig out;
    out.host = "127.0.0.1";
    out.port = server.port();
    out.ca_file = files.ca_file();
    out.from = "bastide@example.org";
    out.user = "bastide";
    out.password = Secret{"a secret"};
    return out;
  }
  /// The detail of the error; empty when the letter was taken.
  static std::string sent(MailConfig config) {
    const auto done = Smtp(std::move(config)).send("claire@example.org", letter);
    return done ? std::string() : done.error().detail;
  }
  /// Whether the credentials, in any of their forms, came in clear.
  static bool gave_away(const MailServer& server) {
    return std::ranges::any_of(server.lines(), [](const MailServer::Line& line) {
      return !line.is_secret &&
             (line.text.starts_with("AUTH") || line.text.find("secret") != std::string::npos ||
              line.text.find(plain_words) != std::string::npos ||
              line.text.find(password_word) != std::string::npos);
    });
  }
  static bool heard(const MailServer& server, std::string_view text) {
    return std::ranges::any_of(server.lines(),
                               [&](const auto& line) { return line.text.find(text) != std::string::npos; });
  }
  /// Of a server that is not believed: nothing but greetings in clear.
  static void expect_nothing_told(const MailServer& server) {
    for (const auto& line : server.lines())
      EXPECT_TRUE(line.text.starts_with("EHLO") || line.text.starts_with("HELO") || line.text == "STARTTLS" ||
                  line.text == "QUIT")
          << line.text;
    EXPECT_TRUE(server.letters().empty());
  }

  TlsFolder files{"DNS:localhost,IP:127.0.0.1"};
};

TEST_F(SmtpTest, SignsInAfterStartTlsOnly) {
  for (const auto* way : {"PLAIN", "LOGIN", "PLAIN LOGIN"}) {
    SCOPED_TRACE(way);
    const MailServer server(files, {.signs_in = way});
    EXPECT_EQ(sent(config(server)), "");
    EXPECT_FALSE(gave_away(server));
    EXPECT_TRUE(heard(server, std::string_view(way) == "LOGIN" ? password_word : plain_words));
    ASSERT_EQ(server.letters().size(), 1U);
    EXPECT_EQ(server.letters()[0], letter);
    for (const auto& line : server.lines())
      EXPECT_TRUE(line.is_secret || line.text.starts_with("EHLO") || line.text == "STARTTLS") << line.text;
  }
}

TEST_F(SmtpTest, WithoutAnAccountNobodySignsIn) {
  const MailServer server(files, {});
  auto anonymous = config(server);
  anonymous.user.clear();
  anonymous.password = {};
  EXPECT_EQ(sent(anonymous), "");
  EXPECT_FALSE(heard(server, "AUTH"));
  EXPECT_EQ(server.letters().size(), 1U);
}

TEST_F(SmtpTest, ACertificateOfAnUnknownAuthorityIsRefused) {
  const TlsFolder others("IP:127.0.0.1");
  const MailServer server(others, {});
  EXPECT_EQ(sent(config(server)), "mail_tls");
  expect_nothing_told(server);
}

TEST_F(SmtpTest, ACertificateOfAnotherNameIsRefused) {
  const TlsFolder named("DNS:elsewhere.example");
  const MailServer server(named, {});
  auto trusting = config(server);
  trusting.ca_file = named.ca_file();
  EXPECT_EQ(sent(trusting), "mail_tls");
  expect_nothing_told(server);
}

TEST_F(SmtpTest, WithoutTheSystemsTrustASelfMadeCertificateIsRefused) {
  const MailServer server(files, {});
  auto trusting = config(server);
  trusting.ca_file.clear();
  EXPECT_EQ(sent(trusting), "mail_tls");
  expect_nothing_told(server);
}

// Who sits between takes the offer out of the greeting, or refuses it.
TEST_F(SmtpTest, WithoutTlsNothingIsTold) {
  const MailServer stripped(files, {.offers_tls = false});
  EXPECT_EQ(sent(config(stripped)), "mail_tls");
  expect_nothing_told(stripped);
  for (const auto* refusal : {"454 not now", "502 what", "530 no"}) {
    SCOPED_TRACE(refusal);
    const MailServer server(files, {.tls_reply = refusal});
    EXPECT_EQ(sent(config(server)), "mail_tls") << "a letter that is given up for it would be lost";
    expect_nothing_told(server);
  }
}

// Words that were put behind the answer in clear are not heard as if they came over TLS (CVE-2011-0411's
// kind).
TEST_F(SmtpTest, WordsFromBeforeTlsAreNotBelievedAfterIt) {
  const MailServer server(files, {.tls_reply = "220 go ahead\r\n250-mail.example\r\n250 AUTH PLAIN"});
  EXPECT_NE(sent(config(server)), "");
  EXPECT_FALSE(gave_away(server));
  EXPECT_TRUE(server.letters().empty());
}

TEST_F(SmtpTest, ARefusedSignInIsTheConfigurationsFaultNotTheLetters) {
  for (const auto* refusal : {"535 wrong", "454 not now"}) {
    SCOPED_TRACE(refusal);
    const MailServer server(files, {.sign_in_reply = refusal});
    const auto done = Smtp(config(server)).send("claire@example.org", letter);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::upstream);
    EXPECT_EQ(done.error().detail, "mail_sign_in");
    EXPECT_EQ(done.error().message.find("secret"), std::string::npos);
  }
  const MailServer wants(files, {.signs_in = "", .mail_reply = "530 sign in first"});
  EXPECT_EQ(sent(config(wants)), "mail_sign_in");
}

TEST_F(SmtpTest, ALetterThatIsRefusedForGoodIsGivenUp) {
  const MailServer::Ways ways[] = {
      {.mail_reply = "550 not you"}, {.recipient_reply = "550 nobody"}, {.end_reply = "554 no"}};
  for (const auto& way : ways) {
    const MailServer server(files, way);
    const auto done = Smtp(config(server)).send("claire@example.org", letter);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::invalid);
    EXPECT_EQ(done.error().detail, "letter_refused");
  }
  const MailServer busy(files, {.recipient_reply = "451 later"});
  EXPECT_EQ(sent(config(busy)), "mail_unreachable");
}

TEST_F(SmtpTest, AnAddressCannotAddACommand) {
  const MailServer server(files, {});
  const Smtp smtp(config(server));
  for (const auto* address : {"", "a@b>\r\nRCPT TO:<eve@example.org", "a b@c", "a@b>"}) {
    const auto done = smtp.send(address, letter);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().detail, "letter_refused");
  }
  EXPECT_TRUE(server.lines().empty());
}

}  // namespace
}  // namespace bastide::net::test
