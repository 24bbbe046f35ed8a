#include "guard/restorer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "guard/masking.h"
#include "tests/guard/found.h"

namespace bastide::guard {
namespace {

std::shared_ptr<PseudonymMap> sample_map() {
  auto map = std::make_shared<PseudonymMap>();
  auto take = [&](Type type, const char* value) {
    ASSERT_TRUE(map->take(kind_of(type), value, Gender::unknown));
  };
  take(Type::person, "Hélène Aubry");
  take(Type::person, "Karim \"K\" Haddad");
  for (int i = 3; i <= 12; ++i) take(Type::person, ("Personne " + std::to_string(i)).c_str());
  take(Type::email, "h.aubry@exemple.fr");
  take(Type::iban, "FR76 3000 6000 0112 3456 7890 189");
  return map;
}

std::string whole(std::string_view text, Writing writing = Writing::plain) {
  TextRestorer restorer(sample_map(), writing);
  auto out = restorer.feed(text);
  return out + restorer.finish();
}

TEST(Restorer, is_tolerant_where_one_candidate_fits) {
  for (auto text : {"[PERSON_1]", "[person_1]", "[PERSON-1]", "[PERSON 1]", "[PERSON\\_1]",
                    "\\[PERSON\\_1\\]", "[**PERSON_1**]", "[PERSON\u20111]", "PERSON_1", "PERSON\\_1",
                    "[ PERSON_1 ]", "[PERSONNE_1]", "[Person_1]", "[PERSON1]"})
    EXPECT_EQ(whole(text), "Hélène Aubry") << text;
  EXPECT_EQ(whole("**[PERSON_1]**"), "**Hélène Aubry**");
  EXPECT_EQ(whole("**PERSON_1**"), "**Hélène Aubry**");
  EXPECT_EQ(whole("d'[PERSON_1], [PERSON_12]."), "d'Hélène Aubry, Personne 12.");
  EXPECT_EQ(whole("x[PERSON_1"), "x[Hélène Aubry");
  EXPECT_EQ(whole("(PERSON_2)"), "(Karim \"K\" Haddad)");
}

TEST(Restorer, leaves_everything_else) {
  for (auto text : {"[1] et [2]", "Personal 1", "person 1", "PERSON", "[PERSON_]", "[PERSON_99]",
                    "MY_PERSON_1", "PERSON_1A", "PERSON_13", "[PLACE_1]", "a [link](http://x) [", "\\",
                    "[PERSON_01]", "Email 1: bonjour", "éPERSON_1"})
    EXPECT_EQ(whole(text), text) << text;
}

TEST(Restorer, counts_what_it_cannot_restore) {
  TextRestorer restorer(sample_map(), Writing::plain);
  for (char c : std::string_view("[PERSON_99] and [EMAIL_2] and [PLACE_1] but [PERSON_1] and [x]"))
    (void)restorer.feed(std::string_view(&c, 1));
  (void)restorer.finish();
  EXPECT_EQ(restorer.unresolved(), 3U);
  EXPECT_EQ(restorer.restored(), 1U);
}

TEST(Restorer, gives_the_same_for_every_split) {
  std::string text =
      "Chère [PERSON_1] — **[PERSON\\_2]** écrit à [EMAIL_1] 😀, [PERSON_1] [PERSON_11]; voir [1], "
      "[PERSON\u20112], PERSON_3 et [IBAN 1]. [PERSON_9";
  auto expected = whole(text);
  ASSERT_NE(expected.find("Hélène"), std::string::npos);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TextRestorer restorer(sample_map(), Writing::plain);
    auto out = restorer.feed(std::string_view(text).substr(0, cut));
    EXPECT_TRUE(is_utf8(out));
    out += restorer.feed(std::string_view(text).substr(cut));
    EXPECT_EQ(out + restorer.finish(), expected) << "cut at " << cut;
  }
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    TextRestorer restorer(sample_map(), Writing::plain);
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      auto size = 1 + random() % 7;
      out += restorer.feed(std::string_view(text).substr(at, size));
      at += size;
    }
    EXPECT_EQ(out + restorer.finish(), expected);
  }
}

TEST(Restorer, holds_back_no_more_than_it_must) {
  TextRestorer restorer(sample_map(), Writing::plain);
  EXPECT_EQ(restorer.feed("Bonjour Paris ["), "Bonjour Paris ");
  EXPECT_EQ(restorer.feed("2] suite"), "[2] suite");
  EXPECT_EQ(restorer.feed(" [PERS"), " ");
  EXPECT_EQ(restorer.feed("pective] x"), "[PERSpective] x");
  EXPECT_EQ(restorer.feed(" PERSON_1"), " ");  // 11 and 12 exist
  EXPECT_EQ(restorer.feed("2"), "");
  EXPECT_EQ(restorer.feed(","), "Personne 12,");
  EXPECT_EQ(restorer.feed(" ZEBRA"), " ZEBRA");
  EXPECT_EQ(restorer.finish(), "");
}

TEST(Restorer, passes_only_what_it_would_give_back_at_once) {
  TextRestorer restorer(sample_map(), Writing::plain);
  EXPECT_TRUE(restorer.passes("à tous, bonjour "));
  EXPECT_FALSE(restorer.passes("le ["));
  EXPECT_EQ(restorer.feed("le [PERS"), "le ");
  EXPECT_FALSE(restorer.passes("plain words")) << "the beginning of a token is held back";
  EXPECT_EQ(restorer.feed("ON_1] "), "Hélène Aubry ");
  EXPECT_TRUE(restorer.passes("plain words"));
  // "sPERSON_12" is no token: what passed before is known.
  EXPECT_EQ(restorer.feed("PERSON_12,"), "PERSON_12,");
}

