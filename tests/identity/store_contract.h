// What every store of identity must do. An engine passes it by INSTANTIATE_TEST_SUITE_P(Engine,
// StoreContract, factory).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>

#include "base/crypto.h"
#include "base/id.h"
#include "identity/detail.h"
#include "identity/normalise.h"
#include "identity/ports.h"

namespace bastide::identity {

struct StoreUnderTest {
  virtual ~StoreUnderTest() = default;
  virtual Stores ports() = 0;
};
using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

class StoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { under_ = GetParam()(); }
  PersonStore& persons() { return under_->ports().persons; }
  SessionStore& sessions() { return under_->ports().sessions; }
  KeyStore& keys() { return under_->ports().keys; }
  GroupStore& groups() { return under_->ports().groups; }

  std::string person(std::string email, std::string name, Role role = Role::member) {
    Person out{.id = new_id("per"),
               .email = std::move(email),
               .name = std::move(name),
               .role = role,
               .language = ""};
    out.password_hash = "hash";
    out.created_at = 1000;
    auto added = persons().add(out, std::nullopt);
    EXPECT_TRUE(added) << added.error().message;
    return out.id;
  }
  Session session(const std::string& person, std::string secret, UnixMillis used_at = 1000) {
    Session out{.id = new_id("ses"), .hash = detail::hash_of(secret), .person = person};
    out.created_at = out.used_at = used_at;
    out.ends_at = 100'000;
    EXPECT_TRUE(sessions().add(out, 1000));
    return out;
  }
  ApiKey key(const std::string& person, std::string secret) {
    ApiKey out{.id = new_id("key"), .hash = detail::hash_of(secret), .person = person};
    out.name = "laptop";
    out.prefix = "bst_abc";
    out.settings.scopes = {"chat", "search"};
    out.created_at = 1000;
    EXPECT_TRUE(keys().add(out, 100));
    return out;
  }
  std::string group(std::string name, Members members = {}) {
    Group out{new_id("grp"), std::move(name), 1000};
    auto added = groups().add(out, members);
    EXPECT_TRUE(added) << added.error().message;
    return out.id;
  }
  template <class T>
  static std::string detail_of(const Result<T>& result) {
    return result ? "fine" : std::string(code_name(result.error().code)) + " " + result.error().detail;
  }

 private:
  std::unique_ptr<StoreUnderTest> under_;
};

TEST_P(StoreContract, AKeyKeepsItsSettingsAndTwoSecretsWhenRotated) {
  auto id = person("anne@example.org", "Anne");
  ApiKey made{.id = new_id("key"), .hash = detail::hash_of("one"), .person = id};
  made.settings.models = {"fast", "dear"};
  made.settings.addresses = {"192.0.2.0/24"};
  made.settings.application = "pay roll";
  made.settings.assistant = "ast_1";
  made.settings.guard = GuardPolicy::observe;
  made.settings.priority = Priority::batch;
  made.settings.expires_at = 9000;
  auto before = persons().generation();
  ASSERT_TRUE(keys().add(made, 100));
  EXPECT_NE(*persons().generation(), *before) << "other processes must learn of it";
  EXPECT_EQ(keys().find(made.hash)->key.settings, made.settings);
  const auto second = detail::hash_of("two");
  ASSERT_TRUE(keys().rotate(id, made.id, second, "bst_two", 5000));
  EXPECT_EQ(keys().rotate("per_other", made.id, second, "", 1).error().code, Code::not_found);
  for (const auto& hash : {made.hash, second}) EXPECT_EQ(keys().find(hash)->key.id, made.id);
  auto usable = keys().usable();
  ASSERT_EQ(usable->size(), 1U);
  EXPECT_EQ(usable->front().key.hash, second);
  EXPECT_EQ(usable->front().key.previous_hash, made.hash);
  EXPECT_EQ(usable->front().key.previous_until, 5000);
  EXPECT_EQ(usable->front().key.settings, made.settings);
  EXPECT_EQ(usable->front().who.person.email, "anne@example.org");
}

