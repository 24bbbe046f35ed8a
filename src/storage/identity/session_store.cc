#include <fmt/format.h>

#include "storage/identity/rows.h"

namespace bastide::storage {
namespace {
using namespace identity;

constexpr int sessions_kept = 50;       // of one person
constexpr int forgotten_at_once = 100;  // ended ones, at each sign-in

constexpr std::string_view session_columns =
    "s.id, s.hash, s.person, s.created_at, s.used_at, s.ends_at, s.client, s.address";

Session session_at(const Statement& row, int column) {
  return {.id = row.text(column),
          .hash = row.text(column + 1),
          .person = row.text(column + 2),
          .created_at = row.integer(column + 3),
          .used_at = row.integer(column + 4),
          .ends_at = row.integer(column + 5),
          .client = row.text(column + 6),
          .address = row.text(column + 7)};
}

class SqliteSessionStore final : public SessionStore {
 public:
  SqliteSessionStore(Database& database, std::string organisation)
      : database_(database), organisation_(std::move(organisation)) {}

  Result<void> add(const Session& session, UnixMillis now) override {
    return database_.write([&](Connection& c) {
      auto statement = c.prepare(
          "insert into session (hash, id, organisation, person, created_at, used_at, ends_at, client, "
          "address)"
          " values (?, ?, ?, ?, ?, ?, ?, ?, ?)");
      statement.bind_blob(1, session.hash).bind(2, session.id).bind(3, organisation_).bind(4, session.person);
      statement.bind(5, session.created_at).bind(6, session.used_at).bind(7, session.ends_at);
      statement.bind(8, session.client).bind(9, session.address).run();
      c.prepare("delete from session where hash in (select hash from session where ends_at < ? limit ?)")
          .bind_all(now, forgotten_at_once)
          .run();
      c.prepare(
           "delete from session where hash in"
           " (select hash from session where person = ? order by used_at desc, id desc limit -1 offset ?)")
          .bind_all(session.person, sessions_kept)
          .run();
    });
  }

  Result<Found> find(std::string_view hash) override {
    return database_.read([&](Connection& c) -> Result<Found> {
      auto query =
          c.prepare(fmt::format("select {}, {} from session s join person p on p.id = s.person where s.hash "
                                "= ? and s.organisation = ?"
                                " and p.disabled_at is null",
                                session_columns, detail::person_columns));
      query.bind_blob(1, hash).bind(2, organisation_);
      if (!query.step()) return detail::not_found("There is no such session.");
      Found out{session_at(query, 0), {detail::person_at(query, 8), {}}};
      out.who.groups = detail::groups_of(c, out.session.person);
      return out;
    });
  }

  Result<std::vector<Session>> of_person(std::string_view person) override {
    return database_.read([&](Connection& c) {
      auto query =
          c.prepare(fmt::format("select {} from session s where s.person = ? and s.organisation = ? order by "
                                "s.used_at desc, s.id desc",
                                session_columns));
      query.bind_all(person, organisation_);
      std::vector<Session> out;
      while (query.step()) out.push_back(session_at(query, 0));
      return out;
    });
  }

  Result<void> end(std::string_view hash) override {
    return database_.write([&](Connection& c) {
      c.prepare("delete from session where hash = ? and organisation = ?")
          .bind_blob(1, hash)
          .bind(2, organisation_)
          .run();
      if (c.changes() > 0) detail::count_generation(c, organisation_ + "/sessions");
    });
  }

  Result<void> end_by_id(std::string_view person, std::string_view id) override {
    return database_.write([&](Connection& c) -> Result<void> {
      c.prepare("delete from session where id = ? and person = ? and organisation = ?")
          .bind_all(id, person, organisation_)
          .run();
      if (c.changes() == 0) return detail::not_found("There is no such session.");
      detail::count_generation(c, organisation_ + "/sessions");
      return {};
    });
  }

  Result<void> end_all_but(std::string_view person, std::string_view hash_kept) override {
    return database_.write([&](Connection& c) {
      auto statement = c.prepare("delete from session where person = ? and organisation = ? and hash <> ?");
      statement.bind(1, person).bind(2, organisation_).bind_blob(3, hash_kept).run();
      if (c.changes() > 0) detail::count_generation(c, organisation_ + "/sessions");
    });
  }

  Result<void> used(std::span<const Use> uses) override {
    return database_.write(
        [&](Connection& c) {
          auto statement = c.prepare("update session set used_at = max(used_at, ?) where id = ?");
          for (const auto& use : uses) statement.bind_all(use.at, use.id).run();
        },
        Durability::buffered);
  }

  Result<void> keep_failures(std::span<const Failures> failures, UnixMillis forget_before) override {
    return database_.write(
        [&](Connection& c) {
          c.prepare("delete from sign_in_failure where last_at < ?").bind_all(forget_before).run();
          for (const auto& each : failures) {
            if (each.count <= 0) {
              c.prepare("delete from sign_in_failure where key = ?")
                  .bind_all(std::string_view(each.key))
                  .run();
              continue;
            }
            c.prepare("insert or replace into sign_in_failure values (?, ?, ?, ?)")
                .bind_all(std::string_view(each.key), each.count, each.last_at, each.locked_until)
                .run();
          }
        },
        Durability::buffered);
  }

  Result<std::vector<Failures>> failures(std::size_t limit) override {
    return database_.read([&](Connection& c) {
      std::vector<Failures> out;
      auto query = c.prepare(
          "select key, failures, last_at, locked_until from sign_in_failure"
          " order by last_at desc limit ?");
      query.bind_all(limit);
      while (query.step())
        out.push_back(
            {query.text(0), static_cast<int>(query.integer(1)), query.integer(2), query.integer(3)});
      return out;
    });
  }

 private:
  Database& database_;
  const std::string organisation_;
};
}  // namespace

std::unique_ptr<SessionStore> detail::make_session_store(Database& database, std::string organisation) {
  return std::make_unique<SqliteSessionStore>(database, std::move(organisation));
}

}  // namespace bastide::storage