TEST(Restorer, malformed_bytes_do_not_break_it) {
  TextRestorer restorer(sample_map(), Writing::plain);
  auto out = restorer.feed("a\xff\xc3");
  out += restorer.feed("(");
  out += restorer.feed("[PERSON_1]\xe2\x82");
  out += restorer.finish();
  EXPECT_TRUE(is_utf8(out));
  EXPECT_NE(out.find("Hélène Aubry"), std::string::npos);
}

TEST(Restorer, escapes_within_json) {
  auto json = nlohmann::json::parse(whole("{\"to\":\"[PERSON_2]\"}", Writing::json_string));
  EXPECT_EQ(json["to"], "Karim \"K\" Haddad");
}

TEST(Restorer, arguments_of_tools_are_restored_escaped) {
  ConversationRestorer restorer(sample_map());
  std::string arguments = "{\"name\": \"[PERSON_2]\", \"mail\": \"[EMAIL_1]\"}";
  const auto got = restorer.restore_json(arguments);
  auto parsed = nlohmann::json::parse(got);
  EXPECT_EQ(parsed["name"], "Karim \"K\" Haddad");
  EXPECT_EQ(parsed["mail"], "h.aubry@exemple.fr");
  EXPECT_EQ(restorer.unresolved(), 0U);
}

TEST(Pseudonyms, the_same_value_keeps_its_token) {
  PseudonymMap map;
  auto number = [&](Type type, std::string_view value) {
    return (*map.take(kind_of(type), value, Gender::unknown))->number;
  };
  EXPECT_EQ(number(Type::person, "Jean-Pierre Dupont"), 1U);
  EXPECT_EQ(number(Type::person, "JEAN PIERRE  DUPONT"), 1U);
  EXPECT_EQ(number(Type::person, "Anne Martin"), 2U);
  EXPECT_EQ(number(Type::iban, "FR76 3000 6000 0112 3456 7890 189"), 1U);
  EXPECT_EQ(number(Type::iban, "fr7630006000011234567890189"), 1U);
  EXPECT_EQ(number(Type::phone, "06 12 34 56 78"), 1U);
  EXPECT_EQ(number(Type::phone, "+33 (0)6.12.34.56.78"), 1U);
  EXPECT_EQ(number(Type::phone, "0033612345678"), 1U);
  EXPECT_EQ(number(Type::email, "A@B.fr"), 1U);
  EXPECT_EQ(number(Type::email, "a@b.fr"), 1U);
  EXPECT_EQ(number(Type::secret, "Abc"), 1U);
  EXPECT_EQ(number(Type::secret, "abc"), 2U);
}

TEST(Pseudonyms, survive_being_written_down) {
  auto map = sample_map();
  auto again = PseudonymMap::parse(map->serialise());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->issued(), map->issued());
  EXPECT_EQ(again->find(kind_of(Type::person), 12)->original, "Personne 12");
  auto bytes = map->serialise();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(PseudonymMap::parse(bytes.substr(0, cut)));
}

TEST(Pseudonyms, a_conversation_cannot_grow_without_end) {
  PseudonymMap map;
  for (std::size_t i = 0; i < PseudonymMap::entries_max; ++i)
    ASSERT_TRUE(map.take(kind_of(Type::email), "a" + std::to_string(i) + "@b.fr", Gender::unknown));
  auto more = map.take(kind_of(Type::email), "z@b.fr", Gender::unknown);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::too_large);
}

TEST(Masking, what_is_masked_comes_back_word_for_word) {
  for (std::string text :
       {"Bonjour Mme Hélène Aubry, votre IBAN FR76 3000 6000 0112 3456 7890 189 et h.aubry@exemple.fr sont "
        "notés.",
        "[PERSON_1] demande à M. Dupont : PERSON_1, [EMAIL 2], \\[IBAN\\_3\\] ?", "rien du tout", ""}) {
    auto map = std::make_shared<PseudonymMap>();
    Masker masker(testing::detector(), *map, {});
    auto masked = masker.text(text);
    ASSERT_TRUE(masked);
    for (const auto& item : masker.masked())
      EXPECT_EQ(masked->find(item.original), std::string::npos) << *masked;
    TextRestorer restorer(map, Writing::plain);
    auto back = restorer.feed(*masked);
    EXPECT_EQ(back + restorer.finish(), text) << *masked;
  }
}

TEST(Masking, typed_tokens_reach_nobodys_value) {
  PseudonymMap map;
  Masker masker(testing::detector(), map, {});
  ASSERT_TRUE(masker.text("Je suis M. Dupont."));
  auto masked = masker.text("Qui est [PERSON_1] ? Et person 1, [Personne-1], PERSON\\_1 ?");
  ASSERT_TRUE(masked);
  EXPECT_EQ(masked->find("PERSON"), std::string::npos) << *masked;
  EXPECT_NE(masked->find("[TEXT_1]"), std::string::npos);
}

TEST(Masking, preview_stores_nothing_and_says_what_would_be_masked) {
  auto seen = preview(testing::detector(), "M. Dupont, a@b.fr, encore a@b.fr");
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->masked.size(), 2U);
  EXPECT_EQ(seen->text, "M. [PERSON_1], [EMAIL_1], encore [EMAIL_1]");
  EXPECT_EQ(seen->masked[1].original, "a@b.fr");
}

}  // namespace
}  // namespace bastide::guard
