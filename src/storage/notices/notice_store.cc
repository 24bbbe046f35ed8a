#include "storage/notices/notice_store.h"

#include <fmt/format.h>

namespace bastide::storage {
namespace {

using notices::BudgetNotice;
using notices::DueLetter;
using notices::Notice;

constexpr std::string_view columns = "id, person, at, scope, name, unit, period, most, spent, begins_at";

Notice notice_at(const Statement& row) {
  return {row.text(0),
          row.text(1),
          row.integer(2),
          {row.text(3), row.text(4), row.text(5), row.text(6), row.real(7), row.real(8), row.integer(9)}};
}

class SqliteNotices final : public notices::NoticeStore {
 public:
  explicit SqliteNotices(Database& database) : database_(database) {}

  Result<std::size_t> add(const std::vector<Notice>& all, Letters letters) override {
    return database_.write([&](Connection& db) {
      std::size_t added = 0;
      for (const auto& each : all) {
        const auto& budget = each.budget;
        db
            .prepare(fmt::format(
                "insert into notice ({}, letter_due) select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
                " where exists (select 1 from person where id = ?2) on conflict do nothing",
                columns))
            .bind_all(each.id, each.person, each.at, budget.scope, budget.name, budget.unit, budget.period,
                      budget.limit, budget.spent, budget.begins_at, letters == Letters::send ? each.at : 0)
            .run();
        if (db.changes() == 0) continue;
        ++added;
        db.prepare(
              "delete from notice where person = ?1 and id not in"
              " (select id from notice where person = ?1 order by at desc, id desc limit ?2)")
            .bind_all(each.person, kept_max)
            .run();
      }
      return added;
    });
  }

  Result<std::vector<Notice>> unread(std::string_view person, std::size_t limit) override {
    return database_.read([&](Connection& db) {
      std::vector<Notice> out;
      auto query = db.prepare(fmt::format(
          "select {} from notice where person = ? and read_at = 0 order by at desc, id limit ?", columns));
      query.bind_all(person, limit);
      while (query.step()) out.push_back(notice_at(query));
      return out;
    });
  }

  Result<void> read(std::string_view person, std::string_view id, UnixMillis now) override {
    return database_.write([&](Connection& db) -> Result<void> {
      db.prepare("update notice set read_at = iif(read_at = 0, ?3, read_at) where id = ?1 and person = ?2")
          .bind_all(id, person, now)
          .run();
      if (db.changes() == 0) return fail(Code::not_found, "There is no such notice.", "no_notice");
      return {};
    });
  }

  Result<std::vector<DueLetter>> due(UnixMillis now, std::size_t limit) override {
    return database_.read([&](Connection& db) {
      std::vector<DueLetter> out;
      auto query =
          db.prepare(fmt::format("select {}, letter_tries from notice where letter_due > 0 and"
                                 " letter_due <= ? order by letter_due, id limit ?",
                                 columns));
      query.bind_all(now, limit);
      constexpr int tries = 10;  // after the columns
      while (query.step()) out.push_back({notice_at(query), static_cast<int>(query.integer(tries))});
      return out;
    });
  }

  Result<void> letter_sent(std::string_view id, UnixMillis now) override {
    return change("update notice set letter_due = 0, letter_sent_at = ?2 where id = ?1", id, now);
  }

  Result<void> letter_failed(std::string_view id, UnixMillis next_at) override {
    return change("update notice set letter_due = ?2, letter_tries = letter_tries + 1 where id = ?1", id,
                  next_at);
  }

  Result<void> remove_all(std::string_view person) override {
    return database_.write([&](Connection& db) -> Result<void> {
      db.prepare("delete from notice where person = ?").bind_all(person).run();
      return {};
    });
  }

  Result<std::size_t> sweep(UnixMillis before) override {
    constexpr int at_once = 1000;
    return database_.write([&](Connection& db) {
      db.prepare("delete from notice where id in (select id from notice where at < ? limit ?)")
          .bind_all(before, at_once)
          .run();
      return static_cast<std::size_t>(db.changes());
    });
  }

 private:
  Result<void> change(std::string_view sql, std::string_view id, UnixMillis at) {
    return database_.write([&](Connection& db) -> Result<void> {
      db.prepare(sql).bind_all(id, at).run();
      return {};
    });
  }

  Database& database_;
};

}  // namespace

std::unique_ptr<notices::NoticeStore> open_notice_store(Database& database) {
  return std::make_unique<SqliteNotices>(database);
}

}  // namespace bastide::storage
