#include "storage/files/file_store.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/json.h"

namespace bastide::storage {
namespace {

using files::FileBounds;
using files::FileQuery;
using files::StoredFile;

std::unexpected<Error> no_file() { return fail(Code::not_found, "There is no such file.", "no_file_of_id"); }

/// What the seal is bound to.
std::string head_of(std::string_view id) { return std::string(id) + "/head"; }

std::string to_json(const StoredFile& file) {
  JsonWriter json;
  json.object().field("name", file.name).field("media_type", file.media_type).field("key", hex(file.key));
  return json.end().take();
}

Result<StoredFile> read(const Statement& row, const std::string& person_key) {
  StoredFile out;
  out.id = row.text(0);
  out.person = row.text(1);
  out.created_at = row.integer(2);
  out.expires_at = row.integer(3);
  out.purpose = row.text(4);
  out.bytes = row.integer(5);
  out.blob = row.text(6);
  auto head = open_sealed(person_key, row.view(7), head_of(out.id));
  if (!head) return pass(head);
  auto json = parse_json(*head);
  if (!json) return pass(json);
  auto key = unhex(json->value("key", ""));
  if (!key) return pass(key);
  out.name = json->value("name", "");
  out.media_type = json->value("media_type", "");
  out.key = std::move(*key);
  return out;
}

constexpr std::string_view columns = "id, person, created_at, expires_at, purpose, bytes, blob, head";

class SqliteFiles final : public files::FileStore {
 public:
  using KeyOf = std::function<Result<std::string>(std::string_view person)>;
  SqliteFiles(Database& database, KeyOf key_of) : database_(database), key_of_(std::move(key_of)) {}

  Result<void> add(const StoredFile& file, const std::optional<FileBounds>& bounds) override {
    auto key = key_of_(file.person);
    if (!key) return pass(key);
    const auto head = seal(*key, to_json(file), head_of(file.id));
    return database_.write([&](Connection& db) -> Result<void> {
      if (bounds)
        if (auto fits = check(db, file, *bounds); !fits) return fits;
      auto insert = db.prepare(
          "insert into file (id, person, created_at, expires_at, purpose, bytes, blob, head)"
          " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing");
      insert.bind(1, file.id).bind(2, file.person).bind(3, file.created_at).bind(4, file.expires_at);
      insert.bind(5, file.purpose).bind(6, file.bytes).bind(7, file.blob).bind_blob(8, head).run();
      if (db.changes() == 0) return fail(Code::conflict, "There is a file of this id already.");
      return {};
    });
  }

  Result<StoredFile> find(std::string_view id, std::string_view person, UnixMillis now) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<StoredFile> {
      auto query = db.prepare(fmt::format(
          "select {} from file where id = ? and person = ? and (expires_at = 0 or expires_at > ?)", columns));
      query.bind_all(id, person, now);
      if (!query.step()) return no_file();
      return read(query, *key);
    });
  }

  Result<std::vector<StoredFile>> list(std::string_view person, const FileQuery& asked,
                                       UnixMillis now) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    const bool newest_first = asked.order == FileQuery::Order::newest_first;
    return database_.read([&](Connection& db) -> Result<std::vector<StoredFile>> {
      auto query = db.prepare(
          fmt::format("select {} from file where person = ?1 and (expires_at = 0 or expires_at > ?2)"
                      " and (?3 = '' or purpose = ?3) and (?4 = '' or id {} ?4) order by id {} limit ?5",
                      columns, newest_first ? "<" : ">", newest_first ? "desc" : "asc"));
      query.bind_all(person, now, asked.purpose, asked.after, asked.limit);
      std::vector<StoredFile> out;
      while (query.step()) {
        auto file = read(query, *key);
        if (!file) return pass(file);
        out.push_back(std::move(*file));
      }
      return out;
    });
  }

  Result<void> remove(std::string_view id, std::string_view person) override {
    return database_.write([&](Connection& db) -> Result<void> {
      db.prepare("insert into file_gone select blob from file where id = ? and person = ?")
          .bind_all(id, person)
          .run();
      db.prepare("delete from file where id = ? and person = ?").bind_all(id, person).run();
      if (db.changes() == 0) return no_file();
      return {};
    });
  }

  Result<std::int64_t> remove_all(std::string_view person) override {
    return database_.write([&](Connection& db) {
      db.prepare("insert into file_gone select blob from file where person = ?").bind_all(person).run();
      db.prepare("delete from file where person = ?").bind_all(person).run();
      return db.changes();
    });
  }

  Result<std::int64_t> remove_expired(UnixMillis now, std::size_t limit) override {
    return database_.write([&](Connection& db) {
      std::vector<std::string> ids;
      {
        auto query = db.prepare("select id from file where expires_at > 0 and expires_at <= ? limit ?");
        query.bind_all(now, limit);
        while (query.step()) ids.push_back(query.text(0));
      }
      for (const auto& id : ids) {
        db.prepare("insert into file_gone select blob from file where id = ?").bind_all(id).run();
        db.prepare("delete from file where id = ?").bind_all(id).run();
      }
      return static_cast<std::int64_t>(ids.size());
    });
  }

  Result<std::vector<std::string>> gone(std::size_t limit) override {
    return database_.read([&](Connection& db) {
      auto query = db.prepare("select blob from file_gone limit ?");
      query.bind_all(limit);
      std::vector<std::string> out;
      while (query.step()) out.push_back(query.text(0));
      return out;
    });
  }

  Result<void> forget(std::string_view blob) override {
    return database_.write(
        [&](Connection& db) { db.prepare("delete from file_gone where blob = ?").bind_all(blob).run(); });
  }

  Result<bool> holds(std::string_view blob) override {
    return database_.read([&](Connection& db) {
      auto query = db.prepare("select 1 from file where blob = ?");
      query.bind_all(blob);
      return query.step();
    });
  }

 private:
  static Result<void> check(Connection& db, const StoredFile& file, const FileBounds& bounds) {
    auto query = db.prepare("select count(*), coalesce(sum(bytes), 0) from file where person = ?");
    query.bind_all(file.person);
    query.step();
    if (query.integer(0) < bounds.files_max && query.integer(1) + file.bytes <= bounds.bytes_max) return {};
    return fail(Code::too_large,
                fmt::format("A person may keep {} files of {} GB together.", bounds.files_max,
                            bounds.bytes_max / (1024 * 1024 * 1024)),
                "too_many_files", "Delete files that are not needed, or let them expire.");
  }

  Database& database_;
  const KeyOf key_of_;
};

}  // namespace

std::unique_ptr<files::FileStore> open_file_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of) {
  return std::make_unique<SqliteFiles>(database, std::move(key_of));
}

}  // namespace bastide::storage
