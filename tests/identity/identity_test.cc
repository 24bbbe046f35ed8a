#include "identity/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "tests/identity/memory_stores.h"

namespace bastide::identity {
namespace {
constexpr const char* good_password = "correct horse battery";
constexpr UnixMillis day = 86'400'000;

template <class T>
std::string detail_of(const Result<T>& result) {
  return result ? "fine" : std::string(code_name(result.error().code)) + " " + result.error().detail;
}

KeySettings with_scopes(std::vector<std::string> scopes) {
  KeySettings settings;
  settings.scopes = std::move(scopes);
  return settings;
}

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() { restart(); }
  void restart() {
    identity_.reset();
    Options options;
    options.now = [this] { return now_.load(); };
    options.hash_password = [](std::string_view password) -> Result<std::string> {
      return "#" + std::string(password);
    };
    options.verify_password = [this](std::string_view hash, std::string_view password) {
      ++verified_;
      return hash == "#" + std::string(password);
    };
    options.check_every = Millis(10);
    options.write_uses_every = Millis(10);
    identity_ = std::make_unique<Identity>(stores_.ports(), options);
  }
  /// Anne, the administrator, as the first link makes her.
  SignedIn set_up() {
    auto link = identity_->first_administrator_link();
    EXPECT_TRUE(link && *link);
    auto in = identity_->use_link((*link)->token, "Anne@Example.org", "Anne", good_password, client_);
    EXPECT_TRUE(in) << in.error().message;
    return *in;
  }
  std::string add(const Principal& actor, std::string email, Role role = Role::member) {
    auto added = identity_->add_person(
        actor,
        {.email = std::move(email), .name = "", .role = role, .password = good_password, .language = ""});
    EXPECT_TRUE(added) << added.error().message;
    return added->id;
  }
  template <class Fn>
  static bool within_two_seconds(Fn fn) {
    for (auto end = Deadline::in(Millis(2000)); !end.passed(); std::this_thread::sleep_for(Millis(5)))
      if (fn()) return true;
    return false;
  }

  std::atomic<UnixMillis> now_ = 1'800'000'000'000;
  std::atomic<int> verified_ = 0;
  MemoryStores stores_;
  std::unique_ptr<Identity> identity_;
  Client client_{.address = "10.0.0.1", .agent = "Browser"};
};

TEST_F(IdentityTest, TheFirstAdministratorComesByALinkThatWorksOnce) {
  EXPECT_TRUE(identity_->setup_needed().value());
  auto old_link = identity_->first_administrator_link();
  restart();
  auto link = identity_->first_administrator_link();
  ASSERT_TRUE(link && *link);
  EXPECT_EQ(detail_of(identity_->link((*old_link)->token)), "not_found bad_link");
  EXPECT_EQ(identity_->link((*link)->token)->kind, LinkKind::first_administrator);
  EXPECT_EQ(detail_of(identity_->use_link("wrong", "a@example.org", "A", good_password, client_)),
            "not_found bad_link");
  EXPECT_EQ(detail_of(identity_->use_link((*link)->token, "nonsense", "A", good_password, client_)),
            "invalid email");
  EXPECT_EQ(detail_of(identity_->use_link((*link)->token, "a@example.org", "A", "short", client_)),
            "invalid password_short");
  auto in = identity_->use_link((*link)->token, "Anne@Example.org", "Anne", good_password, client_);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->who.role, Role::admin);
  EXPECT_EQ(in->who.email, "anne@example.org");
  EXPECT_EQ(in->person.password_hash, "");
  EXPECT_FALSE(identity_->setup_needed().value());
  EXPECT_FALSE(identity_->first_administrator_link()->has_value());
  EXPECT_EQ(detail_of(identity_->use_link((*link)->token, "b@example.org", "B", good_password, client_)),
            "not_found bad_link");
}

TEST_F(IdentityTest, TheFirstLinkExpires) {
  auto link = identity_->first_administrator_link();
  now_ += day + 1;
  EXPECT_EQ(detail_of(identity_->use_link((*link)->token, "a@example.org", "A", good_password, client_)),
            "not_found bad_link");
}

