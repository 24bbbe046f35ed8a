#include "storage/guard/pseudonym_store.h"

#include <string>

#include "base/time.h"

namespace bastide::storage {
namespace {

class SqlitePseudonymStore final : public guard::PseudonymStore {
 public:
  explicit SqlitePseudonymStore(Database& database) : database_(database) {}

  Result<Stored> load(std::string_view conversation) override {
    return database_.read([&](Connection& connection) {
      auto query = connection.prepare("select sealed, version from pseudonym_map where conversation = ?");
      query.bind(1, conversation);
      Stored stored;
      if (query.step()) stored = {query.text(0), query.integer(1)};
      return stored;
    });
  }

  Result<void> save(std::string_view conversation, std::string_view person, std::string_view sealed,
                    std::int64_t expected) override {
    return database_.write([&](Connection& connection) -> Result<void> {
      // The person is set once: a conversation does not change hands.
      auto write = connection.prepare(
          "insert into pseudonym_map (conversation, person, version, sealed, changed_at) select ?1, ?2, ?3 + "
          "1, ?4, ?5 "
          "where ?3 = (select coalesce(max(version), 0) from pseudonym_map where conversation = ?1) "
          "on conflict (conversation) do update set version = excluded.version, sealed = excluded.sealed, "
          "changed_at = excluded.changed_at where person = excluded.person");
      write.bind(1, conversation).bind(2, person).bind(3, expected);
      write.bind_blob(4, sealed).bind(5, now_ms());
      write.run();
      if (connection.changes() == 1) return {};
      return fail(Code::conflict, "The pseudonyms of this conversation changed meanwhile.",
                  "pseudonyms_changed", "Try again.");
    });
  }

  Result<void> forget(std::string_view conversation) override {
    return remove("delete from pseudonym_map where conversation = ?", conversation);
  }
  Result<void> forget_person(std::string_view person) override {
    return remove("delete from pseudonym_map where person = ?", person);
  }

 private:
  Result<void> remove(std::string_view sql, std::string_view which) {
    return database_.write([&](Connection& connection) {
      auto statement = connection.prepare(sql);
      statement.bind(1, which);
      statement.run();
    });
  }

  Database& database_;
};

}  // namespace

std::unique_ptr<guard::PseudonymStore> open_pseudonym_store(Database& database) {
  return std::make_unique<SqlitePseudonymStore>(database);
}

}  // namespace bastide::storage
