#include <fmt/format.h>

#include "base/text.h"
#include "storage/identity/rows.h"

namespace bastide::storage {
namespace {
using namespace identity;

constexpr std::string_view key_columns =
    "k.id, k.hash, k.person, k.name, k.prefix, k.scopes, k.created_at, k.used_at";

/// Scopes are words without spaces, and stored with one between.
std::string joined(const std::vector<std::string>& scopes) {
  return fmt::format("{}", fmt::join(scopes, " "));
}

ApiKey key_at(const Statement& row, int column) {
  ApiKey out{.id = row.text(column),
             .hash = row.text(column + 1),
             .person = row.text(column + 2),
             .name = row.text(column + 3),
             .prefix = row.text(column + 4),
             .scopes = {},
             .created_at = row.integer(column + 6),
             .used_at = detail::maybe_time(row, column + 7)};
  for (auto scope : split(row.view(column + 5), ' '))
    if (!scope.empty()) out.scopes.emplace_back(scope);
  return out;
}

class SqliteKeyStore final : public KeyStore {
 public:
  SqliteKeyStore(Database& database, std::string organisation)
      : database_(database), organisation_(std::move(organisation)) {}

  Result<void> add(const ApiKey& key, std::size_t keys_max) override {
    return database_.write([&](Connection& c) -> Result<void> {
      auto count = c.prepare("select count(*) from api_key where person = ? and revoked_at is null");
      count.bind_all(key.person).step();
      if (static_cast<std::size_t>(count.integer(0)) >= keys_max)
        return fail(Code::conflict, fmt::format("There are {} keys already.", keys_max), "too_many_keys",
                    "Revoke one that is not used.");
      auto statement = c.prepare(
          "insert into api_key (id, organisation, hash, person, name, prefix, scopes, created_at)"
          " values (?, ?, ?, ?, ?, ?, ?, ?)");
      statement.bind(1, key.id).bind(2, organisation_).bind_blob(3, key.hash).bind(4, key.person);
      statement.bind(5, key.name)
          .bind(6, key.prefix)
          .bind(7, joined(key.scopes))
          .bind(8, key.created_at)
          .run();
      return {};
    });
  }

  Result<Found> find(std::string_view hash) override {
    return database_.read([&](Connection& c) -> Result<Found> {
      auto query =
          c.prepare(fmt::format("select {}, {} from api_key k join person p on p.id = k.person where k.hash "
                                "= ? and k.organisation = ?"
                                " and k.revoked_at is null and p.disabled_at is null",
                                key_columns, detail::person_columns));
      query.bind_blob(1, hash).bind(2, organisation_);
      if (!query.step()) return detail::not_found("There is no such key.");
      Found out{key_at(query, 0), {detail::person_at(query, 8), {}}};
      out.who.groups = detail::groups_of(c, out.key.person);
      return out;
    });
  }

  Result<Page<ApiKey>> of_person(std::string_view person, const PageFrom& from) override {
    return database_.read([&](Connection& c) {
      // Ids are ordered by time.
      auto query = c.prepare(fmt::format(
          "select {} from api_key k where k.person = ?1 and k.organisation = ?2 and k.revoked_at is null"
          " and (?3 = '' or k.id < ?3) order by k.id desc limit ?4",
          key_columns));
      query.bind_all(person, organisation_, from.after, from.limit + 1);
      Page<ApiKey> out;
      while (query.step()) {
        if (out.items.size() == from.limit) {
          out.next = out.items.back().id;
          break;
        }
        out.items.push_back(key_at(query, 0));
      }
      return out;
    });
  }

  Result<void> revoke(std::string_view person, std::string_view id, UnixMillis now) override {
    return database_.write([&](Connection& c) -> Result<void> {
      c.prepare(
           "update api_key set revoked_at = ?1 where id = ?2 and organisation = ?3 and revoked_at is null"
           " and (?4 = '' or person = ?4)")
          .bind_all(now, id, organisation_, person)
          .run();
      if (c.changes() == 0) return detail::not_found("There is no such key.");
      detail::count_generation(c, organisation_);
      return {};
    });
  }

  Result<void> used(std::span<const Use> uses) override {
    return database_.write(
        [&](Connection& c) {
          auto statement =
              c.prepare("update api_key set used_at = max(coalesce(used_at, 0), ?) where id = ?");
          for (const auto& use : uses) statement.bind_all(use.at, use.id).run();
        },
        Durability::buffered);
  }

 private:
  Database& database_;
  const std::string organisation_;
};
}  // namespace

std::unique_ptr<KeyStore> detail::make_key_store(Database& database, std::string organisation) {
  return std::make_unique<SqliteKeyStore>(database, std::move(organisation));
}

}  // namespace bastide::storage
