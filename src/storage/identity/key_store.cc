#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "storage/identity/rows.h"

namespace bastide::storage {
namespace {
using namespace identity;

constexpr std::string_view key_columns =
    "k.id, k.hash, k.person, k.name, k.prefix, k.scopes, k.created_at, k.used_at, k.application, k.assistant,"
    " k.models, k.addresses, k.guard, k.priority, k.expires_at, k.previous_hash, k.previous_until";
constexpr int key_columns_count = 17;

constexpr std::array<std::string_view, 3> guards{"off", "observe", "enforce"};
constexpr std::array<std::string_view, 3> priorities{"interactive", "program", "batch"};

/// Lists of words without spaces are stored with one between.
std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::vector<std::string> words_of(std::string_view joined_words) {
  std::vector<std::string> out;
  for (auto word : split(joined_words, ' '))
    if (!word.empty()) out.emplace_back(word);
  return out;
}

/// The value whose name stands at `at` of `names`; the last for one that is unknown, which is the strictest.
template <class T, std::size_t N>
T of_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto at = std::ranges::find(names, name) - names.begin();
  return static_cast<T>(std::min<std::ptrdiff_t>(at, N - 1));
}

ApiKey key_at(const Statement& row, int column) {
  ApiKey out;
  out.id = row.text(column);
  out.hash = row.text(column + 1);
  out.person = row.text(column + 2);
  out.name = row.text(column + 3);
  out.prefix = row.text(column + 4);
  out.created_at = row.integer(column + 6);
  out.used_at = detail::maybe_time(row, column + 7);
  auto& settings = out.settings;
  settings.scopes = words_of(row.view(column + 5));
  settings.application = row.text(column + 8);
  settings.assistant = row.text(column + 9);
  settings.models = words_of(row.view(column + 10));
  settings.addresses = words_of(row.view(column + 11));
  settings.guard = of_name<GuardPolicy>(guards, row.view(column + 12));
  settings.priority = of_name<Priority>(priorities, row.view(column + 13));
  settings.expires_at = detail::maybe_time(row, column + 14);
  if (!row.is_null(column + 15)) out.previous_hash = row.text(column + 15);
  out.previous_until = detail::maybe_time(row, column + 16);
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
          "insert into api_key (id, organisation, hash, person, name, prefix, scopes, created_at, "
          "application,"
          " assistant, models, addresses, guard, priority, expires_at)"
          " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      const auto& settings = key.settings;
      statement.bind(1, key.id).bind(2, organisation_).bind_blob(3, key.hash).bind(4, key.person);
      statement.bind(5, key.name)
          .bind(6, key.prefix)
          .bind(7, joined(settings.scopes))
          .bind(8, key.created_at);
      statement.bind(9, settings.application).bind(10, settings.assistant).bind(11, joined(settings.models));
      statement.bind(12, joined(settings.addresses));
      statement.bind(13, guards[static_cast<std::size_t>(settings.guard)]);
      statement.bind(14, priorities[static_cast<std::size_t>(settings.priority)]);
      statement.bind(15, settings.expires_at).run();
      detail::count_generation(c, organisation_);
      return {};
    });
  }

  Result<Found> find(std::string_view hash) override {
    return database_.read([&](Connection& c) -> Result<Found> {
      auto query = c.prepare(fmt::format(
          "{} and (k.hash = ?2 or (k.previous_hash is not null and k.previous_hash = ?2))", live()));
      query.bind(1, organisation_).bind_blob(2, hash);
      if (!query.step()) return detail::not_found("There is no such key.");
      Found out{key_at(query, 0), {detail::person_at(query, key_columns_count), {}}};
      out.who.groups = detail::groups_of(c, out.key.person);
      return out;
    });
  }

  Result<std::vector<Found>> usable() override {
    return database_.read([&](Connection& c) {
      std::vector<Found> out;
      auto query = c.prepare(live() + " order by k.person");
      query.bind(1, organisation_);
      while (query.step()) {
        Found each{key_at(query, 0), {detail::person_at(query, key_columns_count), {}}};
        each.who.groups = !out.empty() && out.back().key.person == each.key.person
                              ? out.back().who.groups
                              : detail::groups_of(c, each.key.person);
        out.push_back(std::move(each));
      }
      return out;
    });
  }

  Result<void> rotate(std::string_view person, std::string_view id, std::string_view hash,
                      std::string_view prefix, UnixMillis previous_until) override {
    return database_.write([&](Connection& c) -> Result<void> {
      auto statement = c.prepare(
          "update api_key set previous_hash = hash, previous_until = ?1, hash = ?2, prefix = ?3"
          " where id = ?4 and organisation = ?5 and revoked_at is null and (?6 = '' or person = ?6)");
      statement.bind(1, previous_until).bind_blob(2, hash).bind(3, prefix).bind(4, id);
      statement.bind(5, organisation_).bind(6, person).run();
      if (c.changes() == 0) return detail::not_found("There is no such key.");
      detail::count_generation(c, organisation_);
      return {};
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

  Result<std::int64_t> generation() override {
    return database_.read([&](Connection& c) -> std::int64_t {
      auto query = c.prepare("select generation from identity_generation where organisation = ?");
      query.bind_all(organisation_);
      return query.step() ? query.integer(0) : 0;
    });
  }

 private:
  /// All keys that may be used, of organisation ?1.
  static std::string live() {
    return fmt::format(
        "select {}, {} from api_key k join person p on p.id = k.person where k.organisation = ?1"
        " and k.revoked_at is null and p.disabled_at is null",
        key_columns, detail::person_columns);
  }

  Database& database_;
  const std::string organisation_;
};
}  // namespace

std::unique_ptr<KeyStore> detail::make_key_store(Database& database, std::string organisation) {
  return std::make_unique<SqliteKeyStore>(database, std::move(organisation));
}

}  // namespace bastide::storage
