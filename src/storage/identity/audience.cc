#include "storage/identity/audience.h"

namespace bastide::storage {
namespace {

using identity::Recipient;

class SqliteAudience final : public identity::Audience {
 public:
  SqliteAudience(Database& database, std::string organisation)
      : database_(database), organisation_(std::move(organisation)) {}

  Result<std::vector<Recipient>> administrators(std::size_t limit) override {
    return list(
        "select id, email, language from person where organisation = ?1 and ?2 = '' and role = 'admin' and"
        " disabled_at is null order by id limit ?3",
        "", limit);
  }

  Result<std::vector<Recipient>> members(std::string_view group, std::size_t limit) override {
    return list(
        "with recursive inside (id) as ("
        " select ?2 union select g.child from inside join group_group g on g.group_id = inside.id)"
        " select id, email, language from person where organisation = ?1 and disabled_at is null and id in"
        " (select m.person from inside join group_person m on m.group_id = inside.id) order by id limit ?3",
        group, limit);
  }

  Result<std::vector<Recipient>> person(std::string_view id) override {
    return list(
        "select id, email, language from person where organisation = ?1 and id = ?2 and"
        " disabled_at is null limit ?3",
        id, 1);
  }

 private:
  Result<std::vector<Recipient>> list(std::string_view sql, std::string_view id, std::size_t limit) {
    return database_.read([&](Connection& db) {
      std::vector<Recipient> out;
      auto query = db.prepare(sql);
      query.bind_all(organisation_, id, limit);
      while (query.step()) out.push_back({query.text(0), query.text(1), query.text(2)});
      return out;
    });
  }

  Database& database_;
  const std::string organisation_;
};

}  // namespace

std::unique_ptr<identity::Audience> open_audience(Database& database, std::string organisation) {
  return std::make_unique<SqliteAudience>(database, std::move(organisation));
}

}  // namespace bastide::storage