TEST_F(IdentityTest, SignInGivesASessionThatIsAnsweredFromMemory) {
  set_up();
  auto in = identity_->sign_in(" ANNE@example.org", good_password, client_);
  ASSERT_TRUE(in);
  auto finds = stores_.finds();
  auto cached = identity_->cached_session(in->token);
  ASSERT_TRUE(cached);
  EXPECT_EQ(cached->who.person, in->who.person);
  EXPECT_EQ(cached->csrf, in->csrf);
  EXPECT_TRUE(Identity::csrf_matches(in->token, in->csrf));
  EXPECT_FALSE(Identity::csrf_matches(in->token, in->csrf + "x"));
  EXPECT_FALSE(Identity::csrf_matches("", in->csrf));
  EXPECT_EQ(stores_.finds(), finds);
  restart();
  EXPECT_FALSE(identity_->cached_session(in->token));
  ASSERT_TRUE(identity_->authenticate_session(in->token));
  EXPECT_TRUE(identity_->cached_session(in->token));
  EXPECT_EQ(detail_of(identity_->authenticate_session("nonsense")), "unauthenticated no_session");
  EXPECT_EQ(detail_of(identity_->authenticate_session(random_token())), "unauthenticated no_session");
}

TEST_F(IdentityTest, WrongAndUnknownAnswerAlike) {
  set_up();
  verified_ = 0;
  auto wrong = identity_->sign_in("anne@example.org", "something else", client_);
  auto unknown = identity_->sign_in("nobody@example.org", "something else", client_);
  auto nonsense = identity_->sign_in("nonsense", "something else", client_);
  for (const auto& answer : {wrong, unknown, nonsense}) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::unauthenticated);
    EXPECT_EQ(answer.error().message, wrong.error().message);
    EXPECT_EQ(answer.error().detail, wrong.error().detail);
  }
  EXPECT_EQ(verified_, 3);  // the same work for each
}

TEST_F(IdentityTest, TooManyTriesAreRefusedAlike) {
  set_up();
  for (const auto* email : {"anne@example.org", "nobody@example.org"}) {
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(detail_of(identity_->sign_in(email, "wrong", client_)), "unauthenticated bad_credentials");
    EXPECT_EQ(detail_of(identity_->sign_in(email, good_password, client_)), "rate_limited locked");
    EXPECT_EQ(identity_->sign_in_wait(email, "10.0.0.1").count(), 2);
  }
  now_ += 2'000;
  EXPECT_TRUE(identity_->sign_in("anne@example.org", good_password, client_));
}

TEST_F(IdentityTest, SignInReplacesTheSessionThatCameAlong) {
  auto first = set_up();
  client_.previous_token = first.token;
  auto second = identity_->sign_in("anne@example.org", good_password, client_);
  ASSERT_TRUE(second);
  EXPECT_NE(second->token, first.token);
  EXPECT_FALSE(identity_->cached_session(first.token));
  EXPECT_FALSE(identity_->authenticate_session(first.token));
  EXPECT_TRUE(identity_->authenticate_session(second->token));
}

TEST_F(IdentityTest, SessionsSlideAndEnd) {
  auto in = set_up();
  for (int i = 0; i < 6; ++i) {
    now_ += 13 * day;
    EXPECT_TRUE(identity_->cached_session(in.token)) << i;
  }
  now_ += 13 * day;  // 91 days
  EXPECT_FALSE(identity_->cached_session(in.token));
  EXPECT_EQ(detail_of(identity_->authenticate_session(in.token)), "unauthenticated session_expired");

  auto idle = identity_->sign_in("anne@example.org", good_password, client_);
  now_ += 15 * day;
  EXPECT_FALSE(identity_->cached_session(idle->token));
  EXPECT_FALSE(identity_->cached_session(idle->token));
  EXPECT_FALSE(identity_->authenticate_session(idle->token));
}

TEST_F(IdentityTest, TheTimeOfUseSurvivesARestart) {
  auto in = set_up();
  now_ += 13 * day;
  EXPECT_TRUE(identity_->cached_session(in.token));
  restart();
  now_ += 13 * day;
  EXPECT_TRUE(identity_->authenticate_session(in.token));
}

