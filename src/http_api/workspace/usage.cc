// What was used and what is left: one's own, and the organisation's for administrators.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using policy::UsageSum;

constexpr std::size_t days_max = 20'000;  // of a year and some thirty models
constexpr std::int64_t span_days_max = 400;
constexpr UnixMillis day_ms = 86'400'000;

/// `?from=` and `?to=`; else this month until today.
Result<policy::UsageSpan> span_of(const Call& call) {
  const auto today = rfc3339(now_ms()).substr(0, 10);
  policy::UsageSpan span{call.query("from"), call.query("to")};
  if (span.from.empty()) span.from = today.substr(0, 8) + "01";
  if (span.to.empty()) span.to = today;
  const auto from = parse_day(span.from);
  const auto to = parse_day(span.to);
  if (!from || !to || *from > *to || (*to - *from) / day_ms > span_days_max)
    return fail(Code::invalid, "The days cannot be understood.", "usage_span",
                "Give from and to as 2026-11-22, the first not after the last, at most 400 days.");
  return span;
}

void write_sum(JsonWriter& json, const UsageSum& sum) {
  json.field("requests", sum.requests)
      .field("errors", sum.errors)
      .key("tokens")
      .object()
      .field("input", sum.input_tokens)
      .field("cached_input", sum.cached_input_tokens)
      .field("cache_write", sum.cache_write_tokens)
      .field("output", sum.output_tokens)
      .field("reasoning", sum.reasoning_tokens)
      .end()
      .field("cost", policy::from_amount(policy::Unit::money, sum.nano_money))
      .key("energy")
      .object()
      .field("wh_low", policy::from_amount(policy::Unit::energy, sum.micro_wh_low))
      .field("wh_high", policy::from_amount(policy::Unit::energy, sum.micro_wh_high))
      .end();
}

void add_up(UsageSum& total, const UsageSum& more) {
  total.requests += more.requests;
  total.errors += more.errors;
  total.input_tokens += more.input_tokens;
  total.cached_input_tokens += more.cached_input_tokens;
  total.cache_write_tokens += more.cache_write_tokens;
  total.output_tokens += more.output_tokens;
  total.reasoning_tokens += more.reasoning_tokens;
  total.nano_money += more.nano_money;
  total.micro_wh_low += more.micro_wh_low;
  total.micro_wh_high += more.micro_wh_high;
}

void write_budgets(JsonWriter& json, const std::vector<policy::Account::Budgets>& budgets) {
  const auto now = now_ms();
  json.key("budgets").array();
  for (const auto& each : budgets)
    for (const auto& [budget, spent, reserved] : each.states) {
      const auto value = [&](std::int64_t amount) { return policy::from_amount(budget.unit, amount); };
      json.object()
          .field("scope", each.scope)
          .field("unit", policy::name(budget.unit))
          .field("period", policy::name(budget.period))
          .field("limit", value(budget.most))
          .field("spent", value(spent))
          .field("reserved", value(reserved))
          .field("nearly_spent", spent > 0 && spent >= budget.most - budget.most / 5)
          .field("begins_at", rfc3339(policy::begin_of(budget.period, now)))
          .field("ends_at", rfc3339(policy::end_of(budget.period, now)))
          .end();
    }
  json.end();
}

void write_warnings(JsonWriter& json, const std::vector<policy::KeptWarning>& warnings) {
  json.key("warnings").array();
  for (const auto& each : warnings)
    json.object()
        .field("scope", each.scope)
        .field("unit", policy::name(each.budget.unit))
        .field("period", policy::name(each.budget.period))
        .field("limit", policy::from_amount(each.budget.unit, each.budget.most))
        .field("spent", policy::from_amount(each.budget.unit, each.spent))
        .field("begins_at", rfc3339(each.begins_at))
        .field("at", rfc3339(each.at))
        .end();
  json.end();
}

std::string own_scope(const Call& call) { return "person:" + call.who.person; }

// A line a day and model; gives what they come to.
UsageSum write_days(JsonWriter& json, const std::vector<policy::UsageOfDay>& days) {
  UsageSum total;
  json.key("days").array();
  for (const auto& each : days) {
    add_up(total, each.sum);
    json.object().field("day", each.day).field("model", each.model);
    write_sum(json, each.sum);
    json.end();
  }
  json.end();
  return total;
}

