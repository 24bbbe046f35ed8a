#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "identity/normalise.h"
#include "storage/identity/rows.h"

namespace bastide::storage {
namespace {
using namespace identity;

constexpr std::size_t words_max = 8;
constexpr int walked_max = 2000;  // persons

std::unexpected<Error> no_person() { return detail::not_found("There is no such person."); }
std::unexpected<Error> no_link() { return detail::not_found("There is no such link."); }
std::unexpected<Error> people_exist() {
  return fail(Code::conflict, "The first administrator exists already.", "people_exist", "Sign in.");
}

std::unexpected<Error> last_administrator() {
  return fail(Code::conflict, "This is the last administrator.", "last_admin",
              "Make somebody else administrator first.");
}

// The index has no text of its own: what goes must be said to it.
constexpr std::string_view forget_words =
    "insert into person_search (person_search, rowid, words) select 'delete', num, words from person where "
    "id = ?";

class SqlitePersonStore final : public PersonStore {
 public:
  SqlitePersonStore(Database& database, std::string organisation)
      : database_(database), organisation_(std::move(organisation)) {}

  Result<bool> any() override {
    return database_.read([&](Connection& c) { return any_in(c); });
  }
  Result<void> add(const Person& person, const std::optional<Link>& link) override {
    return database_.write([&](Connection& c) -> Result<void> {
      if (auto inserted = insert(c, person); !inserted) return pass(inserted);
      if (link) insert_link(c, *link);
      return {};
    });
  }
  Result<Person> find(std::string_view id) override {
    return database_.read([&](Connection& c) { return find_in(c, id); });
  }
  Result<Person> find_by_email(std::string_view email) override {
    return database_.read([&](Connection& c) -> Result<Person> {
      auto query = c.prepare(fmt::format("select {} from person p where p.organisation = ? and p.email = ?",
                                         detail::person_columns));
      query.bind_all(organisation_, email);
      if (!query.step()) return no_person();
      return detail::person_at(query, 0);
    });
  }
  Result<PersonInGroups> find_in_groups(std::string_view id) override {
    return database_.read([&](Connection& c) -> Result<PersonInGroups> {
      auto person = find_in(c, id);
      if (!person) return pass(person);
      return PersonInGroups{std::move(*person), detail::groups_of(c, id)};
    });
  }
  Result<Page<Person>> list(const PersonFilter& filter, const PageFrom& from) override;
  Result<Person> update(std::string_view id, const PersonChanges& changes, UnixMillis now) override {
    return database_.write([&](Connection& c) { return update_in(c, id, changes, now); });
  }

  Result<void> remove(std::string_view id) override {
    return database_.write([&](Connection& c) -> Result<void> {
      if (auto person = find_in(c, id); !person) return pass(person);
      bool had_administrators = administrators_left(c);
      c.prepare(forget_words).bind_all(id).run();
      c.prepare("delete from person where id = ?").bind_all(id).run();
      if (had_administrators && !administrators_left(c)) return last_administrator();
      detail::count_generation(c, organisation_);
      return {};
    });
  }

  Result<void> add_link(const Link& link) override {
    return database_.write([&](Connection& c) -> Result<void> {
      if (link.kind == LinkKind::first_administrator && any_in(c)) return people_exist();
      insert_link(c, link);
      return {};
    });
  }
  Result<Link> find_link(std::string_view hash, UnixMillis now) override {
    return database_.read([&](Connection& c) { return link_in(c, hash, now); });
  }
  Result<void> redeem_first(std::string_view hash, const Person& person, UnixMillis now) override;
  Result<Person> redeem(std::string_view hash, const PersonChanges& changes, UnixMillis now) override;

  Result<std::int64_t> generation() override {
    return database_.read([&](Connection& c) -> std::int64_t {
      auto query = c.prepare(
          "select coalesce(sum(generation), 0) from identity_generation"
          " where organisation = ?1 or organisation = ?1 || '/sessions'");
      query.bind_all(organisation_);
      return query.step() ? query.integer(0) : 0;
    });
  }

