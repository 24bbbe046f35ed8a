#include "storage/policy/ledger.h"

#include "base/log.h"

namespace bastide::storage {
namespace {

// Long enough that the receipt's own transaction nearly always comes first, short enough to lose little
// without one.
constexpr auto pause = std::chrono::milliseconds(500);

void insert(Connection& connection, const policy::Spend& spend) {
  connection
      .prepare("insert into policy_settled (month, exchange, amount) values (?, ?, ?) on conflict do nothing")
      .bind_all(std::string_view(spend.month), std::string_view(spend.exchange), spend.amount)
      .run();
  if (connection.changes() == 0) return;
  for (const auto& scope : spend.scopes)
    connection
        .prepare(
            "insert into policy_spend (month, scope, amount) values (?, ?, ?) "
            "on conflict do update set amount = amount + excluded.amount")
        .bind_all(std::string_view(spend.month), std::string_view(scope), spend.amount)
        .run();
}

}  // namespace

SqliteLedger::SqliteLedger(Database& database) : database_(database), thread_([this] { work(); }) {}

SqliteLedger::~SqliteLedger() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (auto flushed = flush(); !flushed)
    log::error("ledger_not_stored",
               {{"code", code_name(flushed.error().code)}, {"detail", flushed.error().detail}});
}

Result<std::vector<policy::MonthSpent>> SqliteLedger::load(const std::string& month) {
  // No exchange runs into the month after the next: which ones have settled needs no longer memory.
  auto pruned = database_.write([&](Connection& connection) {
    connection.prepare("delete from policy_settled where month < strftime('%Y-%m', ? || '-01', '-1 month')")
        .bind_all(std::string_view(month))
        .run();
  });
  if (!pruned) return pass(pruned);
  return database_.read([&](Connection& connection) {
    std::vector<policy::MonthSpent> spent;
    auto query = connection.prepare("select scope, amount from policy_spend where month = ?");
    query.bind(1, std::string_view(month));
    while (query.step()) spent.push_back({query.text(0), query.real(1)});
    return spent;
  });
}

void SqliteLedger::add(policy::Spend spend) {
  auto id = spend.exchange;
  const std::lock_guard lock(mutex_);
  waiting_.try_emplace(std::move(id), std::make_shared<const policy::Spend>(std::move(spend)));
}

bool SqliteLedger::full() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() >= waiting_max;
}

void SqliteLedger::store_with(Connection& connection, std::string_view exchange) {
  std::shared_ptr<const policy::Spend> spend;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(std::string(exchange));
    if (found == waiting_.end()) return;
    spend = found->second;
  }
  insert(connection, *spend);
}

void SqliteLedger::stored(std::string_view exchange) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(std::string(exchange));
}

Result<void> SqliteLedger::write(const std::vector<std::shared_ptr<const policy::Spend>>& batch) {
  auto wrote = database_.write([&](Connection& connection) {
    for (const auto& spend : batch) insert(connection, *spend);
  });
  if (!wrote) return wrote;
  const std::lock_guard lock(mutex_);
  for (const auto& spend : batch) waiting_.erase(spend->exchange);
  return {};
}

Result<void> SqliteLedger::flush() {
  std::vector<std::shared_ptr<const policy::Spend>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, spend] : waiting_) all.push_back(spend);
  }
  for (std::size_t from = 0; from < all.size(); from += batch_max) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + batch_max));
    if (auto wrote = write({begin, end}); !wrote) return wrote;
  }
  return {};
}

void SqliteLedger::work() {
  bool failing = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, pause, [&] { return stopping_; });
      if (stopping_) return;
      if (waiting_.empty()) continue;
    }
    const auto flushed = flush();
    // Said once, not twice a second: what waits is kept, and admission stops before it is too much.
    if (!flushed && !failing)
      log::error("ledger_not_stored",
                 {{"code", code_name(flushed.error().code)}, {"detail", flushed.error().detail}});
    failing = !flushed;
  }
}

}  // namespace bastide::storage
