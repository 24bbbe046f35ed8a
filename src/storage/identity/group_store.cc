#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "identity/normalise.h"
#include "storage/identity/rows.h"

namespace bastide::storage {
namespace {
using namespace identity;

constexpr std::size_t words_max = 8;

std::unexpected<Error> no_group() { return detail::not_found("There is no such group."); }

Group group_at(const Statement& row) { return {row.text(0), row.text(1), row.integer(2)}; }

class SqliteGroupStore final : public GroupStore {
 public:
  SqliteGroupStore(Database& database, std::string organisation)
      : database_(database), organisation_(std::move(organisation)) {}

  Result<void> add(const Group& group, const Members& members) override {
    return database_.write([&](Connection& c) -> Result<void> {
      if (auto free = name_is_free(c, group.name, group.id); !free) return free;
      c.prepare(
           "insert into person_group (id, organisation, name, name_key, words, created_at) values (?, ?, ?, "
           "?, ?, ?)")
          .bind_all(group.id, organisation_, group.name, fold(group.name), search_words(group.name),
                    group.created_at)
          .run();
      return set_members(c, group.id, members);
    });
  }
  Result<Group> find(std::string_view id) override { return find_by("id", id); }
  Result<Group> find_by_name(std::string_view name) override { return find_by("name_key", fold(name)); }
  Result<Page<Group>> list(std::string_view words, const PageFrom& from) override;
  Result<Members> members(std::string_view id) override;
  Result<void> update(std::string_view id, const std::optional<std::string>& name,
                      const std::optional<Members>& members) override;
  Result<void> remove(std::string_view id) override {
    return database_.write([&](Connection& c) -> Result<void> {
      c.prepare("delete from person_group where id = ? and organisation = ?")
          .bind_all(id, organisation_)
          .run();
      if (c.changes() == 0) return no_group();
      detail::count_generation(c, organisation_);
      return {};
    });
  }

 private:
  Result<Group> find_by(std::string_view column, std::string_view value) {
    return database_.read([&](Connection& c) -> Result<Group> {
      auto query = c.prepare(fmt::format(
          "select id, name, created_at from person_group where organisation = ? and {} = ?", column));
      query.bind_all(organisation_, value);
      if (!query.step()) return no_group();
      return group_at(query);
    });
  }
  Result<void> name_is_free(Connection& c, std::string_view name, std::string_view id);
  Result<void> set_members(Connection& c, std::string_view id, const Members& members);
  Result<void> check_exists(Connection& c, std::string_view table, const std::vector<std::string>& ids);

  Database& database_;
  const std::string organisation_;
};

Result<void> SqliteGroupStore::name_is_free(Connection& c, std::string_view name, std::string_view id) {
  auto taken = c.prepare("select 1 from person_group where organisation = ? and name_key = ? and id <> ?");
  taken.bind_all(organisation_, fold(name), id);
  if (taken.step())
    return fail(Code::conflict, "There is a group of this name already.", "name_taken", "Use another name.");
  return {};
}

Result<void> SqliteGroupStore::check_exists(Connection& c, std::string_view table,
                                            const std::vector<std::string>& ids) {
  auto query = c.prepare(fmt::format("select 1 from {} where id = ? and organisation = ?", table));
  for (const auto& id : ids) {
    query.reset();
    query.bind_all(id, organisation_);
    if (!query.step()) return detail::not_found("A member does not exist.");
  }
  return {};
}

Result<void> SqliteGroupStore::set_members(Connection& c, std::string_view id, const Members& members) {
  if (auto exist = check_exists(c, "person", members.persons); !exist) return exist;
  if (auto exist = check_exists(c, "person_group", members.groups); !exist) return exist;
  c.prepare("delete from group_person where group_id = ?").bind_all(id).run();
  c.prepare("delete from group_group where group_id = ?").bind_all(id).run();
  auto person = c.prepare("insert or ignore into group_person (group_id, person) values (?, ?)");
  for (const auto& member : members.persons) person.bind_all(id, member).run();
  auto child = c.prepare("insert or ignore into group_group (group_id, child) values (?, ?)");
  for (const auto& member : members.groups) child.bind_all(id, member).run();
  auto cycle = c.prepare(
      "with recursive inside (id) as ("
      " select child from group_group where group_id = ?1"
      " union select g.child from inside join group_group g on g.group_id = inside.id)"
      " select 1 from inside where id = ?1");
  cycle.bind_all(id);
  if (cycle.step())
    return fail(Code::conflict, "The group would contain itself.", "cycle",
                "Leave out the group that contains this one.");
  detail::count_generation(c, organisation_);
  return {};
}

Result<Page<Group>> SqliteGroupStore::list(std::string_view words, const PageFrom& from) {
  std::vector<std::string_view> wanted;
  for (auto word : split(words, ' '))
    if (!word.empty() && wanted.size() < words_max) wanted.push_back(word);
  std::string sql =
      "select id, name, created_at, name_key from person_group where organisation = ?1 and name_key > ?2";
  for (std::size_t i = 0; i < wanted.size(); ++i)
    sql += fmt::format(" and instr(' ' || words, ' ' || ?{}) > 0", i + 4);
  sql += " order by name_key limit ?3";
  return database_.read([&](Connection& c) {
    auto query = c.prepare(sql);
    query.bind_all(organisation_, from.after, from.limit + 1);
    for (std::size_t i = 0; i < wanted.size(); ++i) query.bind(static_cast<int>(i + 4), wanted[i]);
    Page<Group> out;
    std::string last;
    while (query.step()) {
      if (out.items.size() == from.limit) {
        out.next = last;
        break;
      }
      out.items.push_back(group_at(query));
      last = query.text(3);
    }
    return out;
  });
}

Result<Members> SqliteGroupStore::members(std::string_view id) {
  return database_.read([&](Connection& c) {
    Members out;
    auto fill = [&](std::string_view sql, std::vector<std::string>& into) {
      auto query = c.prepare(sql);
      query.bind_all(id, organisation_);
      while (query.step()) into.push_back(query.text(0));
    };
    fill(
        "select m.person from group_person m join person_group g on g.id = m.group_id where g.id = ? and "
        "g.organisation = ?"
        " order by 1",
        out.persons);
    fill(
        "select m.child from group_group m join person_group g on g.id = m.group_id where g.id = ? and "
        "g.organisation = ?"
        " order by 1",
        out.groups);
    return out;
  });
}

Result<void> SqliteGroupStore::update(std::string_view id, const std::optional<std::string>& name,
                                      const std::optional<Members>& members) {
  return database_.write([&](Connection& c) -> Result<void> {
    if (auto exists = check_exists(c, "person_group", {std::string(id)}); !exists) return no_group();
    if (name) {
      if (auto free = name_is_free(c, *name, id); !free) return free;
      c.prepare("update person_group set name = ?, name_key = ?, words = ? where id = ?")
          .bind_all(*name, fold(*name), search_words(*name), id)
          .run();
    }
    if (members) return set_members(c, id, *members);
    return {};
  });
}
}  // namespace

std::unique_ptr<GroupStore> detail::make_group_store(Database& database, std::string organisation) {
  return std::make_unique<SqliteGroupStore>(database, std::move(organisation));
}

}  // namespace bastide::storage