 private:
  bool any_in(Connection& c) {
    auto query = c.prepare("select 1 from person where organisation = ? limit 1");
    query.bind_all(organisation_);
    return query.step();
  }
  Result<Person> find_in(Connection& c, std::string_view id) {
    auto query = c.prepare(
        fmt::format("select {} from person p where p.organisation = ? and p.id = ?", detail::person_columns));
    query.bind_all(organisation_, id);
    if (!query.step()) return no_person();
    return detail::person_at(query, 0);
  }
  Result<Link> link_in(Connection& c, std::string_view hash, UnixMillis now);
  Result<void> insert(Connection& c, const Person& person);
  void insert_link(Connection& c, const Link& link);
  Result<Person> update_in(Connection& c, std::string_view id, const PersonChanges& changes, UnixMillis now);
  enum class Way { all, walk, look_up };
  Page<Person> list_in(Connection& c, const PersonFilter& filter, std::span<const std::string_view> words,
                       const PageFrom& from, Way way);
  static void index_words(Connection& c, const Person& person);
  bool administrators_left(Connection& c);
  void shut_out(Connection& c, std::string_view person, UnixMillis now);
  static std::string words_of(const Person& person) {
    return search_words(person.name + " " + person.email.substr(0, person.email.find('@')));
  }

  Database& database_;
  const std::string organisation_;
};

Result<void> SqlitePersonStore::insert(Connection& c, const Person& person) {
  auto taken = c.prepare("select 1 from person where organisation = ? and email = ?");
  taken.bind_all(organisation_, person.email);
  if (taken.step())
    return fail(Code::conflict, "There is an account with this e-mail already.", "email_taken",
                "Use another e-mail.");
  auto statement = c.prepare(
      "insert into person (id, organisation, email, name, role, language, password_hash, disabled_at, "
      "notice_seen_at,"
      " created_at, words) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  statement.bind_all(person.id, organisation_, person.email, person.name, detail::role_word(person.role),
                     person.language);
  if (person.password_hash.empty())
    statement.bind_null(7);
  else
    statement.bind(7, person.password_hash);
  statement.bind(8, person.disabled ? std::optional(person.created_at) : std::nullopt);
  statement.bind(9, person.notice_seen_at).bind(10, person.created_at).bind(11, words_of(person));
  statement.run();
  c.prepare("insert into person_search (rowid, words) values (?, ?)")
      .bind_all(c.last_rowid(), words_of(person))
      .run();
  return {};
}

Result<Page<Person>> SqlitePersonStore::list(const PersonFilter& filter, const PageFrom& from) {
  std::vector<std::string_view> words;
  for (auto word : split(filter.words, ' '))
    if (!word.empty() && words.size() < words_max) words.push_back(word);
  return database_.read([&](Connection& c) {
    // What many have is soon met on a walk along the e-mails; what few have, the index of words finds at
    // once.
    auto page = list_in(c, filter, words, from, words.empty() ? Way::all : Way::walk);
    if (!words.empty() && page.next.empty()) page = list_in(c, filter, words, from, Way::look_up);
    return page;
  });
}

Page<Person> SqlitePersonStore::list_in(Connection& c, const PersonFilter& filter,
                                        std::span<const std::string_view> words, const PageFrom& from,
                                        Way way) {
  // The range of e-mails has one lower bound, so that the index can follow it.
  bool from_prefix = filter.email_prefix > from.after;
  std::string range = fmt::format("p.organisation = ?1 and p.email {} ?2", from_prefix ? ">=" : ">");
  if (!filter.email_prefix.empty()) range += " and p.email < ?4 || char(0x10ffff)";
  std::string sql = fmt::format("select {} from ", detail::person_columns);
  if (way == Way::all) sql += "person p where " + range;
  if (way == Way::look_up)
    sql += "person_search s cross join person p on p.num = s.rowid where s.words match ?5 and " + range;
  if (way == Way::walk) {
    sql += fmt::format("(select * from person p where {} order by p.email limit {}) p where true", range,
                       walked_max);
    for (std::size_t i = 0; i < words.size(); ++i)
      sql += fmt::format(" and instr(' ' || p.words, ' ' || ?{}) > 0", i + 5);
  }
  sql += " order by p.email limit ?3";

  auto query = c.prepare(sql);
  query.bind_all(organisation_, from_prefix ? filter.email_prefix : from.after, from.limit + 1);
  if (!filter.email_prefix.empty()) query.bind(4, filter.email_prefix);
  if (way == Way::look_up) query.bind(5, detail::prefix_query(words));
  for (std::size_t i = 0; way == Way::walk && i < words.size(); ++i)
    query.bind(static_cast<int>(i + 5), words[i]);
  Page<Person> out;
  while (query.step()) {
    if (out.items.size() == from.limit) {
      out.next = out.items.back().email;
      break;
    }
    out.items.push_back(detail::person_at(query, 0));
  }
  return out;
}

void SqlitePersonStore::index_words(Connection& c, const Person& person) {
  auto words = words_of(person);
  c.prepare(forget_words).bind_all(person.id).run();
  c.prepare("update person set words = ? where id = ?").bind_all(words, person.id).run();
  c.prepare("insert into person_search (rowid, words) select num, words from person where id = ?")
      .bind_all(person.id)
      .run();
}

bool SqlitePersonStore::administrators_left(Connection& c) {
  auto query = c.prepare(
      "select 1 from person where organisation = ? and role = 'admin' and disabled_at is null"
      " and password_hash is not null limit 1");
  query.bind_all(organisation_);
  return query.step();
}

void SqlitePersonStore::shut_out(Connection& c, std::string_view person, UnixMillis now) {
  c.prepare("delete from session where person = ?").bind_all(person).run();
  c.prepare("delete from one_time_link where person = ?").bind_all(person).run();
  c.prepare("update api_key set revoked_at = ? where person = ? and revoked_at is null")
      .bind_all(now, person)
      .run();
}

Result<Person> SqlitePersonStore::update_in(Connection& c, std::string_view id, const PersonChanges& changes,
                                            UnixMillis now) {
  auto person = find_in(c, id);
  if (!person) return person;
  bool had_administrators = administrators_left(c);
  bool shut = changes.disabled.value_or(false) && !person->disabled;
  if (changes.name) person->name = *changes.name;
  if (changes.role) person->role = *changes.role;
  if (changes.language) person->language = *changes.language;
  if (changes.password_hash) person->password_hash = *changes.password_hash;
  if (changes.disabled) person->disabled = *changes.disabled;
  if (changes.notice_seen_at) person->notice_seen_at = changes.notice_seen_at;
  auto statement = c.prepare(
      "update person set name = ?, role = ?, language = ?, password_hash = nullif(?, ''), notice_seen_at = ?,"
      " disabled_at = case when ? then coalesce(disabled_at, ?) end where id = ?");
  statement.bind_all(person->name, detail::role_word(person->role), person->language, person->password_hash,
                     person->notice_seen_at, person->disabled, now, id);
  statement.run();
  if (changes.name) index_words(c, *person);
  if (had_administrators && !administrators_left(c)) return last_administrator();
  if (shut) shut_out(c, id, now);
  detail::count_generation(c, organisation_);
  return person;
}

Result<Link> SqlitePersonStore::link_in(Connection& c, std::string_view hash, UnixMillis now) {
  auto query = c.prepare(
      "select kind, person, created_at, expires_at from one_time_link where hash = ? and organisation = ?"
      " and expires_at > ?");
  query.bind_blob(1, hash).bind(2, organisation_).bind(3, now);
  if (!query.step()) return no_link();
  return Link{std::string(hash), detail::link_kind_of(query.view(0)), query.text(1), query.integer(2),
              query.integer(3)};
}

void SqlitePersonStore::insert_link(Connection& c, const Link& link) {
  auto kind = detail::link_kind_word(link.kind);
  auto person = link.person.empty() ? std::nullopt : std::optional<std::string_view>(link.person);
  c.prepare("delete from one_time_link where organisation = ? and kind = ? and person is ?")
      .bind_all(organisation_, kind, person)
      .run();
  auto statement = c.prepare(
      "insert into one_time_link (hash, organisation, kind, person, created_at, expires_at) values (?, ?, ?, "
      "?, ?, ?)");
  statement.bind_blob(1, link.hash).bind(2, organisation_).bind(3, kind).bind(4, person);
  statement.bind(5, link.created_at).bind(6, link.expires_at).run();
}

Result<void> SqlitePersonStore::redeem_first(std::string_view hash, const Person& person, UnixMillis now) {
  return database_.write([&](Connection& c) -> Result<void> {
    auto link = link_in(c, hash, now);
    if (!link) return pass(link);
    if (link->kind != LinkKind::first_administrator) return no_link();
    if (any_in(c)) return people_exist();
    c.prepare("delete from one_time_link where organisation = ? and kind = 'first_administrator'")
        .bind_all(organisation_)
        .run();
    if (auto inserted = insert(c, person); !inserted) return pass(inserted);
    return {};
  });
}

Result<Person> SqlitePersonStore::redeem(std::string_view hash, const PersonChanges& changes,
                                         UnixMillis now) {
  return database_.write([&](Connection& c) -> Result<Person> {
    auto link = link_in(c, hash, now);
    if (!link) return pass(link);
    if (link->kind == LinkKind::first_administrator) return no_link();
    c.prepare("delete from one_time_link where person = ?").bind_all(link->person).run();
    c.prepare("delete from session where person = ?").bind_all(link->person).run();
    return update_in(c, link->person, changes, now);
  });
}
}  // namespace

std::unique_ptr<PersonStore> detail::make_person_store(Database& database, std::string organisation) {
  return std::make_unique<SqlitePersonStore>(database, std::move(organisation));
}

}  // namespace bastide::storage