TEST_P(StoreContract, FailuresOfSignInAreKept) {
  ASSERT_TRUE(sessions().keep_failures(std::vector<Failures>{{"a", 3, 2000, 4000}, {"b", 1, 1000, 0}}, 0));
  ASSERT_TRUE(sessions().keep_failures(std::vector<Failures>{{"a", 4, 2500, 5000}}, 0));
  auto kept = sessions().failures(10);
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ(kept->front().key, "a");
  EXPECT_EQ(kept->front().count, 4);
  EXPECT_EQ(kept->front().locked_until, 5000);
  EXPECT_EQ(sessions().failures(1)->size(), 1U);
  ASSERT_TRUE(sessions().keep_failures(std::vector<Failures>{{"a", 0, 0, 0}}, 1500));
  EXPECT_TRUE(sessions().failures(10)->empty());
}

TEST_P(StoreContract, APersonComesBackAsStored) {
  EXPECT_FALSE(persons().any().value());
  auto id = person("anne@example.org", "Anne Été", Role::manager);
  EXPECT_TRUE(persons().any().value());
  for (const auto& found : {persons().find(id), persons().find_by_email("anne@example.org")}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "Anne Été");
    EXPECT_EQ(found->role, Role::manager);
    EXPECT_EQ(found->password_hash, "hash");
    EXPECT_FALSE(found->disabled);
    EXPECT_FALSE(found->notice_seen_at);
    EXPECT_EQ(found->created_at, 1000);
  }
  EXPECT_EQ(persons().find("per_other").error().code, Code::not_found);
  EXPECT_EQ(persons().find_by_email("other@example.org").error().code, Code::not_found);
}

TEST_P(StoreContract, AnEmailIsTakenOnce) {
  person("anne@example.org", "Anne");
  Person again{.id = new_id("per"), .email = "anne@example.org", .name = "Other", .language = ""};
  EXPECT_EQ(detail_of(persons().add(again, std::nullopt)), "conflict email_taken");
}

TEST_P(StoreContract, ChangesTouchOnlyWhatIsSet) {
  auto id = person("anne@example.org", "Anne");
  PersonChanges changes;
  changes.language = "en";
  changes.notice_seen_at = 5000;
  ASSERT_TRUE(persons().update(id, changes, 5000));
  auto found = persons().find(id);
  EXPECT_EQ(found->language, "en");
  EXPECT_EQ(found->notice_seen_at, 5000);
  EXPECT_EQ(found->name, "Anne");
  EXPECT_EQ(found->password_hash, "hash");
  EXPECT_EQ(persons().update("per_other", changes, 5000).error().code, Code::not_found);
}

TEST_P(StoreContract, TheLastAdministratorStays) {
  auto anne = person("anne@example.org", "Anne", Role::admin);
  PersonChanges down;
  down.role = Role::member;
  PersonChanges off;
  off.disabled = true;
  EXPECT_EQ(detail_of(persons().update(anne, down, 1)), "conflict last_admin");
  EXPECT_EQ(detail_of(persons().update(anne, off, 1)), "conflict last_admin");
  EXPECT_EQ(persons().find(anne)->role, Role::admin);
  person("bob@example.org", "Bob", Role::admin);
  EXPECT_TRUE(persons().update(anne, down, 1));
}

TEST_P(StoreContract, PeopleAreListedByEmailInPages) {
  std::vector<std::string> emails;
  for (int i = 0; i < 25; ++i) emails.push_back("p" + std::to_string(100 + i) + "@example.org");
  for (auto it = emails.rbegin(); it != emails.rend(); ++it) person(*it, "Somebody");
  std::vector<std::string> seen;
  PageFrom from{"", 10};
  for (int pages = 0; pages < 5; ++pages) {
    auto page = persons().list({}, from);
    ASSERT_TRUE(page);
    EXPECT_LE(page->items.size(), 10U);
    for (const auto& item : page->items) seen.push_back(item.email);
    if (page->next.empty()) break;
    from.after = page->next;
  }
  EXPECT_EQ(seen, emails);
}

