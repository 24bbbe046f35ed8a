// What jobs produce: passages, vectors, and the switch to a new version.
#include <fmt/format.h>

#include <cassert>

#include "knowledge/index/analyzer.h"
#include "storage/knowledge/sql.h"
#include "storage/knowledge/sqlite_library_store.h"

namespace bastide::storage::detail {
using knowledge::Block;
using knowledge::Job;
using knowledge::JobKind;
using knowledge::NewPassage;
using knowledge::ParsedVersion;
using knowledge::PassageRow;

namespace {
bool holds(Connection& c, const Job& job) {
  auto held = c.prepare("select 1 from knowledge_job where id = ? and owner = ?");
  held.bind_all(job.id, job.owner);
  return held.step();
}

void end_job(Connection& c, const Job& job) {
  auto forget = c.prepare("delete from knowledge_job where id = ?");
  forget.bind_all(job.id);
  forget.run();
}

void forget_results(Connection& c, const std::string& version) {
  for (std::string_view sql :
       {"delete from knowledge_passage where version = ?", "delete from knowledge_lexical where version = ?",
        "delete from knowledge_vector where version = ?"}) {
    auto forget = c.prepare(sql);
    forget.bind_all(version);
    forget.run();
  }
}

/// Returns the first key. The one writing thread gives consecutive keys within a transaction.
std::int64_t insert_passages(Connection& c, const std::string& version,
                             const std::vector<NewPassage>& passages) {
  std::int64_t first = 0;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const auto& passage = passages[i];
    auto insert = c.prepare(
        "insert into knowledge_passage (version, ordinal, page, start, stop, title, section, text)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind_all(version, i, passage.page, passage.start, passage.end, passage.title, passage.section,
                    passage.text);
    insert.run();
    if (i == 0) first = c.last_rowid();
    assert(c.last_rowid() == first + static_cast<std::int64_t>(i));
  }
  return first;
}

/// The one place where what is searched changes. Idempotent.
void activate(Connection& c, const std::string& version, std::string_view organisation) {
  auto before = c.prepare(
      "select d.id, d.current, d.name, v.title from knowledge_version v"
      " join knowledge_document d on d.id = v.document where v.id = ? and d.newest = v.id");
  before.bind_all(version);
  if (!before.step()) return;
  const auto document = before.text(0);
  const auto current = before.text(1);
  if (current == version) return;
  // Found by its name and by the title that lists show; a title only from the version that may be read.
  auto change = c.prepare("update knowledge_document set current = ?, folded = ? where id = ?");
  change.bind_all(version, knowledge::index::folded(before.text(2) + "\n" + before.text(3)), document);
  change.run();
  auto ready = c.prepare("update knowledge_version set state = 'ready', progress = 1 where id = ?");
  ready.bind_all(version);
  ready.run();
  if (!current.empty()) purge_later(c, current);
  bump(c, organisation);
}
}  // namespace

Result<bool> SqliteLibraryStore::finish_parse(const Job& job, const ParsedVersion& parsed, Next next,
                                              UnixMillis now) {
  return database_.write([&](Connection& c) {
    if (!holds(c, job)) return false;
    forget_results(c, job.version);
    const auto first = insert_passages(c, job.version, parsed.passages);
    auto content = c.prepare("insert or replace into knowledge_content (version, bytes) values (?, ?)");
    content.bind_all(job.version).bind_blob(2, parsed.content);
    content.run();
    auto lexical =
        c.prepare("insert into knowledge_lexical (version, first_key, count, bytes) values (?, ?, ?, ?)");
    lexical.bind_all(job.version, first, parsed.passages.size()).bind_blob(4, parsed.lexical_block);
    lexical.run();
    auto update = c.prepare(
        "update knowledge_version set media_type = ?, title = ?, pages = ?, first_key = ?, passages = ?, "
        "vectors = 0,"
        " vector_model = '', state = 'embedding', progress = 0 where id = ?");
    update.bind_all(parsed.media_type, parsed.title, parsed.pages, first, parsed.passages.size(),
                    job.version);
    update.run();
    end_job(c, job);
    if (next == Next::activate)
      activate(c, job.version, job.organisation);
    else
      add_job(c, JobKind::embed, job.version, 0, now);
    return true;
  });
}

