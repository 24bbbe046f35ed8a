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

TEST(Problem, every_code_has_a_french_sentence) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    Error error{static_cast<Code>(code), "English.", "", ""};
    EXPECT_NE(in_language(error, "fr").message, "English.") << code_name(error.code);
  }
}

}  // namespace
}  // namespace bastide::http_api