TEST_F(IdentityTest, SessionsAreListedAndEnded) {
  auto one = set_up();
  now_ += 1000;
  client_.agent = "Telephone";
  auto two = identity_->sign_in("anne@example.org", good_password, client_);
  auto listed = identity_->sessions(one.who, one.session);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].client, "Telephone");
  EXPECT_FALSE((*listed)[0].current);
  EXPECT_TRUE((*listed)[1].current);
  ASSERT_TRUE(identity_->end_session(one.who, two->session));
  EXPECT_FALSE(identity_->cached_session(two->token));
  EXPECT_FALSE(identity_->authenticate_session(two->token));
  ASSERT_TRUE(identity_->sign_out(one.token));
  EXPECT_FALSE(identity_->authenticate_session(one.token));
  EXPECT_TRUE(identity_->sign_out("never seen"));
}

TEST_F(IdentityTest, KeysAreAnsweredFromMemoryUntilRevoked) {
  auto anne = set_up().who;
  auto made = identity_->add_key(anne, anne.person, "laptop", with_scopes({"search", "chat", "chat"}));
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->secret.starts_with("bst_"));
  EXPECT_TRUE(identity_->cached_key(made->secret, "127.0.0.1"));
  auto who = identity_->authenticate_key(made->secret, "127.0.0.1");
  ASSERT_TRUE(who);
  EXPECT_EQ(who->via, Via::key);
  EXPECT_EQ(who->key, made->id);
  EXPECT_THAT(who->scopes, testing::ElementsAre("chat", "search"));
  EXPECT_TRUE(identity_->cached_key(made->secret, "127.0.0.1"));
  auto listed = identity_->keys(anne, {});
  ASSERT_EQ(listed->items.size(), 1U);
  EXPECT_EQ(listed->items[0].hash, "");
  EXPECT_TRUE(made->secret.starts_with(listed->items[0].prefix));
  EXPECT_TRUE(within_two_seconds([&] { return identity_->keys(anne, {})->items[0].used_at.has_value(); }));
  ASSERT_TRUE(identity_->revoke_key(anne, made->id));
  EXPECT_FALSE(identity_->cached_key(made->secret, "127.0.0.1"));
  EXPECT_EQ(detail_of(identity_->authenticate_key(made->secret, "127.0.0.1")), "unauthenticated bad_key");
  EXPECT_EQ(detail_of(identity_->authenticate_key("bst_x", "127.0.0.1")), "unauthenticated bad_key");
}

TEST_F(IdentityTest, AKeyKeepsToItsAddressesItsModelsAndItsTime) {
  auto anne = set_up().who;
  KeySettings settings;
  settings.addresses = {"192.0.2.0/24", "2001:db8::/32"};
  settings.models = {"fast"};
  settings.application = "payroll";
  settings.expires_at = now_ + 1000;
  auto made = identity_->add_key(anne, anne.person, "server", settings);
  ASSERT_TRUE(made);
  auto who = identity_->authenticate_key(made->secret, "192.0.2.7");
  ASSERT_TRUE(who);
  EXPECT_EQ(who->application, "payroll");
  EXPECT_EQ(who->models, settings.models);
  EXPECT_EQ(who->priority, Priority::program);
  EXPECT_TRUE(identity_->authenticate_key(made->secret, "2001:db8::1"));
  EXPECT_EQ(detail_of(identity_->authenticate_key(made->secret, "192.0.3.1")), "forbidden key_address");
  EXPECT_EQ(detail_of(identity_->authenticate_key(made->secret, "")), "forbidden key_address");
  auto entry = identity_->key_table().find(made->secret, now_);
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->allows_model("fast"));
  EXPECT_FALSE(entry->allows_model("dear"));
  EXPECT_FALSE(entry->is_over(*settings.expires_at - 1));
  EXPECT_TRUE(entry->is_over(*settings.expires_at));
  settings.addresses = {"192.0.2.1/24"};
  EXPECT_EQ(detail_of(identity_->add_key(anne, anne.person, "x", settings)), "invalid address_range");
  settings = {};
  settings.expires_at = 1;
  EXPECT_EQ(detail_of(identity_->add_key(anne, anne.person, "x", settings)), "invalid key_expiry");
}

