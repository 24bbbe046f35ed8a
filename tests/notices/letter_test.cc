#include "notices/letter.h"

#include <gmock/gmock.h>

#include "base/crypto.h"

namespace bastide::notices {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const LetterFrame frame{"bastide@example.org", "Métropole de Valmont", "https://ai.example.org"};

Notice notice(std::string scope, std::string name) {
  return {
      "ntc_1", "per_a", 1'795'348'800'000, {std::move(scope), std::move(name), "money", "month", 5, 4.25, 0}};
}

std::string body_of(const std::string& letter) {
  std::string encoded;
  for (const char c : letter.substr(letter.find("\r\n\r\n") + 4))
    if (c != '\r' && c != '\n') encoded += c;
  return *unbase64(encoded);
}

TEST(Letter, SaysWhoseBudgetHowMuchAndWhenInTheReadersLanguage) {
  EXPECT_EQ(
      sentences_of(notice("key:k", "Comptabilité").budget, "fr").text,
      "Le budget de la clé « Comptabilité » est consommé à 85 % ce mois-ci. Quand il sera épuisé, les appels "
      "qu’il paie seront refusés jusqu’à la fin de la période.");
  EXPECT_EQ(
      sentences_of(notice("person:p", "").budget, "").text,
      "Your budget is 85 % spent this month. Once it is used up, calls that it pays for are refused until "
      "the period ends.");
}

TEST(Letter, IsAMessageThatAnyServerTakes) {
  const auto letter = letter_of(notice("organisation", ""), "ada@example.org", "fr", frame);
  EXPECT_THAT(letter, HasSubstr("\r\nTo: <ada@example.org>\r\n"));
  EXPECT_THAT(letter, HasSubstr("\r\nMessage-ID: <ntc_1@example.org>\r\n"));
  EXPECT_THAT(letter, HasSubstr("\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n"));
  EXPECT_THAT(letter, HasSubstr("\r\nAuto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(body_of(letter), HasSubstr("https://ai.example.org/usage"));
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 2) {
    end = letter.find("\r\n", at);
    const auto line = letter.substr(at, end - at);
    EXPECT_LE(line.size(), 78U) << line;
    EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 127; })) << line;
  }
}

TEST(Letter, CutsLongHeadersBetweenCharactersAndLetsNoNameAddOne) {
  auto long_frame = frame;
  long_frame.organisation = std::string(41, 'a') + "é\r\nBcc: eve@example.org " + std::string(80, 'z');
  const auto letter =
      letter_of(notice("key:k", "x\r\nBcc: eve@example.org"), "ada@example.org", "en", long_frame);
  const auto head = letter.substr(0, letter.find("\r\n\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Bcc")));
  std::string name;  // of the sender, as a reader puts the words together
  const auto line = head.substr(0, head.find(" <"));
  for (auto at = line.find("=?UTF-8?B?"); at != std::string::npos; at = line.find("=?UTF-8?B?", at + 1)) {
    const auto from = at + 10;
    const auto word = *unbase64(line.substr(from, line.find("?=", from) - from));
    EXPECT_NE(static_cast<unsigned char>(word[0]) & 0xC0U, 0x80U) << "begins within a character";
    name += word;
  }
  EXPECT_EQ(name, long_frame.organisation);
}

}  // namespace
}  // namespace bastide::notices