TEST_P(StoreContract, PeopleAreFoundByTheBeginningsOfWords) {
  person("jm.lefevre@example.org", "Jean-Marie Lefèvre");
  person("anne.durand@example.org", "Anne Durand");
  person("bob@elsewhere.net", "Bob Martin");
  auto found = [&](std::string_view query, std::string prefix = "") {
    std::vector<std::string> out;
    for (const auto& item : persons().list({search_words(query), std::move(prefix)}, {"", 10})->items)
      out.push_back(item.name);
    return out;
  };
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(found("lefev"), ElementsAre("Jean-Marie Lefèvre"));
  EXPECT_THAT(found("LEFÈVRE je"), ElementsAre("Jean-Marie Lefèvre"));
  EXPECT_THAT(found("ma"), ElementsAre("Bob Martin", "Jean-Marie Lefèvre"));
  EXPECT_THAT(found("m j"), ElementsAre("Jean-Marie Lefèvre"));
  EXPECT_THAT(found("mar"), ElementsAre("Bob Martin", "Jean-Marie Lefèvre"));
  EXPECT_THAT(found("evre"), IsEmpty());
  EXPECT_THAT(found("anne martin"), IsEmpty());
  EXPECT_THAT(found("\" or *"), IsEmpty());
  EXPECT_THAT(found("", "anne.durand@ex"), ElementsAre("Anne Durand"));
  PersonChanges renamed;
  renamed.name = "Robert Petit";
  auto bob = persons().find_by_email("bob@elsewhere.net");
  ASSERT_TRUE(persons().update(bob->id, renamed, 1));
  EXPECT_THAT(found("martin"), IsEmpty());
  EXPECT_THAT(found("petit"), ElementsAre("Robert Petit"));
}

TEST_P(StoreContract, TheFirstAdministratorsLinkWorksOnce) {
  Link link{detail::hash_of("first"), LinkKind::first_administrator, "", 1000, 9000};
  ASSERT_TRUE(persons().add_link(link));
  Link newer{detail::hash_of("newer"), LinkKind::first_administrator, "", 1000, 9000};
  ASSERT_TRUE(persons().add_link(newer));
  EXPECT_EQ(persons().find_link(link.hash, 2000).error().code, Code::not_found);
  EXPECT_EQ(persons().find_link(newer.hash, 9000).error().code, Code::not_found);
  EXPECT_EQ(persons().find_link(newer.hash, 2000)->kind, LinkKind::first_administrator);
  Person anne{
      .id = new_id("per"), .email = "anne@example.org", .name = "Anne", .role = Role::admin, .language = ""};
  Person bob{
      .id = new_id("per"), .email = "bob@example.org", .name = "Bob", .role = Role::admin, .language = ""};
  EXPECT_EQ(persons().redeem_first(newer.hash, anne, 9000).error().code, Code::not_found);
  ASSERT_TRUE(persons().redeem_first(newer.hash, anne, 2000));
  EXPECT_EQ(persons().redeem_first(newer.hash, bob, 2000).error().code, Code::not_found);
  EXPECT_EQ(detail_of(persons().add_link(link)), "conflict people_exist");
  EXPECT_EQ(persons().find_by_email("bob@example.org").error().code, Code::not_found);
}

TEST_P(StoreContract, TheFirstAdministratorsLinkIsVoidOnceThereAreOthers) {
  Link link{detail::hash_of("first"), LinkKind::first_administrator, "", 1000, 9000};
  ASSERT_TRUE(persons().add_link(link));
  person("early@example.org", "Early");
  Person anne{
      .id = new_id("per"), .email = "anne@example.org", .name = "Anne", .role = Role::admin, .language = ""};
  EXPECT_EQ(detail_of(persons().redeem_first(link.hash, anne, 2000)), "conflict people_exist");
}

TEST_P(StoreContract, AnInvitationIsUsedUpAndEndsSessions) {
  auto id = person("anne@example.org", "Anne");
  auto open = session(id, "open");
  Link link{detail::hash_of("reset"), LinkKind::password_reset, id, 1000, 9000};
  ASSERT_TRUE(persons().add_link(link));
  PersonChanges changes;
  changes.password_hash = "new hash";
  auto redeemed = persons().redeem(link.hash, changes, 2000);
  ASSERT_TRUE(redeemed);
  EXPECT_EQ(redeemed->id, id);
  EXPECT_EQ(persons().find(id)->password_hash, "new hash");
  EXPECT_EQ(sessions().find(open.hash).error().code, Code::not_found);
  EXPECT_EQ(persons().redeem(link.hash, changes, 2000).error().code, Code::not_found);
}

