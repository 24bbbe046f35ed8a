#include "storage/policy/usage_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"

namespace bastide::storage {
namespace {

// Beyond it nothing more is admitted: what runs already still finds room.
constexpr double full_share = 0.75;
constexpr double busy_share = 0.25;
constexpr Millis busy_pause{20};
constexpr std::size_t sums_max = 100'000;

std::string day_of(UnixMillis at) { return rfc3339(at).substr(0, 10); }

void tell(const char* event, const Error& error) {
  log::error(event, {{"code", code_name(error.code)}, {"detail", error.detail}});
}

void mark_summed(Connection& connection, std::string_view segment, std::uint64_t bytes, bool closed) {
  connection
      .prepare(
          "insert into usage_segment values (?, ?, ?) on conflict do update set"
          " summed_bytes = excluded.summed_bytes, closed = excluded.closed")
      .bind_all(segment, bytes, closed ? 1 : 0)
      .run();
}

}  // namespace

Result<std::unique_ptr<SqliteUsageLog>> SqliteUsageLog::open(const std::string& folder, Database& database,
                                                             UsageOptions options) {
  if (auto made = make_folder(folder); !made) return pass(made);
  std::unique_ptr<SqliteUsageLog> log(new SqliteUsageLog(folder, database, options));
  auto words = UsageWords::open(folder + "/words");
  if (!words) return pass(words);
  log->words_ = std::move(*words);
  if (auto recovered = log->recover(); !recovered) return pass(recovered);
  log->prune();
  log->flushed_at_ = log->summed_at_ = Steady::now();
  log->thread_ = std::thread([raw = log.get()] { raw->work(); });
  return log;
}

SqliteUsageLog::~SqliteUsageLog() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;  // it was never opened
  thread_.join();
  const std::lock_guard lock(work_mutex_);
  auto fetched = fetch();
  if (fetched) fetched = sum(true);
  if (fetched)
    rings_->end();
  else
    tell("usage_not_stored", fetched.error());  // the next start finds it
}

