#include <fmt/format.h>

#include "knowledge/index/analyzer.h"
#include "storage/knowledge/sql.h"
#include "storage/knowledge/sqlite_library_store.h"

namespace bastide::storage {

std::unique_ptr<knowledge::LibraryStore> make_library_store(Database& database) {
  return std::make_unique<detail::SqliteLibraryStore>(database);
}

namespace detail {
using knowledge::Asker;
using knowledge::CollectionRow;
using knowledge::Listing;
using knowledge::ListQuery;

namespace {
/// Counts only what the asker may read; documents that are only managed count for those who manage them.
const std::string select_collections = fmt::format(
    "select c.id, c.organisation, c.name, c.label, c.owner, c.created_at, {0} as readable,"
    " (select count(*) from knowledge_document d join knowledge_version n on n.id = d.newest"
    "  left join knowledge_version v on v.id = d.current where d.collection = c.id and (?4 or {1})),"
    " (select count(*) from knowledge_document d join knowledge_version n on n.id = d.newest"
    "  left join knowledge_version v on v.id = d.current where d.collection = c.id and d.current is not null"
    "  and (?4 or {1}))"
    " from knowledge_collection c where c.organisation = ?1 and (readable or ?4)",
    collection_readable, document_readable);

void write_readers(Connection& connection, const CollectionRow& row) {
  for (const auto& reader : row.readers) {
    auto insert = connection.prepare(
        "insert or ignore into knowledge_collection_reader (collection, reader) values (?, ?)");
    insert.bind_all(row.id, reader);
    insert.run();
  }
}

CollectionRow read_row(Connection& connection, Statement& from) {
  CollectionRow row{.id = from.text(0),
                    .organisation = from.text(1),
                    .name = from.text(2),
                    .label = from.text(3),
                    .owner = from.text(4),
                    .readers = {},
                    .created_at = from.integer(5),
                    .documents = from.integer(7),
                    .ready = from.integer(8),
                    .readable = from.integer(6) != 0};
  auto readers = connection.prepare(
      "select reader from knowledge_collection_reader where collection = ? order by reader");
  readers.bind_all(row.id);
  while (readers.step()) row.readers.push_back(readers.text(0));
  return row;
}
}  // namespace

Result<std::int64_t> SqliteLibraryStore::epoch(const std::string& organisation) {
  return database_.read([&](Connection& c) -> std::int64_t {
    auto query = c.prepare("select epoch from knowledge_epoch where organisation = ?");
    query.bind_all(organisation);
    return query.step() ? query.integer(0) : 0;
  });
}

Result<void> SqliteLibraryStore::insert_collection(const CollectionRow& row) {
  return database_.write([&](Connection& c) {
    auto insert = c.prepare(
        "insert into knowledge_collection (id, organisation, name, folded, label, owner, created_at)"
        " values (?, ?, ?, ?, ?, ?, ?)");
    insert.bind_all(row.id, row.organisation, row.name, knowledge::index::folded(row.name), row.label,
                    row.owner, row.created_at);
    insert.run();
    write_readers(c, row);
    bump(c, row.organisation);
  });
}

Result<CollectionRow> SqliteLibraryStore::collection(const Asker& asker, const std::string& id) {
  return database_.read([&](Connection& c) -> Result<CollectionRow> {
    static const std::string sql = select_collections + " and c.id = ?6";
    auto query = c.prepare(sql);
    bind_asker(query, asker);
    query.bind(6, id);
    if (!query.step()) return no_collection();
    return read_row(c, query);
  });
}

Result<Listing<CollectionRow>> SqliteLibraryStore::collections(const Asker& asker, const ListQuery& query) {
  return database_.read([&](Connection& c) {
    static const std::string sql = select_collections +
                                   " and (?6 = '' or c.id < ?6) and c.folded like ?7 escape '\\'"
                                   " order by c.id desc limit ?8";
    auto list = c.prepare(sql);
    bind_asker(list, asker);
    list.bind(6, query.after);
    list.bind(7, like_anywhere(query.q));
    list.bind(8, query.limit + 1);
    Listing<CollectionRow> page;
    while (list.step()) {
      if (page.items.size() == query.limit) {
        page.next = page.items.back().id;
        break;
      }
      page.items.push_back(read_row(c, list));
    }
    return page;
  });
}

Result<std::optional<std::string>> SqliteLibraryStore::collection_named(const Asker& asker,
                                                                        const std::string& name) {
  return database_.read([&](Connection& c) -> std::optional<std::string> {
    static const std::string sql = fmt::format(
        "select c.id from knowledge_collection c where c.organisation = ?1 and c.name = ?6 and {} order by "
        "c.id limit 1",
        collection_readable);
    auto query = c.prepare(sql);
    query.bind(1, asker.organisation).bind(2, asker.person).bind(3, json_array(asker.readers));
    query.bind(5, asker.reads_all ? 1 : 0).bind(6, name);
    if (!query.step()) return std::nullopt;
    return query.text(0);
  });
}

Result<void> SqliteLibraryStore::update_collection(const CollectionRow& row) {
  return database_.write([&](Connection& c) -> Result<void> {
    auto update = c.prepare(
        "update knowledge_collection set name = ?, folded = ?, label = ? where id = ? and organisation = ?");
    update.bind_all(row.name, knowledge::index::folded(row.name), row.label, row.id, row.organisation);
    update.run();
    if (c.changes() == 0) return no_collection();
    auto forget = c.prepare("delete from knowledge_collection_reader where collection = ?");
    forget.bind_all(row.id);
    forget.run();
    write_readers(c, row);
    bump(c, row.organisation);
    return {};
  });
}

Result<void> SqliteLibraryStore::delete_collection(const std::string& organisation, const std::string& id) {
  return database_.write([&](Connection& c) -> Result<void> {
    auto versions = c.prepare(
        "select v.id from knowledge_document d join knowledge_version v on v.document = d.id"
        " where d.collection = ? and d.organisation = ?");
    versions.bind_all(id, organisation);
    while (versions.step()) purge_later(c, versions.view(0));
    auto forget = c.prepare("delete from knowledge_collection where id = ? and organisation = ?");
    forget.bind_all(id, organisation);
    forget.run();
    if (c.changes() == 0) return no_collection();
    bump(c, organisation);
    return {};
  });
}

Result<std::vector<std::string>> SqliteLibraryStore::private_collections(const std::string& organisation,
                                                                         const std::string& person) {
  return database_.read([&](Connection& c) {
    auto query = c.prepare(
        "select id from knowledge_collection c where organisation = ?1 and owner = ?2 and not exists ("
        "select 1 from knowledge_collection_reader r where r.collection = c.id and r.reader <> 'p:' || ?2)");
    query.bind_all(organisation, person);
    std::vector<std::string> ids;
    while (query.step()) ids.push_back(query.text(0));
    return ids;
  });
}

}  // namespace detail
}  // namespace bastide::storage