TEST_P(StoreContract, SessionsAreFoundListedAndEnded) {
  auto id = person("anne@example.org", "Anne");
  auto one = session(id, "one", 1000);
  auto two = session(id, "two", 3000);
  auto three = session(id, "three", 2000);
  auto found = sessions().find(one.hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->session.id, one.id);
  EXPECT_EQ(found->session.ends_at, 100'000);
  EXPECT_EQ(found->who.person.email, "anne@example.org");
  std::vector<std::string> order;
  auto listed = sessions().of_person(id);
  for (const auto& item : *listed) order.push_back(item.id);
  EXPECT_THAT(order, testing::ElementsAre(two.id, three.id, one.id));
  ASSERT_TRUE(sessions().used(std::vector<Use>{{one.id, 7000}}));
  EXPECT_EQ(sessions().find(one.hash)->session.used_at, 7000);
  ASSERT_TRUE(sessions().end(three.hash));
  EXPECT_TRUE(sessions().end(three.hash));
  EXPECT_EQ(sessions().end_by_id("per_other", two.id).error().code, Code::not_found);
  ASSERT_TRUE(sessions().end_all_but(id, one.hash));
  EXPECT_TRUE(sessions().find(one.hash));
  EXPECT_EQ(sessions().find(two.hash).error().code, Code::not_found);
  ASSERT_TRUE(sessions().end_by_id(id, one.id));
  EXPECT_EQ(sessions().find(one.hash).error().code, Code::not_found);
}

TEST_P(StoreContract, SessionsOfAPersonAreBounded) {
  auto id = person("anne@example.org", "Anne");
  for (int i = 0; i < 60; ++i) session(id, std::to_string(i), 1000 + i);
  EXPECT_EQ(sessions().of_person(id)->size(), 50U);
  EXPECT_TRUE(sessions().find(detail::hash_of("59")));
  EXPECT_FALSE(sessions().find(detail::hash_of("0")));
}

TEST_P(StoreContract, KeysAreFoundListedAndRevoked) {
  auto id = person("anne@example.org", "Anne");
  auto one = key(id, "one");
  auto two = key(id, "two");
  auto found = keys().find(one.hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key.id, one.id);
  EXPECT_THAT(found->key.settings.scopes, testing::ElementsAre("chat", "search"));
  EXPECT_FALSE(found->key.used_at);
  auto page = keys().of_person(id, {"", 1});
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].id, two.id);
  page = keys().of_person(id, {page->next, 1});
  EXPECT_EQ(page->items[0].id, one.id);
  EXPECT_EQ(page->next, "");
  ASSERT_TRUE(keys().used(std::vector<Use>{{one.id, 7000}}));
  EXPECT_EQ(keys().find(one.hash)->key.used_at, 7000);
  EXPECT_EQ(keys().revoke("per_other", one.id, 8000).error().code, Code::not_found);
  ASSERT_TRUE(keys().revoke(id, one.id, 8000));
  EXPECT_EQ(keys().revoke(id, one.id, 8000).error().code, Code::not_found);
  EXPECT_EQ(keys().find(one.hash).error().code, Code::not_found);
  ASSERT_TRUE(keys().revoke("", two.id, 8000));
  EXPECT_TRUE(keys().of_person(id, {"", 10})->items.empty());
  EXPECT_TRUE(keys().usable()->empty());
  ApiKey third{.id = new_id("key"), .hash = detail::hash_of("three"), .person = id};
  EXPECT_EQ(detail_of(keys().add(third, 0)), "conflict too_many_keys");
}

TEST_P(StoreContract, ADisabledPersonLosesSessionsKeysAndLinks) {
  auto id = person("anne@example.org", "Anne");
  auto open = session(id, "open");
  auto made = key(id, "key");
  Link link{detail::hash_of("reset"), LinkKind::password_reset, id, 1000, 9000};
  ASSERT_TRUE(persons().add_link(link));
  PersonChanges off;
  off.disabled = true;
  ASSERT_TRUE(persons().update(id, off, 2000));
  PersonChanges on;
  on.disabled = false;
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(sessions().find(open.hash).error().code, Code::not_found);
    EXPECT_EQ(keys().find(made.hash).error().code, Code::not_found);
    EXPECT_EQ(persons().find_link(link.hash, 2000).error().code, Code::not_found);
    ASSERT_TRUE(persons().update(id, on, 3000));  // what was lost stays lost
  }
}