/// One process at a time, so that no two adopt the same.
Result<void> SqliteUsageLog::recover() {
  auto lock = open_file(folder_ + "/lock", O_RDWR | O_CREAT);
  if (!lock) return pass(lock);
  while (::flock(lock->get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  UsageRings::Found found;
  auto rings = UsageRings::open(folder_, found);
  if (!rings) return pass(rings);
  rings_ = std::move(*rings);
  found_run_ = found.unclean ? found.run : 0;
  auto names = usage_segment::list(folder_);
  if (!names) return pass(names);
  for (const auto& name : *names)
    if (auto adopted = adopt(name); !adopted) return adopted;
  if (found.unclean)
    if (auto kept = keep_found(found); !kept) return kept;
  std::uint32_t run = 0;
  fill_random(&run, sizeof(run));
  rings_->begin(run | 1);
  return {};
}

Result<void> SqliteUsageLog::adopt(const std::string& name) {
  const auto path = folder_ + "/" + name;
  auto file = open_file(path, O_RDWR);
  if (!file) return pass(file);
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) return {};  // somebody writes it
  struct Known {
    std::uint64_t bytes = 0;
    bool closed = false;
  };
  auto known = database_.read([&](Connection& connection) {
    auto query = connection.prepare("select summed_bytes, closed from usage_segment where name = ?");
    query.bind(1, std::string_view(name));
    Known out;
    if (query.step()) out = {static_cast<std::uint64_t>(query.integer(0)), query.integer(1) != 0};
    return out;
  });
  if (!known) return pass(known);
  if (known->closed) return {};
  UsageSums sums;
  auto scanned = usage_segment::scan(path, [&](const policy::UsageRow& row, std::uint64_t end_bytes) {
    if (end_bytes > known->bytes) sums.add(row);
    gap_.last_row_at = std::max(gap_.last_row_at, row.at_ms);
    if (row.run == found_run_) seen_.emplace(row.writer, row.sequence);
  });
  if (!scanned) {
    tell("usage_segment_not_read", scanned.error());
    return {};  // it stays as it is, for somebody to look at
  }
  gap_.lost += scanned->damaged;
  if (::ftruncate(file->get(), static_cast<off_t>(scanned->whole_bytes)) != 0)
    return std::unexpected(file_error(errno, "cut the usage log"));
  return database_.write([&](Connection& connection) {
    sums.store(connection, *words_);
    mark_summed(connection, name, scanned->whole_bytes, true);
  });
}

/// Rows of the process before that never reached a segment, and the note of the gap.
Result<void> SqliteUsageLog::keep_found(const UsageRings::Found& found) {
  gap_.unclean = true;
  gap_.lost += found.lost;
  std::vector<policy::UsageRow> rows;
  for (const auto& row : found.rows)
    if (!seen_.contains({row.writer, row.sequence})) rows.push_back(row);
  seen_.clear();
  gap_.recovered = rows.size();
  if (!rows.empty()) {
    if (auto begun = begin_segment(); !begun) return begun;
    if (auto kept = segment_->append(rows.data(), rows.size()); !kept) return kept;
    for (const auto& row : rows) sums_.add(row);
    gap_.last_row_at = std::max(gap_.last_row_at, rows.back().at_ms);
    if (auto summed = sum(false); !summed) return summed;
  }
  log::warn("usage_after_unclean_stop",
            {{"last_row_at", rfc3339(gap_.last_row_at)}, {"recovered", gap_.recovered}, {"lost", gap_.lost}});
  return database_.write([&](Connection& connection) {
    connection.prepare("insert into usage_gap values (?, ?, ?, ?)")
        .bind_all(gap_.last_row_at, now_ms(), gap_.recovered, gap_.lost)
        .run();
  });
}

policy::UsageWriter& SqliteUsageLog::writer() {
  auto* writer = rings_->writer();
  if (!writer) throw std::logic_error("more threads write usage than there are rings");
  return *writer;
}

bool SqliteUsageLog::full() const { return rings_->filled() > full_share; }

Result<void> SqliteUsageLog::begin_segment() {
  const auto today = day_of(now_ms());
  if (segment_ && segment_day_ == today && segment_->bytes() < options_.segment_bytes_max) return {};
  if (segment_) {
    if (auto summed = sum(true); !summed) return summed;
    segment_.reset();
  }
  auto created = UsageSegment::create(folder_, today);
  if (!created) return pass(created);
  segment_ = std::move(*created);
  segment_day_ = today;
  return {};
}

Result<void> SqliteUsageLog::fetch() {
  return rings_->fetch([&](const policy::UsageRow* rows, std::size_t count) -> Result<void> {
    if (auto begun = begin_segment(); !begun) return begun;
    if (auto kept = segment_->append(rows, count); !kept) return kept;
    dirty_ = true;
    for (std::size_t i = 0; i < count; ++i) sums_.add(rows[i]);
    for (const auto& watcher : watchers_) watcher({rows, count});
    return {};
  });
}

void SqliteUsageLog::watch(Watcher watcher) {
  const std::lock_guard lock(work_mutex_);
  watchers_.push_back(std::move(watcher));
}

/// Rows are on the disk before the sums say that they were counted; words before the rows that name them.
Result<void> SqliteUsageLog::sum(bool closed) {
  if (!segment_) return {};
  if (auto flushed = words_->flush(); !flushed) return flushed;
  if (auto flushed = segment_->flush(); !flushed) return flushed;
  dirty_ = false;
  flushed_at_ = summed_at_ = Steady::now();
  if (sums_.empty() && !closed) return {};
  auto stored = database_.write([&](Connection& connection) {
    sums_.store(connection, *words_);
    mark_summed(connection, segment_->name(), segment_->bytes(), closed);
  });
  if (stored) sums_.clear();
  return stored;
}

Result<void> SqliteUsageLog::round(Steady::time_point now) {
  const std::lock_guard lock(work_mutex_);
  if (auto fetched = fetch(); !fetched) return fetched;
  if (!sums_.empty() && (now - summed_at_ >= options_.sum_every || sums_.size() >= sums_max))
    return sum(false);
  if (!dirty_ || now - flushed_at_ < options_.flush_every) return {};
  if (auto flushed = words_->flush(); !flushed) return flushed;
  if (auto flushed = segment_->flush(); !flushed) return flushed;
  dirty_ = false;
  flushed_at_ = now;
  return {};
}

Result<void> SqliteUsageLog::flush() {
  const std::lock_guard lock(work_mutex_);
  if (auto fetched = fetch(); !fetched) return fetched;
  return sum(false);
}

void SqliteUsageLog::work() {
  auto pruned_at = Steady::now();
  for (;;) {
    {
      std::unique_lock lock(stop_mutex_);
      wake_.wait_for(lock, rings_->filled() > busy_share ? busy_pause : options_.fetch_every,
                     [&] { return stopping_; });
      if (stopping_) return;
    }
    const auto now = Steady::now();
    const auto done = round(now);
    // Said once, not at every try: what waits is kept, and admission stops before it is too much.
    if (!done && !failing_) tell("usage_not_stored", done.error());
    failing_ = !done;
    if (now - pruned_at < std::chrono::hours(1)) continue;
    pruned_at = now;
    prune();
  }
}

void SqliteUsageLog::prune() {
  constexpr UnixMillis day_ms = 86'400'000;
  const auto rows_from = day_of(now_ms() - options_.rows_kept_days * day_ms);
  const auto sums_from = day_of(now_ms() - options_.sums_kept_days * day_ms);
  auto names = usage_segment::list(folder_);
  if (!names) return tell("usage_not_pruned", names.error());
  std::vector<std::string> old;
  for (const auto& name : *names)
    if (name < rows_from) old.push_back(name);
  auto pruned = database_.write([&](Connection& connection) {
    connection.prepare("delete from usage_day where day < ?").bind_all(std::string_view(sums_from)).run();
    for (const auto& name : old)
      connection.prepare("delete from usage_segment where name = ?").bind_all(std::string_view(name)).run();
  });
  if (!pruned) return tell("usage_not_pruned", pruned.error());
  for (const auto& name : old) ::unlink((folder_ + "/" + name).c_str());
}

Result<std::vector<policy::Spent>> SqliteUsageLog::spent(UnixMillis wall) {
  if (auto flushed = flush(); !flushed) return pass(flushed);
  using policy::Period;
  const auto begin = [&](Period period) { return day_of(policy::begin_of(period, wall)); };
  const auto day = begin(Period::day), week = begin(Period::week), month = begin(Period::month);
  return database_.read([&](Connection& connection) {
    std::vector<policy::Spent> out;
    // One pass over the days since the earlier of week and month.
    auto query = connection.prepare(
        "select scope, day, sum(nano_money), sum(input + output), sum(called), sum(micro_wh_high) from "
        "usage_day"
        " where day >= min(?1, ?2) group by scope, day order by scope");
    query.bind_all(std::string_view(week), std::string_view(month));
    while (query.step()) {
      if (out.empty() || out.back().scope != query.view(0)) out.push_back({query.text(0), {}});
      const policy::Amounts amounts{query.integer(2), query.integer(3), query.integer(4), query.integer(5)};
      const auto at = query.view(1);
      auto& opening = out.back().opening;
      const auto add = [&](Period period, const std::string& from) {
        if (at >= from) opening[static_cast<std::size_t>(period)] += amounts;
      };
      add(Period::day, day);
      add(Period::week, week);
      add(Period::month, month);
    }
    return out;
  });
}

Result<std::optional<SqliteUsageLog::Place>> SqliteUsageLog::find_in_segments(std::string_view exchange,
                                                                              std::string_view from_day) {
  auto names = usage_segment::list(folder_);
  if (!names) return pass(names);
  for (auto name = names->rbegin(); name != names->rend() && *name >= from_day; ++name) {
    std::optional<Place> found;
    auto scanned =
        usage_segment::scan(folder_ + "/" + *name, [&](const policy::UsageRow& row, std::uint64_t end_bytes) {
          if (row.exchange_id() == exchange) found = Place{row, *name, usage_segment::row_at(end_bytes)};
        });
    if (found) return found;
    // A segment that was pruned meanwhile holds nothing; a damaged one is the log's own affair.
    if (!scanned && scanned.error().code != Code::not_found && scanned.error().code != Code::corrupt)
      return pass(scanned);
  }
  return std::nullopt;
}

Result<std::optional<policy::UsageRow>> SqliteUsageLog::find(std::string_view exchange) {
  auto place = place_of(exchange);
  if (!place) return pass(place);
  if (!*place) return std::nullopt;
  return (*place)->row;
}

Result<std::optional<SqliteUsageLog::Place>> SqliteUsageLog::place_of(std::string_view exchange) {
  const auto began = time_of_id(exchange);
  if (!began) return std::nullopt;
  constexpr UnixMillis day_ms = 86'400'000;
  const auto from_day = rfc3339(*began - day_ms).substr(0, 10);
  auto found = find_in_segments(exchange, from_day);
  if (!found || *found) return found;
  // It may have ended this very moment.
  if (auto flushed = flush(); !flushed) return pass(flushed);
  return find_in_segments(exchange, from_day);
}

}  // namespace bastide::storage
