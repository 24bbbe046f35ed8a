#include <fmt/format.h>

#include <algorithm>

#include "knowledge/index/analyzer.h"
#include "storage/knowledge/sql.h"
#include "storage/knowledge/sqlite_library_store.h"

namespace bastide::storage::detail {
using knowledge::AddedVersion;
using knowledge::Asker;
using knowledge::DocumentRow;
using knowledge::Listing;
using knowledge::ListQuery;
using knowledge::NewVersion;
using knowledge::Reader;

namespace {
const std::string select_documents = fmt::format(
    "select d.id, d.collection, c.name, c.label, c.owner, d.name, d.created_by, d.created_at, ({0} and {1}) "
    "as readable,"
    " n.id, n.number, n.blob, n.bytes, n.media_type, n.title, n.state, n.progress, n.error_code, "
    "n.error_message,"
    " n.error_detail, n.error_action, n.pages, n.passages, n.label, n.restricted, n.source_version,"
    " v.id, v.blob, v.media_type, v.title, v.label"
    " from knowledge_document d join knowledge_collection c on c.id = d.collection"
    " join knowledge_version n on n.id = d.newest left join knowledge_version v on v.id = d.current"
    " where d.organisation = ?1 and (readable or ?4)",
    collection_readable, document_readable);

Code code_of(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i)
    if (code_name(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  return Code::internal;
}

std::optional<std::string> maybe_text(const Statement& from, int column) {
  if (from.is_null(column)) return std::nullopt;
  return from.text(column);
}

DocumentRow read_row(const Statement& from) {
  DocumentRow row;
  row.id = from.text(0);
  row.collection = from.text(1);
  row.collection_name = from.text(2);
  row.collection_label = from.text(3);
  row.collection_owner = from.text(4);
  row.name = from.text(5);
  row.created_by = from.text(6);
  row.created_at = from.integer(7);
  row.readable = from.integer(8) != 0;
  row.version = from.text(9);
  row.number = from.integer(10);
  row.blob = from.text(11);
  row.bytes = from.integer(12);
  row.media_type = from.text(13);
  row.title = from.text(14);
  row.state = knowledge::state_of(from.view(15));
  row.progress = from.real(16);
  if (!from.is_null(17))
    row.error = Error{code_of(from.view(17)), from.text(18), from.text(19), from.text(20)};
  row.pages = static_cast<int>(from.integer(21));
  row.chunks = from.integer(22);
  row.label = maybe_text(from, 23);
  row.restricted = from.integer(24) != 0;
  row.source_version = from.text(25);
  row.current = from.text(26);
  row.current_blob = from.text(27);
  row.current_media_type = from.text(28);
  row.current_title = from.text(29);
  row.current_label = maybe_text(from, 30);
  return row;
}

std::vector<Reader> readers_of(Connection& c, std::string_view version) {
  std::vector<Reader> readers;
  auto query = c.prepare("select reader from knowledge_version_reader where version = ? order by reader");
  query.bind_all(version);
  while (query.step()) readers.push_back(query.text(0));
  return readers;
}

struct Before {
  std::string document, newest, current, blob, state;
  std::int64_t number = 0;
  std::optional<std::string> label;
  std::optional<std::vector<Reader>> readers;
};

std::optional<Before> find_before(Connection& c, const NewVersion& wish) {
  auto query = c.prepare(
      "select d.id, n.id, d.current, n.blob, n.state, n.number, n.label, n.restricted from "
      "knowledge_document d"
      " join knowledge_version n on n.id = d.newest where d.collection = ? and d.name = ? and d.organisation "
      "= ?");
  query.bind_all(wish.collection, wish.name, wish.organisation);
  if (!query.step()) return std::nullopt;
  Before before{.document = query.text(0),
                .newest = query.text(1),
                .current = query.text(2),
                .blob = query.text(3),
                .state = query.text(4),
                .number = query.integer(5),
                .label = maybe_text(query, 6),
                .readers = {}};
  if (query.integer(7) != 0) before.readers = readers_of(c, before.newest);
  return before;
}

void insert_version(Connection& c, const NewVersion& wish, const std::string& document, std::int64_t number,
                    const std::optional<std::string>& label,
                    const std::optional<std::vector<Reader>>& readers) {
  auto insert = c.prepare(
      "insert into knowledge_version (id, organisation, document, number, blob, bytes, media_type, label, "
      "restricted,"
      " source_version, state, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)");
  insert.bind_all(wish.version, wish.organisation, document, number, wish.blob, wish.bytes, wish.media_type);
  if (label)
    insert.bind(8, *label);
  else
    insert.bind_null(8);
  insert.bind(9, readers ? 1 : 0).bind(10, wish.source_version).bind(11, wish.at);
  insert.run();
  if (!readers) return;
  for (const auto& reader : *readers) {
    auto add = c.prepare("insert or ignore into knowledge_version_reader (version, reader) values (?, ?)");
    add.bind_all(wish.version, reader);
    add.run();
  }
}

std::vector<Reader> sorted(std::vector<Reader> readers) {
  std::ranges::sort(readers);
  readers.erase(std::ranges::unique(readers).begin(), readers.end());
  return readers;
}
}  // namespace

Result<AddedVersion> SqliteLibraryStore::add_version(const NewVersion& wish,
                                                     const std::function<bool()>& blob_is_there) {
  return database_.write([&](Connection& c) -> Result<AddedVersion> {
    auto collection = c.prepare("select 1 from knowledge_collection where id = ? and organisation = ?");
    collection.bind_all(wish.collection, wish.organisation);
    if (!collection.step()) return no_collection();
    auto before = find_before(c, wish);
    auto label = wish.label ? wish.label : before ? before->label : std::nullopt;
    auto readers = wish.readers ? wish.readers : before ? before->readers : std::nullopt;
    if (readers) readers = sorted(*readers);
    if (before && before->blob == wish.blob && before->state != "failed" && label == before->label &&
        readers == before->readers)
      return AddedVersion{.document = before->document, .replaced = false, .unchanged = true};
    if (!blob_is_there())
      return fail(Code::unavailable, "The file's bytes are no longer there.", "blob_gone",
                  "Upload the file again.");

    const auto document = before ? before->document : wish.document;
    insert_version(c, wish, document, before ? before->number + 1 : 1, label, readers);
    if (before) {
      auto update = c.prepare("update knowledge_document set newest = ? where id = ?");
      update.bind_all(wish.version, document);
      update.run();
      if (before->newest != before->current) purge_later(c, before->newest);
    } else {
      auto insert = c.prepare(
          "insert into knowledge_document (id, organisation, collection, name, folded, created_by, "
          "created_at, newest)"
          " values (?, ?, ?, ?, ?, ?, ?, ?)");
      insert.bind_all(document, wish.organisation, wish.collection, wish.name,
                      knowledge::index::folded(wish.name), wish.created_by, wish.at, wish.version);
      insert.run();
    }
    add_job(c, knowledge::JobKind::parse, wish.version, 1, 0);
    bump(c, wish.organisation);
    return AddedVersion{.document = document, .replaced = before.has_value(), .unchanged = false};
  });
}

Result<DocumentRow> SqliteLibraryStore::document(const Asker& asker, const std::string& id) {
  return database_.read([&](Connection& c) -> Result<DocumentRow> {
    static const std::string sql = select_documents + " and d.id = ?6";
    auto query = c.prepare(sql);
    bind_asker(query, asker);
    query.bind(6, id);
    if (!query.step()) return no_document();
    return read_row(query);
  });
}

Result<Listing<DocumentRow>> SqliteLibraryStore::documents(const Asker& asker, const std::string& collection,
                                                           const ListQuery& query) {
  return database_.read([&](Connection& c) {
    static const std::string sql = select_documents +
                                   " and d.collection = ?6 and (?7 = '' or d.id < ?7)"
                                   " and d.folded like ?8 escape '\\' order by d.id desc limit ?9";
    auto list = c.prepare(sql);
    bind_asker(list, asker);
    list.bind(6, collection).bind(7, query.after).bind(8, like_anywhere(query.q)).bind(9, query.limit + 1);
    Listing<DocumentRow> page;
    while (list.step()) {
      if (page.items.size() == query.limit) {
        page.next = page.items.back().id;
        break;
      }
      page.items.push_back(read_row(list));
    }
    return page;
  });
}

Result<knowledge::DocumentCounts> SqliteLibraryStore::count_documents(const Asker& asker,
                                                                      const std::string& collection) {
  using knowledge::DocumentState;
  return database_.read([&](Connection& c) {
    static const std::string sql =
        "select state, count(*) from (" + select_documents + " and d.collection = ?6) group by state";
    auto query = c.prepare(sql);
    bind_asker(query, asker);
    query.bind(6, collection);
    knowledge::DocumentCounts counts{{DocumentState::queued, 0},
                                     {DocumentState::parsing, 0},
                                     {DocumentState::embedding, 0},
                                     {DocumentState::ready, 0},
                                     {DocumentState::failed, 0}};
    while (query.step()) counts[knowledge::state_of(query.view(0))] += query.integer(1);
    return counts;
  });
}

Result<void> SqliteLibraryStore::delete_document(const std::string& organisation, const std::string& id) {
  return database_.write([&](Connection& c) -> Result<void> {
    auto forget = c.prepare("delete from knowledge_document where id = ? and organisation = ?");
    forget.bind_all(id, organisation);
    forget.run();
    if (c.changes() == 0) return no_document();
    auto versions = c.prepare("select id from knowledge_version where document = ?");
    versions.bind_all(id);
    while (versions.step()) purge_later(c, versions.view(0));
    bump(c, organisation);
    return {};
  });
}

Result<void> SqliteLibraryStore::requeue(const std::string& organisation, const std::string& id) {
  return database_.write([&](Connection& c) -> Result<void> {
    auto find = c.prepare(
        "select n.id, n.state from knowledge_document d join knowledge_version n on n.id = d.newest"
        " where d.id = ? and d.organisation = ?");
    find.bind_all(id, organisation);
    if (!find.step()) return no_document();
    if (find.view(1) != "failed")
      return fail(Code::conflict, "This document has not failed.", "not_failed", "Wait until it is ready.");
    auto reset = c.prepare(
        "update knowledge_version set state = 'queued', progress = 0, error_code = null, error_message = "
        "null,"
        " error_detail = null, error_action = null where id = ?");
    reset.bind_all(find.view(0));
    reset.run();
    add_job(c, knowledge::JobKind::parse, find.view(0), 1, 0);
    return {};
  });
}

Result<std::string> SqliteLibraryStore::content(const std::string& version) {
  return database_.read([&](Connection& c) -> Result<std::string> {
    auto query = c.prepare("select bytes from knowledge_content where version = ?");
    query.bind_all(version);
    if (!query.step()) return no_document();
    return query.text(0);
  });
}

}  // namespace bastide::storage::detail