Result<std::vector<PassageRow>> SqliteLibraryStore::without_vectors(const std::string& version,
                                                                    const std::string& model,
                                                                    std::size_t limit) {
  return database_.read([&](Connection& c) {
    auto query = c.prepare(
        "select p.key, p.ordinal, case when p.title <> '' then p.title when v.title <> '' then v.title else"
        " coalesce(d.name, '') end, p.section, p.text from knowledge_passage p"
        " join knowledge_version v on v.id = p.version left join knowledge_document d on d.id = v.document"
        " where p.version = ?1 and p.ordinal >= (select coalesce(max(k.first_key + k.count) - v.first_key, 0)"
        "  from knowledge_vector k where k.version = ?1 and k.model = ?2) order by p.ordinal limit ?3");
    query.bind_all(version, model, limit);
    std::vector<PassageRow> rows;
    while (query.step()) {
      PassageRow row;
      row.key = query.integer(0);
      row.id = fmt::format("{}.{}", version, query.integer(1));
      row.version = version;
      row.title = query.text(2);
      row.section = query.text(3);
      row.text = query.text(4);
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<bool> SqliteLibraryStore::add_vectors(const Job& job, const std::string& model, const Block& block,
                                             UnixMillis lease_until, double progress) {
  return database_.write([&](Connection& c) {
    if (!holds(c, job)) return false;
    auto insert = c.prepare(
        "insert into knowledge_vector (version, model, first_key, count, bytes) values (?, ?, ?, ?, ?)");
    insert.bind_all(job.version, model, block.first_key, block.count).bind_blob(5, block.bytes);
    insert.run();
    auto counted = c.prepare(
        "update knowledge_version set vectors = ?3 + case when vector_model = ?2 then vectors else 0 end,"
        " vector_model = ?2 where id = ?1");
    counted.bind_all(job.version, model, block.count);
    counted.run();
    auto update = c.prepare(
        "update knowledge_version set state = 'embedding', progress = ?2"
        " where id = ?1 and not exists (select 1 from knowledge_document d where d.id = document and "
        "d.current = ?1)");
    update.bind_all(job.version, progress);
    update.run();
    auto lease = c.prepare("update knowledge_job set lease_until = ? where id = ?");
    lease.bind_all(lease_until, job.id);
    lease.run();
    bump(c, job.organisation);
    return true;
  });
}

Result<bool> SqliteLibraryStore::finish_embed(const Job& job, UnixMillis /*now*/) {
  return database_.write([&](Connection& c) {
    if (!holds(c, job)) return false;
    end_job(c, job);
    auto old = c.prepare(
        "delete from knowledge_vector where version = ?1"
        " and model <> (select vector_model from knowledge_version where id = ?1)");
    old.bind_all(job.version);
    old.run();
    activate(c, job.version, job.organisation);
    return true;
  });
}

Result<bool> SqliteLibraryStore::activate_without_vectors(const Job& job, UnixMillis not_before) {
  return database_.write([&](Connection& c) {
    if (!holds(c, job)) return false;
    activate(c, job.version, job.organisation);
    auto later = c.prepare(
        "update knowledge_job set priority = 3, not_before = ?, owner = null, lease_until = 0, starts = 0"
        " where id = ?");
    later.bind_all(not_before, job.id);
    later.run();
    return true;
  });
}

Result<int> SqliteLibraryStore::queue_missing_vectors(const std::string& model, UnixMillis now) {
  constexpr std::string_view find =
      "select v.id from knowledge_document d join knowledge_version v on v.id = d.current where v.passages > "
      "0"
      " and (v.vector_model <> ?1 or v.vectors < v.passages)"
      " and not exists (select 1 from knowledge_job j where j.version = v.id and j.kind = 'embed') limit "
      "10000";
  auto missing = database_.read([&](Connection& c) {
    std::vector<std::string> found;
    auto query = c.prepare(find);
    query.bind_all(model);
    while (query.step()) found.push_back(query.text(0));
    return found;
  });
  if (!missing) return pass(missing);
  if (missing->empty()) return 0;
  return database_.write([&](Connection& c) {
    for (const auto& version : *missing) {
      auto add = c.prepare(
          "insert or ignore into knowledge_job (kind, version, priority, not_before) values ('embed', ?, 3, "
          "?)");
      add.bind_all(version, now);
      add.run();
    }
    return static_cast<int>(missing->size());
  });
}

}  // namespace bastide::storage::detail