TEST_F(IdentityTest, ARotatedKeyHasTwoSecretsForAWhile) {
  auto anne = set_up().who;
  auto first = identity_->add_key(anne, anne.person, "server", {});
  auto running = identity_->key_table().find(first->secret, now_);
  auto second = identity_->rotate_key(anne, first->id, std::chrono::hours(1));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, first->id);
  EXPECT_NE(second->secret, first->secret);
  EXPECT_EQ(identity_->authenticate_key(first->secret, "")->key, first->id);
  EXPECT_EQ(identity_->authenticate_key(second->secret, "")->key, first->id);
  EXPECT_FALSE(running->is_over(now_)) << "what runs goes on";
  EXPECT_FALSE(identity_->key_table().find(first->secret, now_ + 3'600'001));
  auto third = identity_->rotate_key(anne, first->id, std::chrono::seconds(0));
  EXPECT_EQ(detail_of(identity_->authenticate_key(first->secret, "")), "unauthenticated bad_key");
  EXPECT_EQ(detail_of(identity_->authenticate_key(second->secret, "")), "unauthenticated bad_key");
  EXPECT_TRUE(identity_->authenticate_key(third->secret, ""));
  EXPECT_EQ(identity_->rotate_key(anne, "key_none", std::chrono::seconds(0)).error().code, Code::not_found);
  EXPECT_EQ(detail_of(identity_->rotate_key(anne, first->id, std::chrono::days(91))), "invalid key_overlap");
}

TEST_F(IdentityTest, ARevokedKeyEndsWhatRunsUnderIt) {
  auto anne = set_up().who;
  auto made = identity_->add_key(anne, anne.person, "server", {});
  auto running = identity_->key_table().find(made->secret, now_);
  ASSERT_TRUE(running);
  EXPECT_FALSE(running->is_over(now_));
  // As another process does it: only the store knows.
  ASSERT_TRUE(stores_.ports().keys.revoke("", made->id, now_));
  EXPECT_TRUE(within_two_seconds([&] { return running->is_over(now_); }));
  EXPECT_FALSE(identity_->key_table().find(made->secret, now_));
}

TEST_F(IdentityTest, ARestartForgivesNobody) {
  set_up();
  for (int i = 0; i < 6; ++i) (void)identity_->sign_in("anne@example.org", "wrong", client_);
  EXPECT_GT(identity_->sign_in_wait("anne@example.org", "").count(), 0);
  restart();
  EXPECT_GT(identity_->sign_in_wait("anne@example.org", "").count(), 0);
  EXPECT_EQ(identity_->sign_in("anne@example.org", good_password, client_).error().code, Code::rate_limited);
  now_ += day;
  EXPECT_TRUE(identity_->sign_in("anne@example.org", good_password, client_));
  restart();
  EXPECT_EQ(identity_->sign_in_wait("anne@example.org", "").count(), 0);
}

TEST_F(IdentityTest, WhoMayMakeAndRevokeKeys) {
  auto anne = set_up().who;
  auto bob = identity_->act_as((add(anne, "bob@example.org"), "bob@example.org"));
  bob->via = Via::session;
  EXPECT_EQ(detail_of(identity_->add_key(anne, bob->person, "x", {})), "forbidden role");
  auto limited = identity_->add_key(*bob, bob->person, "x", with_scopes({"chat"}));
  auto by_key = identity_->authenticate_key(limited->secret, "127.0.0.1");
  EXPECT_EQ(detail_of(identity_->add_key(*by_key, bob->person, "y", {})), "forbidden scoped_key");
  EXPECT_EQ(detail_of(identity_->add_key(*bob, bob->person, "y", with_scopes({"no spaces"}))),
            "invalid scopes");
  EXPECT_TRUE(identity_->add_key(identity_->command_line(), bob->person, "from the terminal", {}));
  auto annes = identity_->add_key(anne, anne.person, "mine", {});
  EXPECT_EQ(identity_->revoke_key(*bob, annes->id).error().code, Code::not_found);
  EXPECT_TRUE(identity_->revoke_key(anne, limited->id));
}

