#include <algorithm>

#include "storage/knowledge/sql.h"
#include "storage/knowledge/sqlite_library_store.h"

namespace bastide::storage::detail {
using knowledge::DocumentState;
using knowledge::Job;
using knowledge::JobKind;
using knowledge::Retry;

namespace {
constexpr int starts_max = 8;    // a file that ends the whole process each time
constexpr int failures_max = 3;  // as knowledge::LibraryStore::fail_job promises

JobKind kind_of(std::string_view name) {
  if (name == "embed") return JobKind::embed;
  return name == "purge" ? JobKind::purge : JobKind::parse;
}

void set_failed(Connection& c, const std::string& version, const Error& error) {
  auto update = c.prepare(
      "update knowledge_version set state = 'failed', error_code = ?2, error_message = ?3, error_detail = ?4,"
      " error_action = ?5 where id = ?1 and not exists (select 1 from knowledge_document d where d.id = "
      "document and d.current = ?1)");
  update.bind_all(version, code_name(error.code), error.message, error.detail, error.action);
  update.run();
}

// Of a version that is searched already nothing is told: it stays ready.
void set_state(Connection& c, const std::string& version, DocumentState state, double progress) {
  auto update = c.prepare(
      "update knowledge_version set state = ?2, progress = ?3"
      " where id = ?1 and not exists (select 1 from knowledge_document d where d.id = document and "
      "d.current = ?1)");
  update.bind_all(version, knowledge::state_name(state), progress);
  update.run();
}

void end_job(Connection& c, std::int64_t id) {
  auto forget = c.prepare("delete from knowledge_job where id = ?");
  forget.bind_all(id);
  forget.run();
}

const Error crashed{Code::internal, "Reading this document ended the program each time it was tried.",
                    "crashed", "Save the document in another format and upload it again."};
}  // namespace

std::string_view job_kind_name(JobKind kind) {
  switch (kind) {
    case JobKind::embed:
      return "embed";
    case JobKind::purge:
      return "purge";
    case JobKind::parse:
      break;
  }
  return "parse";
}

Result<std::optional<Job>> SqliteLibraryStore::take_job(const std::string& owner, UnixMillis now,
                                                        UnixMillis lease_until) {
  constexpr std::string_view find =
      "select j.id, j.kind, j.version, v.document, v.organisation, coalesce(d.name, ''), v.media_type, "
      "v.blob,"
      " j.failures, j.starts from knowledge_job j join knowledge_version v on v.id = j.version"
      " left join knowledge_document d on d.id = v.document"
      " where j.not_before <= ?1 and j.lease_until < ?1 order by j.priority, j.id limit 1";
  // Idle workers look often: looking does not take the writer.
  auto due = database_.read([&](Connection& c) {
    auto query = c.prepare(find);
    query.bind_all(now);
    return query.step();
  });
  if (!due) return pass(due);
  if (!*due) return std::nullopt;
  return database_.write(
      [&](Connection& c) -> std::optional<Job> {
        for (int tries = 0; tries < 100; ++tries) {
          auto query = c.prepare(find);
          query.bind_all(now);
          if (!query.step()) return std::nullopt;
          Job job{.id = query.integer(0),
                  .kind = kind_of(query.view(1)),
                  .version = query.text(2),
                  .document = query.text(3),
                  .organisation = query.text(4),
                  .name = query.text(5),
                  .media_type = query.text(6),
                  .blob = query.text(7),
                  .failures = static_cast<int>(query.integer(8)),
                  .starts = static_cast<int>(query.integer(9)) + 1,
                  .owner = owner};
          if (job.kind == JobKind::parse && job.starts > starts_max) {
            set_failed(c, job.version, crashed);
            end_job(c, job.id);
            continue;
          }
          auto lease = c.prepare(
              "update knowledge_job set owner = ?, lease_until = ?, starts = starts + 1 where id = ?");
          lease.bind_all(owner, lease_until, job.id);
          lease.run();
          if (job.kind == JobKind::parse) set_state(c, job.version, DocumentState::parsing, 0);
          return job;
        }
        return std::nullopt;
      },
      Durability::buffered);  // a power cut ends all owners of leases
}

Result<bool> SqliteLibraryStore::keep_job(const Job& job, UnixMillis lease_until, DocumentState state,
                                          double progress) {
  return database_.write(
      [&](Connection& c) {
        auto lease = c.prepare("update knowledge_job set lease_until = ? where id = ? and owner = ?");
        lease.bind_all(lease_until, job.id, job.owner);
        lease.run();
        if (c.changes() == 0) return false;
        set_state(c, job.version, state, progress);
        return true;
      },
      Durability::buffered);
}

Result<void> SqliteLibraryStore::fail_job(const Job& job, const Error& error, Retry retry,
                                          UnixMillis not_before) {
  return database_.write([&](Connection& c) {
    auto held = c.prepare("select failures from knowledge_job where id = ? and owner = ?");
    held.bind_all(job.id, job.owner);
    if (!held.step()) return;
    const auto failures = held.integer(0) + (retry == Retry::not_counted ? 0 : 1);
    if (job.kind != JobKind::purge && (retry == Retry::never || failures >= failures_max)) {
      set_failed(c, job.version, error);
      end_job(c, job.id);
      return;
    }
    auto later = c.prepare(
        "update knowledge_job set failures = ?, not_before = ?, owner = null, lease_until = 0,"
        " starts = case when ? then max(starts - 1, 0) else starts end where id = ?");
    later.bind_all(failures, not_before, retry == Retry::not_counted ? 1 : 0, job.id);
    later.run();
    if (job.kind == JobKind::parse) {
      auto queued = c.prepare("update knowledge_version set state = 'queued', progress = 0 where id = ?");
      queued.bind_all(job.version);
      queued.run();
    }
  });
}

Result<int> SqliteLibraryStore::release_jobs(const std::function<bool(const std::string&)>& is_dead) {
  auto owners = database_.read([&](Connection& c) {
    std::vector<std::string> found;
    auto query = c.prepare("select distinct owner from knowledge_job where owner is not null");
    while (query.step()) found.push_back(query.text(0));
    return found;
  });
  if (!owners) return pass(owners);
  std::erase_if(*owners, [&](const std::string& owner) { return !is_dead(owner); });
  if (owners->empty()) return 0;
  return database_.write([&](Connection& c) {
    int released = 0;
    for (const auto& owner : *owners) {
      auto release = c.prepare("update knowledge_job set owner = null, lease_until = 0 where owner = ?");
      release.bind_all(owner);
      release.run();
      released += static_cast<int>(c.changes());
    }
    return released;
  });
}

namespace {
bool is_used(Connection& c, const std::string& blob) {
  auto used = c.prepare("select 1 from knowledge_version where blob = ? limit 1");
  used.bind_all(blob);
  return used.step();
}
}  // namespace

Result<void> SqliteLibraryStore::remove_unused(const std::string& blob,
                                               const std::function<void()>& remove_blob) {
  return database_.write([&](Connection& c) {
    if (!is_used(c, blob)) remove_blob();
  });
}

Result<std::int64_t> SqliteLibraryStore::purge(
    const Job& job, const std::function<void(const std::string& blob)>& remove_blob) {
  return database_.write([&](Connection& c) {
    std::int64_t passages = 0;
    auto searched = c.prepare(
        "select 1 from knowledge_version v join knowledge_document d on d.id = v.document"
        " where v.id = ?1 and (d.current = ?1 or d.newest = ?1)");
    searched.bind_all(job.version);
    if (!searched.step()) {
      for (std::string_view sql :
           {"delete from knowledge_passage where version = ?",
            "delete from knowledge_lexical where version = ?",
            "delete from knowledge_vector where version = ?", "delete from knowledge_version where id = ?"}) {
        auto forget = c.prepare(sql);
        forget.bind_all(job.version);
        forget.run();
        if (sql.find("knowledge_passage") != std::string_view::npos) passages = c.changes();
      }
      if (!is_used(c, job.blob)) remove_blob(job.blob);
    }
    auto forget = c.prepare("delete from knowledge_job where version = ?");
    forget.bind_all(job.version);
    forget.run();
    return passages;
  });
}

}  // namespace bastide::storage::detail