Task<Result<void>> my_usage(Call& call) {
  auto span = span_of(call);
  if (!span) co_return pass(span);
  auto& usage = call.services.usage;
  auto days = co_await call.blocking([&] { return usage.days(own_scope(call), *span, days_max); });
  if (!days) co_return pass(days);
  auto budgets = call.services.accounts.account(call.who)->budgets(policy::Moment::now());
  std::vector<std::string> scopes;
  for (const auto& each : budgets) scopes.push_back(each.scope);
  if (scopes.empty()) scopes.push_back(own_scope(call));
  auto warnings = co_await call.blocking([&] { return usage.warnings(scopes, call.limit()); });
  if (!warnings) co_return pass(warnings);
  JsonWriter json;
  json.object().field("from", span->from).field("to", span->to);
  const auto total = write_days(json, *days);
  json.key("total").object();
  write_sum(json, total);
  json.end();
  write_budgets(json, budgets);
  write_warnings(json, *warnings);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

/// A cell that no spreadsheet takes for a formula, quoted where it must be (RFC 4180).
std::string cell(const std::string& text) {
  std::string safe = text;
  if (!safe.empty() && std::string_view("=+-@\t\r").find(safe.front()) != std::string_view::npos)
    safe.insert(0, "'");
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Task<Result<void>> my_usage_csv(Call& call) {
  auto span = span_of(call);
  if (!span) co_return pass(span);
  auto& usage = call.services.usage;
  auto days = co_await call.blocking([&] { return usage.days(own_scope(call), *span, days_max); });
  if (!days) co_return pass(days);
  std::string csv =
      "day,model,requests,errors,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,"
      "reasoning_tokens,cost,wh_low,wh_high\r\n";
  for (const auto& [day, model, sum] : *days)
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{:.9f},{:.6f},{:.6f}\r\n", day, cell(model), sum.requests,
                       sum.errors, sum.input_tokens, sum.cached_input_tokens, sum.cache_write_tokens,
                       sum.output_tokens, sum.reasoning_tokens,
                       policy::from_amount(policy::Unit::money, sum.nano_money),
                       policy::from_amount(policy::Unit::energy, sum.micro_wh_low),
                       policy::from_amount(policy::Unit::energy, sum.micro_wh_high));
  net::Headers headers;
  headers.add("content-disposition",
              fmt::format("attachment; filename=\"usage-{}-{}.csv\"", span->from, span->to));
  auto sent = co_await call.send_bytes(std::move(csv), "text/csv; charset=utf-8", std::move(headers));
  co_return sent;
}

Task<Result<void>> all_usage(Call& call) {
  if (!call.who.is_admin())
    co_return fail(Code::forbidden, "This needs rights that you do not have.", "role",
                   "Ask an administrator.");
  auto span = span_of(call);
  if (!span) co_return pass(span);
  constexpr std::array<std::string_view, 6> kinds{"organisation", "person",    "group",
                                                  "key",          "assistant", "model"};
  auto by = call.query("by");
  if (by.empty()) by = "model";
  if (std::ranges::find(kinds, by) == kinds.end())
    co_return fail(Code::invalid, "Usage is not counted by that.", "usage_by",
                   "Use organisation, person, group, key, assistant or model.");
  const auto kind = by == "organisation" ? by : by + ":";
  auto& usage = call.services.usage;
  auto scopes = co_await call.blocking([&] { return usage.scopes(kind, *span, call.limit()); });
  if (!scopes) co_return pass(scopes);
  auto days = co_await call.blocking([&] { return usage.days("organisation", *span, days_max); });
  if (!days) co_return pass(days);
  const auto name_of = [&](const std::string& id) { return call.services.identity.name_of(by, id); };
  std::vector<std::string> ids;
  for (const auto& each : *scopes) ids.push_back(each.scope.substr(std::min(kind.size(), each.scope.size())));
  std::vector<std::string> names;
  auto named = co_await call.blocking([&]() -> Result<void> {
    std::ranges::transform(ids, std::back_inserter(names), name_of);
    return {};
  });
  if (!named) co_return pass(named);
  auto warnings = co_await call.blocking([&] { return usage.warnings({}, call.limit()); });
  if (!warnings) co_return pass(warnings);
  auto gaps = co_await call.blocking([&] { return usage.gaps(call.limit()); });
  if (!gaps) co_return pass(gaps);
  JsonWriter json;
  json.object().field("from", span->from).field("to", span->to).field("by", by).key("usage").array();
  for (std::size_t i = 0; i < scopes->size(); ++i) {
    const auto& each = (*scopes)[i];
    json.object().field("id", ids[i]).field("name", names[i]);
    json.key("budgets").array();
    for (const auto& [budget, spent, reserved] : call.services.accounts.budgets(each.scope))
      json.object()
          .field("unit", policy::name(budget.unit))
          .field("period", policy::name(budget.period))
          .field("limit", policy::from_amount(budget.unit, budget.most))
          .field("spent", policy::from_amount(budget.unit, spent))
          .end();
    json.end();
    write_sum(json, each.sum);
    json.end();
  }
  json.end();
  const auto total = write_days(json, *days);
  json.key("total").object();
  write_sum(json, total);
  json.end();
  write_budgets(json, {{"organisation", call.services.accounts.budgets("organisation")}});
  write_warnings(json, *warnings);
  json.key("gaps").array();
  for (const auto& gap : *gaps)
    json.object()
        .field("last_row_at", rfc3339(gap.last_row_at))
        .field("found_at", rfc3339(gap.found_at))
        .field("recovered", gap.recovered)
        .field("lost", gap.lost)
        .end();
  json.end();
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

}  // namespace

void add_usage_routes(Routes& routes) {
  routes.add({"GET", "/api/me/usage", Access::person, my_usage});
  routes.add({"GET", "/api/me/usage.csv", Access::person, my_usage_csv});
  routes.add({"GET", "/api/admin/usage", Access::person, all_usage});
}

}  // namespace bastide::http_api