TEST_F(IdentityTest, ADisabledPersonIsOutAtOnce) {
  auto anne = set_up().who;
  auto bob = add(anne, "bob@example.org");
  auto in = identity_->sign_in("bob@example.org", good_password, client_);
  auto key = identity_->add_key(in->who, bob, "laptop", {});
  ASSERT_TRUE(identity_->authenticate_key(key->secret, "127.0.0.1"));
  ASSERT_TRUE(identity_->update_person(anne, bob, std::nullopt, true));
  EXPECT_FALSE(identity_->cached_session(in->token));
  EXPECT_FALSE(identity_->cached_key(key->secret, "127.0.0.1"));
  EXPECT_FALSE(identity_->authenticate_session(in->token));
  EXPECT_FALSE(identity_->authenticate_key(key->secret, "127.0.0.1"));
  EXPECT_EQ(detail_of(identity_->sign_in("bob@example.org", good_password, client_)),
            "unauthenticated bad_credentials");
  EXPECT_EQ(detail_of(identity_->act_as("bob@example.org")), "forbidden disabled");
  ASSERT_TRUE(identity_->update_person(anne, bob, std::nullopt, false));
  EXPECT_TRUE(identity_->sign_in("bob@example.org", good_password, client_));
}

TEST_F(IdentityTest, AChangeByAnotherProcessIsSeen) {
  auto anne = set_up();
  auto bob = add(anne.who, "bob@example.org");
  auto in = identity_->sign_in("bob@example.org", good_password, client_);
  ASSERT_TRUE(identity_->cached_session(in->token));
  PersonChanges changes;
  changes.role = Role::manager;
  ASSERT_TRUE(stores_.ports().persons.update(bob, changes, 1));  // behind its back
  EXPECT_TRUE(within_two_seconds([&] { return !identity_->cached_session(in->token); }));
  EXPECT_EQ(identity_->authenticate_session(in->token)->who.role, Role::manager);
}

TEST_F(IdentityTest, AStoreThatFailsIsNotAnEmptyOne) {
  set_up();
  stores_.break_down();
  EXPECT_EQ(identity_->sign_in("anne@example.org", good_password, client_).error().code, Code::unavailable);
  EXPECT_EQ(identity_->authenticate_session(random_token()).error().code, Code::unavailable);
  EXPECT_EQ(identity_->authenticate_key("bst_" + random_token(), "127.0.0.1").error().code,
            Code::unavailable);
  EXPECT_FALSE(identity_->first_administrator_link());
}

TEST_F(IdentityTest, RolesSayWhoManagesPeople) {
  auto anne = set_up().who;
  add(anne, "max@example.org", Role::manager);
  add(anne, "bob@example.org");
  auto manager = identity_->act_as("max@example.org").value();
  auto member = identity_->act_as("bob@example.org").value();
  EXPECT_EQ(identity_->people(manager, "", {})->items.size(), 3U);
  EXPECT_EQ(detail_of(identity_->people(member, "", {})), "forbidden role");
  NewPerson fresh{.email = "new@example.org", .name = "New", .role = Role::member, .language = ""};
  EXPECT_EQ(detail_of(identity_->add_person(member, fresh)), "forbidden role");
  EXPECT_TRUE(identity_->add_person(manager, fresh));
  fresh.email = "boss@example.org";
  fresh.role = Role::admin;
  EXPECT_EQ(detail_of(identity_->add_person(manager, fresh)), "forbidden role");
  EXPECT_EQ(detail_of(identity_->update_person(manager, member.person, Role::manager, std::nullopt)),
            "forbidden role");
  EXPECT_EQ(detail_of(identity_->update_person(anne, anne.person, Role::member, std::nullopt)),
            "conflict last_admin");
  anne.scopes = {"chat"};
  EXPECT_EQ(detail_of(identity_->people(anne, "", {})), "forbidden role");
  EXPECT_EQ(detail_of(identity_->me(identity_->command_line())), "forbidden no_person");
}

