#include "storage/sqlite/writer.h"

#include <pthread.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "base/log.h"
#include "storage/sqlite/error.h"

namespace bastide::storage::detail {
namespace {
int remember_wal_pages(void* into, sqlite3*, const char*, int pages) {
  *static_cast<int*>(into) = pages;
  return SQLITE_OK;
}
}  // namespace

Writer::Writer(std::unique_ptr<SqliteConnection> connection, WriterLimits limits)
    : connection_(std::move(connection)), limits_(limits) {
  sqlite3_wal_hook(connection_->handle(), remember_wal_pages, &wal_pages_);
  thread_ = std::thread([this] { work(); });
}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> Writer::run(const std::function<void(Connection&)>& body, Durability durability) {
  if (std::this_thread::get_id() == thread_.get_id())
    throw std::logic_error("write inside the body of a write");
  Job job{body, durability};
  std::unique_lock lock(mutex_);
  if (queue_.size() >= limits_.queue_max)
    return fail(Code::overloaded, "Too many changes wait to be stored.", "write_queue_full",
                "Try again in a moment.");
  queue_.push_back(&job);
  wake_.notify_one();
  job.woken.wait(lock, [&] { return job.done; });
  if (job.bug) std::rethrow_exception(job.bug);
  if (job.error) return std::unexpected(std::move(*job.error));
  return {};
}

void Writer::work() {
  pthread_setname_np(pthread_self(), "db-writer");
  std::vector<Job*> group;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      while (!queue_.empty() && group.size() < limits_.group_max) {
        group.push_back(queue_.front());
        queue_.pop_front();
      }
    }
    run_group(group);
    {
      std::lock_guard lock(mutex_);
      for (auto* job : group) {
        job->done = true;
        job->woken.notify_one();  // under the lock: the job lives on its caller's stack
      }
    }
    group.clear();
    if (wal_pages_ >= limits_.checkpoint_pages) checkpoint();
  }
}

void Writer::begin(Durability durability) {
  // Only outside of a transaction may the level change.
  if (synchronous_ != durability) {
    connection_->execute(durability == Durability::flushed ? "pragma synchronous = full"
                                                           : "pragma synchronous = normal");
    synchronous_ = durability;
  }
  connection_->prepare("begin immediate").run();
}

void Writer::run_group(const std::vector<Job*>& group) {
  bool flush = std::ranges::any_of(group, [](Job* job) { return job->durability == Durability::flushed; });
  std::optional<Error> failed;
  errno = 0;
  try {
    begin(flush ? Durability::flushed : Durability::buffered);
    for (auto* job : group) {
      run_job(*job);
      // After a full disk or a failing one SQLite may have rolled back everything: nobody's change is left.
      if (!connection_->in_transaction()) {
        failed =
            job->error.value_or(Error{Code::internal, "A database function ended its group's transaction."});
        break;
      }
    }
    if (!failed) connection_->prepare("commit").run();
  } catch (const SqliteError& error) {
    failed = error.error();
  }
  if (!failed) return;
  if (connection_->in_transaction()) {
    try {
      connection_->execute("rollback");
    } catch (const SqliteError& error) {
      log::error("database_rollback_failed", {{"sqlite", error.sqlite_code()}});
    }
  }
  log::error("database_write_failed",
             {{"code", code_name(failed->code)}, {"detail", failed->detail}, {"writes", group.size()}});
  for (auto* job : group)
    if (!job->error && !job->bug) job->error = failed;
}

void Writer::run_job(Job& job) {
  connection_->prepare("savepoint body").run();
  try {
    job.body(*connection_);
  } catch (detail::Rollback& asked) {
    job.error = std::move(asked.error);
  } catch (const SqliteError& error) {
    job.error = error.error();
  } catch (...) {
    job.bug = std::current_exception();
  }
  if (!connection_->in_transaction()) return;
  if (job.error || job.bug) connection_->prepare("rollback to body").run();
  connection_->prepare("release body").run();
}

void Writer::checkpoint() {
  // Passive never waits for readers; once the WAL is large, waiting 200 ms for them is the lesser evil.
  bool insist = wal_pages_ >= limits_.restart_pages;
  if (insist) sqlite3_busy_timeout(connection_->handle(), 200);
  int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                       insist ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
                                       nullptr, nullptr);
  if (insist) sqlite3_busy_timeout(connection_->handle(), ConnectionLimits{}.busy_ms);
  // What is committed is safe in the WAL whatever happens here.
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
    log::warn("database_checkpoint_failed", {{"sqlite", code}});
  wal_pages_ = 0;
}

}  // namespace bastide::storage::detail
