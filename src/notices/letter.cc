#include "notices/letter.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "base/crypto.h"

namespace bastide::notices {
namespace {

constexpr std::size_t line_bytes_max = 76;  // of base64, RFC 2045
constexpr std::size_t word_bytes_max = 42;  // of UTF-8 in an encoded word of 75, RFC 2047
constexpr std::int64_t milliseconds = 1000;

// Where a character ends, at most `most` bytes from `from`.
std::size_t cut(std::string_view text, std::size_t from, std::size_t most) {
  auto end = std::min(text.size(), from + most);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return end;
}

std::string encoded_words(std::string_view text) {
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = cut(text, from, word_bytes_max);
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64(text.substr(from, end - from)) + "?=";
    from = end;
  }
  return out;
}

std::string wrapped(std::string_view text) {
  const auto encoded = base64(text);
  std::string out;
  for (std::size_t from = 0; from < encoded.size(); from += line_bytes_max)
    out += encoded.substr(from, line_bytes_max) + "\r\n";
  return out;
}

struct Words {
  std::string_view en, fr;
  [[nodiscard]] std::string_view in(bool french) const { return french ? fr : en; }
};

Words owner_words(std::string_view scope) {
  const auto kind = scope.substr(0, scope.find(':'));
  if (kind == "person") return {"Your budget", "Votre budget"};
  if (kind == "group") return {"The budget of the group", "Le budget du groupe"};
  if (kind == "key") return {"The budget of the key", "Le budget de la clé"};
  if (kind == "assistant") return {"The budget of the assistant", "Le budget de l’assistant"};
  if (kind == "model") return {"The budget of the model", "Le budget du modèle"};
  return {"The organisation’s budget", "Le budget de l’organisation"};
}

Words period_words(std::string_view period) {
  if (period == "day") return {"today", "aujourd’hui"};
  if (period == "week") return {"this week", "cette semaine"};
  return {"this month", "ce mois-ci"};
}

}  // namespace

Sentences sentences_of(const BudgetNotice& budget, std::string_view language) {
  const bool french = language == "fr";
  const auto percent = budget.limit > 0 ? std::floor(budget.spent / budget.limit * 100) : 100;
  std::string owner(owner_words(budget.scope).in(french));
  if (!budget.name.empty()) owner += french ? " « " + budget.name + " »" : " “" + budget.name + "”";
  const auto when = period_words(budget.period).in(french);
  if (french)
    return {fmt::format("Budget consommé à {:.0f} %", percent),
            fmt::format("{} est consommé à {:.0f} % {}. Quand il sera épuisé, les appels qu’il paie seront "
                        "refusés jusqu’à la fin de la période.",
                        owner, percent, when)};
  return {fmt::format("{:.0f} % of a budget is spent", percent),
          fmt::format("{} is {:.0f} % spent {}. Once it is used up, calls that it pays for are refused until "
                      "the period ends.",
                      owner, percent, when)};
}

std::string letter_of(const Notice& notice, std::string_view to, std::string_view language,
                      const LetterFrame& frame) {
  const bool french = language == "fr";
  const auto said = sentences_of(notice.budget, language);
  const auto text = said.text + "\r\n\r\n" + (french ? "Votre usage : " : "Your usage: ") + frame.url +
                    "/usage\r\n\r\n" + frame.organisation + "\r\n";
  const auto domain = frame.from.substr(frame.from.find('@') + 1);
  const std::time_t at = notice.at / milliseconds;
  std::tm utc{};
  gmtime_r(&at, &utc);
  return fmt::format(
      "From: {}\r\n <{}>\r\nTo: <{}>\r\nSubject: {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} +0000\r\n"
      "Message-ID: <{}@{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Language: {}\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n{}",
      encoded_words(frame.organisation), frame.from, to, encoded_words(said.subject), utc, notice.id, domain,
      french ? "fr" : "en", wrapped(text));
}

}  // namespace bastide::notices