TEST_F(IdentityTest, AnInvitationAndAResetSetAPassword) {
  auto anne = set_up().who;
  auto added = identity_->add_person(
      anne, {.email = "bob@example.org", .name = "Bob", .role = Role::member, .language = ""});
  ASSERT_TRUE(added->link);
  EXPECT_EQ(detail_of(identity_->sign_in("bob@example.org", "", client_)), "unauthenticated bad_credentials");
  auto view = identity_->link(added->link->token);
  EXPECT_EQ(view->email, "bob@example.org");
  EXPECT_EQ(view->name, "Bob");
  auto in = identity_->use_link(added->link->token, "ignored@example.org", "", good_password, client_);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->who.email, "bob@example.org");
  EXPECT_EQ(in->who.name, "Bob");
  auto reset = identity_->reset_link(anne, added->id);
  ASSERT_TRUE(reset);
  EXPECT_EQ(detail_of(identity_->reset_link(in->who, anne.person)), "forbidden role");
  ASSERT_TRUE(identity_->use_link(reset->token, "", "", "another good one", client_));
  EXPECT_FALSE(identity_->authenticate_session(in->token));
  EXPECT_FALSE(identity_->sign_in("bob@example.org", good_password, client_));
  EXPECT_TRUE(identity_->sign_in("bob@example.org", "another good one", client_));
  EXPECT_EQ(detail_of(identity_->use_link(reset->token, "", "", good_password, client_)),
            "not_found bad_link");
}

TEST_F(IdentityTest, MeChanges) {
  auto in = set_up();
  auto other = identity_->sign_in("anne@example.org", good_password, client_);
  EXPECT_EQ(identity_->update_me(in.who, {.language = "en", .notice_seen = true}, in.token)->language, "en");
  EXPECT_TRUE(identity_->me(in.who)->notice_seen_at);
  EXPECT_EQ(detail_of(identity_->update_me(in.who, {.language = "de"}, in.token)), "invalid language");
  EXPECT_EQ(detail_of(identity_->update_me(in.who, {.name = " "}, in.token)), "invalid name");
  EXPECT_EQ(detail_of(identity_->update_me(in.who, {.password = {{"wrong", "another good one"}}}, in.token)),
            "invalid bad_old_password");
  EXPECT_EQ(
      detail_of(identity_->update_me(in.who, {.password = {{good_password, "anne@example.org"}}}, in.token)),
      "invalid password_own");
  ASSERT_TRUE(identity_->update_me(in.who, {.password = {{good_password, "another good one"}}}, in.token));
  EXPECT_TRUE(identity_->authenticate_session(in.token));
  EXPECT_FALSE(identity_->authenticate_session(other->token));
  EXPECT_TRUE(identity_->sign_in("anne@example.org", "another good one", client_));
}

TEST_F(IdentityTest, TheCommandLineAddsPeopleAndSetsPasswords) {
  auto cli = identity_->command_line();
  add(cli, "root@example.org", Role::admin);
  EXPECT_EQ(detail_of(identity_->add_person(
                cli, {.email = "Root@example.org", .name = "", .password = good_password, .language = ""})),
            "conflict email_taken");
  ASSERT_TRUE(identity_->set_password(cli, "root@example.org", "another good one"));
  auto in = identity_->sign_in("root@example.org", "another good one", client_);
  ASSERT_TRUE(in);
  EXPECT_EQ(detail_of(identity_->set_password(in->who, "root@example.org", good_password)), "forbidden role");
}

