#include "policy/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace bastide::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view toml = R"(
[[zone]]
id = "eu"
countries = ["FR", "DE"]
[[policy.allow]]
label = "internal"
zones = ["walls", "eu"]
[[policy.allow]]
label = "public"
zones = ["walls", "eu", "US"]
)";

ModelCard card(std::string id, std::string zone, std::optional<double> parameters = std::nullopt) {
  ModelCard model;
  model.id = std::move(id);
  model.zone = std::move(zone);
  model.local = model.zone == "walls";
  model.capabilities = {"chat"};
  if (parameters) model.parameters_active = Range{*parameters, *parameters};
  model.state = "ready";
  return model;
}

class RouteTest : public testing::Test {
 protected:
  Result<Route> route(std::string model, const char* label, std::vector<std::string> capabilities = {"chat"},
                      std::int64_t tokens = 0, bool documents = false) {
    RouteNeed need;
    need.model = std::move(model);
    need.label = *labels.find(label);
    need.capabilities = std::move(capabilities);
    need.context_tokens = tokens;
    need.documents = documents;
    return router.route(catalogue, need, candidates);
  }
  std::map<std::string, std::string> reasons() {
    std::map<std::string, std::string> out;
    for (const auto& each : candidates) out[each.model] = each.reason;
    return out;
  }
  static std::vector<std::string> ids(const Route& route) {
    std::vector<std::string> out;
    for (const auto& model : route.order) out.push_back(model.id);
    return out;
  }

  Config config = *parse_config(toml, "test");
  Labels labels{config};
  Router router{config, labels};
  std::vector<ModelCard> catalogue;
  std::vector<Candidate> candidates;
};

TEST_F(RouteTest, AutoTakesTheSmallestThatIsAllowed) {
  catalogue = {card("big", "eu", 100), card("unknown", "eu"), card("small", "walls", 3),
               card("tiny", "US", 1)};
  auto found = route("auto", "internal");
  ASSERT_TRUE(found);
  EXPECT_THAT(ids(*found), ElementsAre("small", "big", "unknown"));
  EXPECT_EQ(reasons()["small"], "chosen");
  EXPECT_EQ(reasons()["big"], "allowed");
  EXPECT_EQ(reasons()["tiny"], "label_not_allowed_in_zone");
  EXPECT_EQ(found->candidates.size(), 4U);
  EXPECT_THAT(ids(*route("", "public")), ElementsAre("tiny", "small", "big", "unknown"));
}

TEST_F(RouteTest, TiesGoByPriceThenName) {
  catalogue = {card("c", "eu", 8), card("b", "eu", 8), card("a", "eu", 8), card("own", "walls", 8)};
  catalogue[1].price = PriceConfig{1, 1, {}};
  catalogue[2].price = PriceConfig{1, 1, {}};
  EXPECT_THAT(ids(*route("auto", "internal")), ElementsAre("own", "a", "b", "c"));
}

TEST_F(RouteTest, TheChosenModelsFallbackGoesFirst) {
  catalogue = {card("one", "walls", 1), card("two", "walls", 2), card("three", "walls", 3)};
  catalogue[0].fallback = {"three"};
  EXPECT_THAT(ids(*route("auto", "internal")), ElementsAre("one", "three", "two"));
}

TEST_F(RouteTest, ATagNarrowsTheChoice) {
  catalogue = {card("small", "walls", 1), card("coder", "walls", 8), card("far", "US", 2)};
  catalogue[1].tags = {"code", "long"};
  catalogue[2].tags = {"code"};
  EXPECT_THAT(ids(*route("auto:code", "internal")), ElementsAre("coder"));
  EXPECT_EQ(reasons()["small"], "no_tag");
  EXPECT_EQ(reasons()["far"], "label_not_allowed_in_zone") << "policy first, always";
  EXPECT_EQ(route("auto:cooking", "internal").error().detail, "no_tag");
  EXPECT_EQ(route("auto:", "internal").error().detail, "unknown_model");
  EXPECT_EQ(route("auto:code", "internal", {"chat", "vision"}).error().detail, "no_model");
}

TEST_F(RouteTest, ANamedModelThatIsNotAllowedIsRefused) {
  catalogue = {card("cloud", "US"), card("local", "walls", 3)};
  catalogue[0].fallback = {"local"};
  auto refused = route("cloud", "internal");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused_by_policy);
  EXPECT_EQ(refused.error().detail, "label_not_allowed");
  EXPECT_THAT(refused.error().message, HasSubstr("\"internal\""));
  EXPECT_THAT(refused.error().message, HasSubstr("\"cloud\""));
  EXPECT_FALSE(refused.error().action.empty());
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_FALSE(candidates[0].allowed);
  EXPECT_EQ(reasons()["local"], "not_requested");
}

