#include "storage/policy/usage_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bastide::storage {
namespace {
using namespace policy;

constexpr std::string_view sums =
    "sum(requests), sum(errors), sum(input), sum(cached_input), sum(cache_write), sum(output), "
    "sum(reasoning),"
    " sum(nano_money), sum(micro_wh_low), sum(micro_wh_high)";

UsageSum sum_at(const Statement& row, int column) {
  return {row.integer(column),     row.integer(column + 1), row.integer(column + 2), row.integer(column + 3),
          row.integer(column + 4), row.integer(column + 5), row.integer(column + 6), row.integer(column + 7),
          row.integer(column + 8), row.integer(column + 9)};
}

template <class T, std::size_t N>
T of_name(const std::array<T, N>& all, std::string_view text) {
  return *std::ranges::find(all, text, [](T each) { return name(each); });
}

Budget budget_at(const Statement& row, int column) {
  constexpr std::array all_units{Unit::money, Unit::tokens, Unit::requests, Unit::energy};
  constexpr std::array all_periods{Period::day, Period::week, Period::month};
  return {of_name(all_units, row.view(column)), of_name(all_periods, row.view(column + 1)),
          row.integer(column + 2)};
}

}  // namespace

Result<std::vector<UsageOfDay>> SqliteUsageReports::days(std::string_view scope, const UsageSpan& span,
                                                         std::size_t limit) {
  return database_.read([&](Connection& connection) {
    std::vector<UsageOfDay> out;
    auto query = connection.prepare(fmt::format(
        "select day, model, {} from usage_day where scope = ? and day >= ? and day <= ? group by day, model"
        " order by day, model limit ?",
        sums));
    query.bind_all(scope, std::string_view(span.from), std::string_view(span.to), limit);
    while (query.step()) out.push_back({query.text(0), query.text(1), sum_at(query, 2)});
    return out;
  });
}

Result<std::vector<UsageOfScope>> SqliteUsageReports::scopes(std::string_view kind, const UsageSpan& span,
                                                             std::size_t limit) {
  return database_.read([&](Connection& connection) {
    std::vector<UsageOfScope> out;
    auto query =
        connection.prepare(fmt::format("select scope, {} from usage_day where day >= ?2 and day <= ?3 and"
                                       " substr(scope, 1, length(?1)) = ?1 group by scope"
                                       " order by sum(nano_money) desc, sum(requests) desc, scope limit ?4",
                                       sums));
    query.bind_all(kind, std::string_view(span.from), std::string_view(span.to), limit);
    while (query.step()) out.push_back({query.text(0), sum_at(query, 1)});
    return out;
  });
}

Result<std::vector<Warning>> SqliteUsageReports::keep(const std::vector<Warning>& warnings, UnixMillis now) {
  return database_.write([&](Connection& connection) {
    std::vector<Warning> fresh;
    for (const auto& warning : warnings) {
      const auto& budget = warning.state.budget;
      connection.prepare("insert into budget_warning values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing")
          .bind_all(std::string_view(warning.scope), name(budget.unit), name(budget.period),
                    warning.period_begin, now, warning.state.spent, budget.most)
          .run();
      if (connection.changes() > 0) fresh.push_back(warning);
    }
    return fresh;
  });
}

Result<std::vector<KeptWarning>> SqliteUsageReports::warnings(const std::vector<std::string>& scopes,
                                                              std::size_t limit) {
  return database_.read([&](Connection& connection) {
    std::vector<KeptWarning> out;
    const auto read = [&](std::string_view where, std::string_view scope) {
      auto query =
          connection.prepare(fmt::format("select unit, period, most, scope, spent, begins_at, at from "
                                         "budget_warning where {} order by at desc"
                                         " limit ?2",
                                         where));
      query.bind_all(scope, limit);
      while (query.step())
        out.push_back(
            {query.text(3), budget_at(query, 0), query.integer(4), query.integer(5), query.integer(6)});
    };
    if (scopes.empty()) read("?1 = ''", "");
    for (const auto& scope : scopes) read("scope = ?1", scope);
    std::ranges::sort(out, std::greater<>{}, &KeptWarning::at);
    if (out.size() > limit) out.resize(limit);
    return out;
  });
}

Result<std::vector<UsageGapNote>> SqliteUsageReports::gaps(std::size_t limit) {
  return database_.read([&](Connection& connection) {
    std::vector<UsageGapNote> out;
    auto query = connection.prepare(
        "select at, found_at, recovered, lost from usage_gap order by found_at desc limit ?");
    query.bind_all(limit);
    while (query.step())
      out.push_back({query.integer(0), query.integer(1), query.integer(2), query.integer(3)});
    return out;
  });
}

}  // namespace bastide::storage
