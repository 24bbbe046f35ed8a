// The quick ways of detection lose nothing: they find what the plain ways find, on made text and on real.
#include "tests/guard/shortcuts.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "base/text.h"
#include "guard/anchors.h"

namespace bastide::guard {
namespace {
using testing::difference;

// Pieces that detectors care about, cut, joined, and disguised at random.
std::string made_text(std::mt19937& random) {
  static constexpr std::array<std::string_view, 58> pieces{"Jean",
                                                           "DUPONT",
                                                           "je m'appelle",
                                                           "my name is",
                                                           "Nom :",
                                                           "nommée",
                                                           "M.",
                                                           "Mme",
                                                           "monsieur",
                                                           "le",
                                                           "de",
                                                           "est",
                                                           "habite",
                                                           "à",
                                                           "Lyon",
                                                           "rue",
                                                           "12",
                                                           "bis",
                                                           "75002",
                                                           "Paris",
                                                           "Cedex",
                                                           "BP",
                                                           "box",
                                                           "unit",
                                                           "P",
                                                           "O",
                                                           "Hauptstraße",
                                                           "FR76 3000 6000 0112 3456 7890 189",
                                                           "fr",
                                                           "76",
                                                           "de89 3704 0044 0532 0130 00",
                                                           "tva",
                                                           "FR 44 732829320",
                                                           "atu12345678",
                                                           "06 12 34 56 78",
                                                           "+33 (0)6 12 34 56 78",
                                                           "AB-123-CD",
                                                           "ab 123 cd",
                                                           "plaque",
                                                           "né le",
                                                           "03/04/1981",
                                                           "12 mars 1985",
                                                           "192.0.2.44",
                                                           "2001:db8::8a2e:370:7334",
                                                           "536-22-8726",
                                                           "RCCMNL83S18D969H",
                                                           "rccmnlurstuvprst",
                                                           "a@b.fr",
                                                           "paul [at] exemple [dot] fr",
                                                           "password = hunter2",
                                                           "clé secrète : x9",
                                                           "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                                           "SARL",
                                                           "Université",
                                                           "Cordialement,\n",
                                                           "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c",
                                                           "12345678:AAabcdefghijklmnopqrstuvwxyzabcdefgh",
                                                           "MzAxNTY4.Xabcde.abcdefghijklmnopqrstuvwxyzab"};
  static constexpr std::array<std::string_view, 18> signs{" ",  " ", " ",      " ", ", ",     ". ",
                                                          "\n", "-", "'",      "’", "\u00a0", "",
                                                          ":",  "=", "\u200b", "«", "…",      "\u0301"};
  const auto any = [&](std::size_t count) { return random() % count; };
  std::string out;
  for (auto words = 1 + any(12); words > 0; --words) {
    std::string piece(pieces[any(pieces.size())]);
    switch (any(10)) {
      case 0:
        piece = ascii_lower(piece);
        break;
      case 1:
        piece.erase(any(piece.size()), 1);
        break;
      case 2:
        piece.insert(any(piece.size()), std::string(signs[any(signs.size())]));
        break;
      case 3:
        for (char& c : piece) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        break;
      default:
        break;
    }
    out += piece;
    out += signs[any(signs.size())];
  }
  return to_valid_utf8(out);
}

TEST(Shortcuts, agree_with_the_plain_ways_on_made_text) {
  std::mt19937 random(4);
  for (int i = 0; i < 4000; ++i) {
    const auto text = made_text(random);
    ASSERT_EQ(difference(text), "") << text;
  }
}

TEST(Shortcuts, agree_with_the_plain_ways_on_real_text) {
  const auto* folder = std::getenv("BASTIDE_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "BASTIDE_TEST_DATA is not set";
  for (const auto* name : {"/guard/pii/presidio_synth_en_dev.json", "/guard/pii/fenec_fr_dev.jsonl",
                           "/guard/pii/id_numbers_dev.csv", "/guard/toxicity/hatecheck_fr_dev.csv"}) {
    std::ifstream file(std::string(folder) + name);
    std::string all((std::istreambuf_iterator<char>(file)), {});
    std::string_view rest = std::string_view(all).substr(0, 400'000);
    while (!rest.empty()) {
      const auto part = utf8_prefix(rest, 3000);
      rest.remove_prefix(part.size());
      ASSERT_EQ(difference(to_valid_utf8(part)), "") << name << ": " << part;
    }
  }
}

TEST(Leads, say_no_only_where_the_pattern_does) {
  std::mt19937 random(5);
  std::vector<std::pair<const Rule*, std::unique_ptr<RE2>>> rules;
  for (const auto& rule : pattern_rules()) {
    if (rule.lead == nullptr) continue;
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_case_sensitive(rule.letters == Letters::exact);
    rules.emplace_back(&rule, std::make_unique<RE2>(rule.pattern, options));
  }
  ASSERT_GT(rules.size(), 10U);
  for (int i = 0; i < 1500; ++i) {
    Normal normal;
    normalise(made_text(random), normal);
    for (std::size_t at = 0; at < normal.text.size(); ++at)
      for (const auto& [rule, regex] : rules) {
        if (rule->lead(normal.text.data() + at)) continue;
        ASSERT_FALSE(regex->Match(normal.text, at, normal.text.size(), RE2::ANCHOR_START, nullptr, 0))
            << rule->id << " at " << at << " of " << normal.text;
      }
  }
}

TEST(Anchors, stand_where_a_plain_search_finds_them) {
  const std::vector<Anchors::Anchor> list{
      {"@", 0},   {"p<", 1},  {"key", 2},          {"keys", 3},   {"clé", 4},  {"[at]", 5},
      {"://", 6}, {"sk-", 7}, {"mot de passe", 8}, {"secret", 9}, {"sec", 10}, {"é", 11}};
  const Anchors anchors(list);
  std::mt19937 random(6);
  static constexpr std::string_view letters = "keysclésrt@[]p<:/- KEYSCLAT\xc3\xa9";
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (auto size = random() % 120; size > 0; --size)
      text += random() % 6 == 0 ? std::string(list[random() % list.size()].text)
                                : std::string(1, letters[random() % letters.size()]);
    std::vector<std::pair<std::size_t, int>> expected, found;
    const auto low = ascii_lower(text);
    for (const auto& anchor : list)
      for (auto at = low.find(anchor.text); at != std::string::npos; at = low.find(anchor.text, at + 1))
        expected.emplace_back(at, anchor.tag);
    const auto size = text.size();
    text.append(bytes::readable_slack, '@');
    anchors.find(std::string_view(text).substr(0, size),
                 [&](std::uint16_t tag, std::size_t at) { found.emplace_back(at, tag); });
    std::ranges::sort(expected);
    std::ranges::sort(found);
    ASSERT_EQ(found, expected) << text;
  }
}

}  // namespace
}  // namespace bastide::guard
