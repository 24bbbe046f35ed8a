#include <fmt/format.h>

#include <charconv>

#include "storage/knowledge/sql.h"
#include "storage/knowledge/sqlite_library_store.h"

namespace bastide::storage::detail {
using knowledge::Asker;
using knowledge::Block;
using knowledge::PassageRow;
using knowledge::Scope;

namespace {
/// Only passages of versions that are searched now.
constexpr std::string_view select_passages =
    "select p.key, p.version, p.ordinal, d.id, d.collection, c.label, v.label, n.label,"
    " case when p.title <> '' then p.title when v.title <> '' then v.title else d.name end,"
    " p.section, p.page, p.start, p.stop, p.text"
    " from knowledge_passage p join knowledge_version v on v.id = p.version"
    " join knowledge_document d on d.id = v.document and d.current = v.id"
    " join knowledge_version n on n.id = d.newest join knowledge_collection c on c.id = d.collection where ";

PassageRow read_row(const Statement& from) {
  PassageRow row{.key = from.integer(0),
                 .id = fmt::format("{}.{}", from.view(1), from.integer(2)),
                 .document = from.text(3),
                 .version = from.text(1),
                 .collection = from.text(4),
                 .labels = {from.text(5)},
                 .title = from.text(8),
                 .section = from.text(9),
                 .page = static_cast<int>(from.integer(10)),
                 .start = static_cast<std::size_t>(from.integer(11)),
                 .end = static_cast<std::size_t>(from.integer(12)),
                 .text = from.text(13)};
  for (int column : {6, 7})
    if (!from.is_null(column)) row.labels.push_back(from.text(column));
  return row;
}

std::vector<Block> read_blocks(Statement& query) {
  std::vector<Block> blocks;
  while (query.step())
    blocks.push_back({.sequence = query.integer(0),
                      .first_key = query.integer(1),
                      .count = query.integer(2),
                      .bytes = query.text(3)});
  return blocks;
}

Result<void> check_collections(Connection& c, const Asker& asker,
                               const std::vector<std::string>& collections) {
  static const std::string sql =
      fmt::format("select 1 from knowledge_collection c where c.organisation = ?1 and c.id = ?6 and {}",
                  collection_readable);
  for (const auto& id : collections) {
    auto query = c.prepare(sql);
    query.bind(1, asker.organisation).bind(2, asker.person).bind(3, json_array(asker.readers));
    query.bind(5, asker.reads_all ? 1 : 0).bind(6, id);
    if (!query.step()) return no_collection();
  }
  return {};
}
}  // namespace

Result<Scope> SqliteLibraryStore::scope(const Asker& asker,
                                        const std::optional<std::vector<std::string>>& collections) {
  return database_.read([&](Connection& c) -> Result<Scope> {
    Scope scope;
    auto epoch = c.prepare("select epoch from knowledge_epoch where organisation = ?");
    epoch.bind_all(asker.organisation);
    if (epoch.step()) scope.epoch = epoch.integer(0);
    if (collections) {
      auto allowed = check_collections(c, asker, *collections);
      if (!allowed) return pass(allowed);
    }
    static const std::string sql = fmt::format(
        "select v.first_key, v.passages from knowledge_collection c join knowledge_document d on "
        "d.collection = c.id"
        " join knowledge_version n on n.id = d.newest left join knowledge_version v on v.id = d.current"
        " where c.organisation = ?1 and (?6 is null or c.id in (select value from json_each(?6))) and {} and "
        "{}",
        collection_readable, document_readable);
    auto query = c.prepare(sql);
    bind_asker(query, asker);
    if (collections)
      query.bind(6, json_array(*collections));
    else
      query.bind_null(6);
    while (query.step()) {
      ++scope.documents;
      if (!query.is_null(0) && query.integer(1) > 0)
        scope.ranges.push_back({query.integer(0), query.integer(1)});
    }
    return scope;
  });
}

Result<std::vector<PassageRow>> SqliteLibraryStore::passages(const std::vector<std::int64_t>& keys) {
  return database_.read([&](Connection& c) {
    static const std::string sql = fmt::format("{} p.key = ?", select_passages);
    std::vector<PassageRow> rows;
    for (auto key : keys) {
      auto query = c.prepare(sql);
      query.bind_all(key);
      if (query.step()) rows.push_back(read_row(query));
    }
    return rows;
  });
}

Result<std::optional<PassageRow>> SqliteLibraryStore::passage(const std::string& id) {
  const auto dot = id.rfind('.');
  std::int64_t ordinal = 0;
  if (dot == std::string::npos) return std::nullopt;
  auto [end, bad] = std::from_chars(id.data() + dot + 1, id.data() + id.size(), ordinal);
  if (bad != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return database_.read([&](Connection& c) -> std::optional<PassageRow> {
    static const std::string sql = fmt::format("{} p.version = ? and p.ordinal = ?", select_passages);
    auto query = c.prepare(sql);
    query.bind_all(id.substr(0, dot), ordinal);
    if (!query.step()) return std::nullopt;
    return read_row(query);
  });
}

Result<std::vector<Block>> SqliteLibraryStore::lexical_blocks(std::int64_t after_sequence,
                                                              std::size_t limit) {
  return database_.read([&](Connection& c) {
    auto query = c.prepare(
        "select sequence, first_key, count, bytes from knowledge_lexical where sequence > ? order by "
        "sequence limit ?");
    query.bind_all(after_sequence, limit);
    return read_blocks(query);
  });
}

Result<std::vector<Block>> SqliteLibraryStore::vector_blocks(const std::string& model,
                                                             std::int64_t after_sequence, std::size_t limit) {
  return database_.read([&](Connection& c) {
    auto query = c.prepare(
        "select sequence, first_key, count, bytes from knowledge_vector where model = ? and sequence > ?"
        " order by sequence limit ?");
    query.bind_all(model, after_sequence, limit);
    return read_blocks(query);
  });
}

}  // namespace bastide::storage::detail