TEST_F(IdentityTest, GroupsAndReaders) {
  auto anne = set_up().who;
  add(anne, "bob@example.org");
  auto team = identity_->add_group(anne, "Équipe", {"user:Bob@example.org"});
  ASSERT_TRUE(team);
  auto unit = identity_->add_group(anne, "Unit", {"group:équipe"});
  ASSERT_TRUE(unit);
  auto bob = identity_->act_as("bob@example.org").value();
  EXPECT_THAT(readers_of(bob),
              testing::UnorderedElementsAre("everyone", "g:" + *team, "g:" + *unit, "p:" + bob.person));
  EXPECT_TRUE(std::ranges::is_sorted(readers_of(bob)));
  EXPECT_EQ(identity_->reader_id("everyone").value(), "everyone");
  EXPECT_EQ(identity_->reader_id("group:EQUIPE").value(), "g:" + *team);
  EXPECT_EQ(identity_->reader_text("g:" + *team).value(), "group:Équipe");
  EXPECT_EQ(identity_->reader_id("user:BOB@example.org").value(), "p:" + bob.person);
  EXPECT_EQ(identity_->reader_text("p:" + bob.person).value(), "user:bob@example.org");
  for (const auto* bad : {"user:nobody@example.org", "group:none", "somebody", ""})
    EXPECT_EQ(detail_of(identity_->reader_id(bad)), "invalid unknown_reader") << bad;
  EXPECT_EQ(detail_of(identity_->add_group(anne, "All", {"everyone"})), "invalid unknown_reader");
  EXPECT_EQ(detail_of(identity_->add_group(anne, "équipe", {})), "conflict name_taken");
  EXPECT_EQ(detail_of(identity_->update_group(anne, *team, std::nullopt, {{"group:Unit"}})),
            "conflict cycle");
  EXPECT_EQ(detail_of(identity_->add_group(bob, "Mine", {})), "forbidden role");
  EXPECT_THAT(identity_->group(anne, *unit)->members, testing::ElementsAre("group:Équipe"));
  EXPECT_TRUE(identity_->groups(bob, "", {})->items.at(0).members.empty());
  EXPECT_THAT(identity_->groups(anne, "equ", {})->items.at(0).members,
              testing::ElementsAre("user:bob@example.org"));
  ASSERT_TRUE(identity_->remove_group(anne, *unit));
  EXPECT_EQ(identity_->reader_text("g:" + *unit).error().code, Code::not_found);
}

TEST_F(IdentityTest, AGroupThatChangesIsSeenAtOnce) {
  auto in = set_up();
  auto team = identity_->add_group(in.who, "Team", {"user:anne@example.org"});
  EXPECT_FALSE(identity_->cached_session(in.token));
  EXPECT_EQ(identity_->authenticate_session(in.token)->who.groups, std::vector<std::string>{*team});
  ASSERT_TRUE(identity_->update_group(in.who, *team, std::nullopt, std::vector<std::string>{}));
  EXPECT_TRUE(identity_->authenticate_session(in.token)->who.groups.empty());
}

TEST(IdentityWithArgon2, TheDecoyCostsWhatAPasswordCosts) {
  // An account that does not exist must take as long: the decoy must have the limits that new hashes have.
  MemoryStores stores;
  std::string decoy;
  Options options;
  options.verify_password = [&](std::string_view hash, std::string_view) {
    decoy = hash;
    return false;
  };
  Identity identity(stores.ports(), options);
  EXPECT_FALSE(identity.sign_in("nobody@example.org", "whatever it is", {}));
  auto real = hash_password("whatever it is").value();
  auto limits_of = [](const std::string& hash) {
    return hash.substr(0, hash.rfind('$', hash.rfind('$') - 1));
  };
  EXPECT_EQ(limits_of(decoy), limits_of(real));
  EXPECT_EQ(decoy.size(), real.size());
}

TEST(PrincipalCacheTest, DropsWhatWasReadBeforeAClearing) {
  PrincipalCache cache(2);
  auto before = cache.epoch();
  cache.clear();
  cache.put("a", {}, before);
  EXPECT_FALSE(cache.find("a", 1));
  for (const auto* key : {"a", "b"}) cache.put(key, {}, cache.epoch());
  EXPECT_TRUE(cache.find("a", 1));
  cache.put("c", {}, cache.epoch());
  EXPECT_FALSE(cache.find("b", 1));
  EXPECT_TRUE(cache.find("a", 1));
}

}  // namespace
}  // namespace bastide::identity
