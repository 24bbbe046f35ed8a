#include "storage/policy/usage_days.h"

#include <xxhash.h>

#include "base/text.h"

namespace bastide::storage {
namespace {
constexpr std::uint16_t first_error_status = 400;
}

std::size_t UsageSums::Hash::operator()(const Key& key) const { return XXH3_64bits(&key, sizeof(key)); }

void UsageSums::add(const policy::UsageRow& row) {
  const auto day = policy::Calendar::of(row.at_ms).in(policy::Period::day);
  auto& sum = sums_[{day, row.person, row.key, row.groups, row.assistant, row.model}];
  const auto amounts = row.amounts();
  ++sum.requests;
  if (row.status >= first_error_status) ++sum.errors;
  sum.input += row.input;
  sum.cached_input += row.cached_input;
  sum.cache_write += row.cache_write;
  sum.output += row.output;
  sum.reasoning += row.reasoning;
  sum.nano_money += row.nano_money;
  sum.micro_wh_low += row.micro_wh_low;
  sum.micro_wh_high += row.micro_wh_high;
  sum.called += amounts.requests;
}

void UsageSums::store(Connection& connection, UsageWords& words) const {
  constexpr std::int64_t day_ms = 86'400'000;
  auto insert = connection.prepare(
      "insert into usage_day values (?,?,?,?,?,?,?,?,?,?,?,?,?,?) on conflict do update set"
      " requests = requests + excluded.requests, errors = errors + excluded.errors,"
      " input = input + excluded.input, cached_input = cached_input + excluded.cached_input,"
      " cache_write = cache_write + excluded.cache_write, output = output + excluded.output,"
      " reasoning = reasoning + excluded.reasoning, nano_money = nano_money + excluded.nano_money,"
      " micro_wh_low = micro_wh_low + excluded.micro_wh_low,"
      " micro_wh_high = micro_wh_high + excluded.micro_wh_high, called = called + excluded.called");
  for (const auto& [key, sum] : sums_) {
    const auto day = rfc3339(key.day * day_ms).substr(0, 10);
    const auto model = words.text(key.model);
    const auto add = [&](const std::string& scope) {
      insert.bind_all(std::string_view(day), std::string_view(scope), std::string_view(model), sum.requests,
                      sum.errors, sum.input, sum.cached_input, sum.cache_write, sum.output, sum.reasoning,
                      sum.nano_money, sum.micro_wh_low, sum.micro_wh_high, sum.called);
      insert.run();
      insert.reset();
    };
    if (key.person) add("person:" + words.text(key.person));
    if (key.key) add("key:" + words.text(key.key));
    const auto groups = words.text(key.groups);
    for (const auto group : split(groups, ' '))
      if (!group.empty()) add("group:" + std::string(group));
    if (key.assistant) add("assistant:" + words.text(key.assistant));
    if (key.model) add("model:" + model);
    add("organisation");
  }
}

void UsageSums::clear() { sums_.clear(); }

}  // namespace bastide::storage