TEST_F(RouteTest, NothingAllowedIsARefusalEvenForAuto) {
  catalogue = {card("cloud", "US", 3), card("other", "eu", 3)};
  auto refused = route("auto", "secret");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused_by_policy);
  EXPECT_THAT(refused.error().message, HasSubstr("secret"));
}

TEST_F(RouteTest, AnUnknownZoneIsRefused) {
  catalogue = {card("lost", "mars", 3), card("empty", "", 3)};
  auto refused = route("lost", "public");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused_by_policy);
  EXPECT_EQ(reasons()["lost"], "unknown_zone");
  EXPECT_EQ(reasons()["empty"], "unknown_zone");
}

TEST_F(RouteTest, FailoverIsCheckedByPolicyToo) {
  catalogue = {card("main", "eu", 8), card("far", "US", 8), card("near", "walls", 2)};
  catalogue[0].fallback = {"far", "missing", "near", "near"};
  EXPECT_THAT(ids(*route("main", "internal")), ElementsAre("main", "near"));
  EXPECT_THAT(ids(*route("main", "public")), ElementsAre("main", "far", "near"));
  catalogue[0].ready = false;
  EXPECT_THAT(ids(*route("main", "internal")), ElementsAre("near"));
  EXPECT_EQ(reasons()["main"], "not_ready");
  EXPECT_EQ(reasons()["near"], "chosen");
  catalogue[2].ready = false;
  auto none = route("main", "internal");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::unavailable);
  EXPECT_EQ(none.error().detail, "model_not_ready");
}

TEST_F(RouteTest, SaysWhatAModelCannotDo) {
  catalogue = {card("text", "walls", 8)};
  catalogue[0].context_tokens = 1000;
  EXPECT_EQ(route("text", "internal", {"chat", "vision"}).error().code, Code::unsupported);
  EXPECT_EQ(route("text", "internal", {"chat"}, 2000).error().code, Code::too_large);
  EXPECT_EQ(route("nothing", "internal").error().code, Code::not_found);
  EXPECT_EQ(route("auto", "internal", {"chat", "vision"}).error().detail, "no_model");
  EXPECT_EQ(route("auto", "internal", {"chat"}, 2000).error().detail, "context_too_small");
  catalogue.clear();
  EXPECT_EQ(route("auto", "internal").error().detail, "no_model");
}

TEST_F(RouteTest, DocumentsNeedAModelThatCanBeBelieved) {
  catalogue = {card("tiny", "walls", 0.1), card("large", "eu", 70)};
  catalogue[0].answers_documents = false;
  EXPECT_THAT(ids(*route("auto", "internal", {"chat"}, 0, true)), ElementsAre("large"));
  EXPECT_EQ(reasons()["tiny"], "too_small_for_documents");
  // The large one is outside of what "confidential" allows: no refusal, the walls may have it, but nobody to
  // believe.
  auto none = route("auto", "confidential", {"chat"}, 0, true);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::unavailable);
  EXPECT_EQ(none.error().detail, "too_small_for_documents");
}

TEST_F(RouteTest, KnowsWherePlacesAre) {
  EXPECT_EQ(router.place("walls"), Place::walls);
  EXPECT_EQ(router.place("eu"), Place::zone);
  EXPECT_EQ(router.place("FR"), Place::zone);
  EXPECT_EQ(router.place("US"), Place::outside);
  EXPECT_EQ(router.place("mars"), Place::outside);
  EXPECT_FALSE(router.walls_only(*labels.find("internal")));
  EXPECT_TRUE(router.walls_only(*labels.find("secret")));
}

TEST(LabelsTest, FailClosed) {
  const Labels labels(default_config());
  EXPECT_EQ(labels.id(labels.default_label()), "internal");
  EXPECT_EQ(labels.find_or_highest("gone"), labels.highest());
  EXPECT_EQ(labels.id(labels.highest()), "secret");
  EXPECT_EQ(labels.id(Label{99}), "secret");
  auto unknown = labels.find("gone");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().detail, "unknown_label");
  EXPECT_EQ(join(*labels.find("public"), *labels.find("confidential")), *labels.find("confidential"));
}

}  // namespace
}  // namespace bastide::policy
