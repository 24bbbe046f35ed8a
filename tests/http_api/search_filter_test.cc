#include "http_api/openai/search_filter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace bastide::http_api {
namespace {

knowledge::SearchHit hit(int page, std::string file, double score = 0.5) {
  knowledge::SearchHit out;
  out.passage.page = page;
  out.passage.document = std::move(file);
  out.passage.title = "Report";
  out.passage.label = "internal";
  out.passage.score = score;
  return out;
}

Result<SearchFilter> read(std::string_view filters) {
  return SearchFilter::read(parse_json(R"({"filters":)" + std::string(filters) + "}").value());
}
bool passes(std::string_view filters, const knowledge::SearchHit& one) {
  const auto filter = read(filters);
  EXPECT_TRUE(filter) << filter.error().message;
  return filter && filter->lets_pass(one);
}

TEST(SearchFilter, compares_what_a_passage_has) {
  const auto one = hit(3, "doc_1");
  EXPECT_TRUE(passes(R"({"type":"eq","key":"file_id","value":"doc_1"})", one));
  EXPECT_FALSE(passes(R"({"type":"ne","key":"file_id","value":"doc_1"})", one));
  EXPECT_TRUE(passes(R"({"type":"gte","key":"page","value":3})", one));
  EXPECT_FALSE(passes(R"({"type":"gt","key":"page","value":3})", one));
  EXPECT_TRUE(passes(R"({"type":"lt","key":"page","value":10})", one)) << "numbers, not words";
  EXPECT_TRUE(passes(R"({"type":"lte","key":"page","value":3})", one));
  EXPECT_TRUE(passes(R"({"type":"in","key":"label","value":["public","internal"]})", one));
  EXPECT_FALSE(passes(R"({"type":"nin","key":"filename","value":["Report"]})", one));
}

TEST(SearchFilter, joins_conditions) {
  const auto both =
      R"({"type":"and","filters":[{"type":"eq","key":"page","value":3},{"type":"or","filters":[{"type":"eq","key":"file_id","value":"x"},{"type":"eq","key":"file_id","value":"doc_1"}]}]})";
  EXPECT_TRUE(passes(both, hit(3, "doc_1")));
  EXPECT_FALSE(passes(both, hit(4, "doc_1")));
  EXPECT_FALSE(passes(both, hit(3, "doc_2")));
}

TEST(SearchFilter, names_what_it_does_not_know) {
  EXPECT_EQ(read(R"({"type":"eq","key":"author","value":"x"})").error().detail, "field:filters.key");
  for (const auto* wrong :
       {R"({"type":"like","key":"page","value":1})", R"({"type":"eq","key":"page","value":"3"})",
        R"({"type":"eq","key":"page","value":[3]})", R"({"type":"in","key":"page","value":3})",
        R"({"type":"and","filters":[]})", R"([1])", R"({"key":"page"})"})
    EXPECT_EQ(read(wrong).error().detail, "invalid_filters") << wrong;
  std::string deep = R"({"type":"eq","key":"page","value":1})";
  for (int i = 0; i < 20; ++i) deep = R"({"type":"or","filters":[)" + deep + "]}";
  EXPECT_EQ(read(deep).error().detail, "invalid_filters");
}

TEST(SearchFilter, takes_a_least_score) {
  const auto with = [](std::string_view options) {
    return SearchFilter::read(parse_json(R"({"ranking_options":)" + std::string(options) + "}").value());
  };
  const auto filter = with(R"({"ranker":"auto","score_threshold":0.6})");
  ASSERT_TRUE(filter);
  EXPECT_FALSE(filter->is_empty());
  EXPECT_FALSE(filter->lets_pass(hit(1, "a", 0.5)));
  EXPECT_TRUE(filter->lets_pass(hit(1, "a", 0.7)));
  EXPECT_EQ(with(R"({"ranker":"best"})").error().detail, "field:ranking_options.ranker");
  EXPECT_TRUE(SearchFilter::read(parse_json("{}").value())->is_empty());
}

}  // namespace
}  // namespace bastide::http_api
