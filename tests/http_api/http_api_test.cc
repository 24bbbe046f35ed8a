#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/problem.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> nothing(Call&) { co_return Result<void>{}; }

TEST(Routes, match_segments_and_give_variables) {
  Routes routes;
  routes.add({"GET", "/api/documents/{}", Access::person, nothing});
  routes.add({"GET", "/api/documents/{}/pages/{}.png", Access::person, nothing});
  auto page = routes.find("GET", "/api/documents/doc_1/pages/12.png");
  ASSERT_TRUE(page.entry);
  EXPECT_EQ(page.variables, (std::vector<std::string>{"doc_1", "12"}));
  EXPECT_FALSE(routes.find("GET", "/api/documents/doc_1/pages/.png").entry);
  EXPECT_FALSE(routes.find("GET", "/api/documents/doc_1/pages/12.jpg").entry);
  EXPECT_FALSE(routes.find("GET", "/api/documents/").entry);
  auto other = routes.find("PUT", "/api/documents/doc_1");
  EXPECT_FALSE(other.entry);
  EXPECT_TRUE(other.other_method);
}

TEST(Problem, speaks_french_and_english) {
  Error error{Code::corrupt, "It is encrypted.", "password_protected", "Decrypt it."};
  auto english = parse_json(problem_json(error, "en")).value();
  auto french = parse_json(problem_json(error, "fr")).value();
  EXPECT_EQ(english["detail"], "It is encrypted.");
  EXPECT_EQ(french["detail"], "Ce fichier est protégé par un mot de passe.");
  EXPECT_EQ(french["code"], english["code"]);
  EXPECT_EQ(french["status"], 422);
}

TEST(Problem, tells_figures_and_names_in_both_languages) {
  const auto memory = error_with(
      {{"model", "gpt-oss-20b"}, {"needs", ByteCount{12'800'000'000}}, {"free", ByteCount{9'100'000'000}}},
      Code::unavailable, "The model {model} needs {needs} of memory; {free} are available.",
      "not_enough_memory");
  EXPECT_EQ(memory.message, "The model gpt-oss-20b needs 12.8 GB of memory; 9.1 GB are available.");
  EXPECT_EQ(in_language(memory, "fr").message,
            "Le modèle gpt-oss-20b demande 12,8\u00a0Go de mémoire ; 9,1\u00a0Go sont disponibles.");
  const auto field = error_with({{"low", 0.0}, {"high", 1.5}, {"field", "top_p"}}, Code::invalid,
                                "\"{field}\" is a number between {low} and {high}.", "bad_request");
  EXPECT_EQ(field.message, "\"top_p\" is a number between 0 and 1.5.");
  EXPECT_EQ(in_language(field, "fr").message, "« top_p » est un nombre de 0 à 1,5.");
  const auto length = error_with({{"tokens", 131'072}, {"tokens_max", 8192}}, Code::invalid,
                                 "{tokens} tokens; this model reads {tokens_max}.", "context_too_long");
  EXPECT_EQ(length.message, "131072 tokens; this model reads 8192.");
  EXPECT_EQ(in_language(length, "fr").message,
            "La question et son contexte font 131\u202f072 jetons ; ce modèle en lit 8192.");
}

TEST(Problem, tells_less_where_less_is_known) {
  EXPECT_EQ(in_language({Code::unavailable, "Full.", "not_enough_memory"}, "fr").message,
            "La mémoire libre ne suffit pas pour ce modèle.");
  Error full{Code::rate_limited, "Full.", "queue_full"};
  EXPECT_EQ(in_language(full, "fr").action, "Réessayez plus tard.");
  full.retry_after_s = 12;
  EXPECT_EQ(in_language(full, "fr").action, "Réessayez dans 12 s, ou choisissez un autre modèle.");
  EXPECT_EQ(in_language({Code::unsupported, "\"n\": no.", "field:n"}, "fr").message,
            "« n » n’est pas pris en charge.");
  EXPECT_EQ(in_language({Code::invalid, "\"top_p\" must be a number.", "invalid_top_p"}, "fr").message,
            "« top_p » n’a pas la forme attendue.");
}

TEST(Problem, says_why_a_model_is_not_ready_in_both_languages) {
  policy::ModelCard model;
  model.state_detail = "Loading: 30 %.";
  EXPECT_EQ(state_text(model, "fr"), "Loading: 30 %.") << "on its way: screens have words of their own";
  model.state_error = Error{Code::unavailable, "Its file is not there.", "missing", "Fetch it."};
  EXPECT_EQ(state_text(model, "en"), "Its file is not there. Fetch it.");
  EXPECT_EQ(state_text(model, "fr"),
            "Ce modèle n’est pas sur cette machine. Installez-le : bastide model pull.");
}

TEST(Problem, every_code_has_a_french_sentence) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    Error error{static_cast<Code>(code), "English.", "", ""};
    EXPECT_NE(in_language(error, "fr").message, "English.") << code_name(error.code);
  }
}

}  // namespace
}  // namespace bastide::http_api