TEST_P(StoreContract, GroupsAreClosedOverNesting) {
  auto anne = person("anne@example.org", "Anne");
  auto bob = person("bob@example.org", "Bob");
  auto team = group("Team", {{anne}, {}});
  auto unit = group("Unit", {{bob}, {team}});
  auto house = group("House", {{}, {unit, team}});
  auto of = [&](const std::string& id) { return persons().find_in_groups(id)->groups; };
  EXPECT_THAT(of(anne), testing::UnorderedElementsAre(team, unit, house));
  EXPECT_THAT(of(bob), testing::UnorderedElementsAre(unit, house));
  EXPECT_TRUE(std::ranges::is_sorted(of(anne)));
  auto made = key(anne, "key");
  EXPECT_EQ(keys().find(made.hash)->who.groups, of(anne));
  EXPECT_EQ(detail_of(groups().update(team, std::nullopt, Members{{anne}, {house}})), "conflict cycle");
  EXPECT_EQ(detail_of(groups().update(team, std::nullopt, Members{{anne}, {team}})), "conflict cycle");
  EXPECT_THAT(of(anne), testing::UnorderedElementsAre(team, unit, house));
  ASSERT_TRUE(groups().remove(unit));
  EXPECT_THAT(of(anne), testing::UnorderedElementsAre(team, house));
  EXPECT_EQ(groups().members(house)->groups, std::vector<std::string>{team});
  EXPECT_EQ(groups().remove(unit).error().code, Code::not_found);
}

TEST_P(StoreContract, GroupsHaveNamesOfTheirOwn) {
  auto legal = group("Service Légal");
  Group again{new_id("grp"), "service legal", 1000};
  EXPECT_EQ(detail_of(groups().add(again, {})), "conflict name_taken");
  EXPECT_EQ(groups().find_by_name("SERVICE LÉGAL")->id, legal);
  auto other = group("Other");
  EXPECT_EQ(detail_of(groups().update(other, "Service légal", std::nullopt)), "conflict name_taken");
  EXPECT_TRUE(groups().update(legal, "Service LÉGAL", std::nullopt));
  EXPECT_EQ(groups().find(legal)->name, "Service LÉGAL");
  EXPECT_EQ(groups().update("grp_other", "x", std::nullopt).error().code, Code::not_found);
  Group odd{new_id("grp"), "Odd", 1000};
  EXPECT_EQ(groups().add(odd, {{"per_nobody"}, {}}).error().code, Code::not_found);
  EXPECT_EQ(groups().find(odd.id).error().code, Code::not_found);
}

TEST_P(StoreContract, GroupsAreListedInPages) {
  for (const auto* name : {"delta", "Alpha", "charlie", "Bravo team"}) group(name);
  auto page = groups().list("", {"", 3});
  ASSERT_EQ(page->items.size(), 3U);
  EXPECT_EQ(page->items[0].name, "Alpha");
  page = groups().list("", {page->next, 3});
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].name, "delta");
  EXPECT_EQ(page->next, "");
  EXPECT_EQ(groups().list("te", {"", 3})->items.at(0).name, "Bravo team");
  EXPECT_TRUE(groups().list("eam", {"", 3})->items.empty());
}

TEST_P(StoreContract, TheGenerationCountsWhatChangesRights) {
  auto anne = person("anne@example.org", "Anne");
  auto open = session(anne, "open");
  auto made = key(anne, "key");
  auto last = persons().generation().value();
  auto moved = [&] {
    auto now = persons().generation().value();
    return std::exchange(last, now) != now;
  };
  ASSERT_TRUE(sessions().used(std::vector<Use>{{open.id, 7000}}));
  EXPECT_FALSE(moved());
  PersonChanges up;
  up.role = Role::admin;
  ASSERT_TRUE(persons().update(anne, up, 1));
  EXPECT_TRUE(moved());
  auto team = group("Team", {{anne}, {}});
  EXPECT_TRUE(moved());
  ASSERT_TRUE(groups().update(team, std::nullopt, Members{}));
  EXPECT_TRUE(moved());
  ASSERT_TRUE(groups().remove(team));
  EXPECT_TRUE(moved());
  ASSERT_TRUE(keys().revoke(anne, made.id, 1));
  EXPECT_TRUE(moved());
  ASSERT_TRUE(sessions().end(open.hash));
  EXPECT_TRUE(moved());
}

TEST_P(StoreContract, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        // Each e-mail is wanted by two threads: one of them gets it.
        Person one{.id = new_id("per"),
                   .email = std::to_string(t / 2) + "-" + std::to_string(i) + "@example.org",
                   .language = ""};
        if (persons().add(one, std::nullopt)) ++made;
        EXPECT_TRUE(persons().find_by_email(one.email));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 50);
}

}  // namespace bastide::identity
