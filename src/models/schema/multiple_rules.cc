#include "models/schema/multiple_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

namespace bastide::models::schema {
namespace {

using Number = unsigned long long;

constexpr std::size_t digits_max = 15;
constexpr std::size_t places_max = 9;
constexpr Number unit_max = 1'000'000'000;
constexpr std::size_t rules_max = 2000;

constexpr auto powers = [] {
  std::array<Number, digits_max + places_max + 1> out{1};
  for (std::size_t each = 1; each < 19; ++each) out[each] = out[each - 1] * 10;
  return out;
}();

/// Whole numbers that are multiples of `unit`, written with a point before the last `places` digits.
class Multiples {
 public:
  Multiples(Rules& rules, Number unit, std::size_t places) : rules_(rules), unit_(unit), places_(places) {}

  /// From `low` to `high`, as alternatives of `rule` behind `head`. False: too many rules.
  bool write(int rule, const std::string& head, Number low, Number high) {
    high = std::min(high, powers[digits_max] - 1);
    for (std::size_t size = places_ + 1; size <= digits_max; ++size) {
      const Number smallest = size == places_ + 1 ? 0 : powers[size - 1];
      const Number from = std::max(low, smallest);
      const Number to_last = std::min(high, powers[size] - 1);
      if (from > to_last) continue;
      if (!may_still_be_multiple(size, 0)) continue;
      Sequence alternative;
      if (!head.empty()) alternative.push_back(literal(head));
      alternative.push_back(to(rule_for({size, 0, from, to_last})));
      rules_.add(rule, std::move(alternative));
      if (known_.size() > rules_max) return false;
    }
    return true;
  }

 private:
  /// What is left to write: so many digits, whose value is within a range and makes a multiple of what
  /// stands.
  struct Rest {
    std::size_t size = 0;
    Number remainder = 0;  // of what stands, with zeros for what is left
    Number from = 0, last = 0;
    auto operator<=>(const Rest&) const = default;
  };

  [[nodiscard]] bool may_still_be_multiple(std::size_t size, Number remainder) const {
    return (unit_ - remainder) % unit_ <= powers[size] - 1;
  }

  int rule_for(const Rest& rest) {
    const auto [known, is_new] = known_.emplace(rest, 0);
    if (!is_new) return known->second;
    const int rule = known->second = rules_.add();
    if (known_.size() > rules_max) return rule;
    if (rest.size == 0) {
      if (rest.remainder == 0) rules_.add(rule, {});
      return rule;
    }
    const auto step = powers[rest.size - 1];
    for (Number digit = rest.from / step; digit <= std::min<Number>(9, rest.last / step); ++digit) {
      Rest next{rest.size - 1, (rest.remainder + digit * (step % unit_)) % unit_, 0, step - 1};
      if (digit == rest.from / step) next.from = rest.from % step;
      if (digit == rest.last / step) next.last = rest.last % step;
      if (!may_still_be_multiple(next.size, next.remainder)) continue;
      std::string text(1, static_cast<char>('0' + digit));
      if (rest.size == places_) text.insert(0, ".");
      rules_.add(rule, {literal(text), to(rule_for(next))});
    }
    return rule;
  }

  Rules& rules_;
  Number unit_;
  std::size_t places_;
  std::map<Rest, int> known_;
};

/// The common multiple of all, in units of ten to minus `places`. Nothing: too large.
std::optional<Number> common(const std::vector<Decimal>& multiples, std::size_t places) {
  Number out = 1;
  for (const auto& each : multiples) {
    const auto unit = each.scaled(places);
    if (!unit || *unit == 0 || *unit > unit_max) return std::nullopt;
    out = std::lcm(out, *unit);
    if (out > unit_max) return std::nullopt;
  }
  return out;
}

Number first_of(const Bound& min, std::size_t places) {
  const auto cut = min.value.scaled(places).value_or(powers[18]);
  const bool is_exact = min.value.fraction.size() <= places;
  return is_exact && !min.is_strict ? cut : cut + 1;
}

/// Nothing: there is none.
std::optional<Number> last_of(const std::optional<Bound>& max, std::size_t places) {
  if (!max) return powers[18];
  const auto cut = max->value.scaled(places).value_or(powers[18]);
  const bool is_exact = max->value.fraction.size() <= places;
  if (!is_exact || !max->is_strict) return cut;
  return cut == 0 ? std::nullopt : std::optional(cut - 1);
}

}  // namespace

void write_multiples(Rules& rules, int rule, const Numbers& numbers, Refusal& refusal) {
  std::size_t places = 0;
  for (const auto& each : numbers.multiples) places = std::max(places, each.fraction.size());
  const auto unit = places <= places_max ? common(numbers.multiples, places) : std::nullopt;
  if (!unit) {
    refusal.not_kept(numbers.multiples_at, "multipleOf", "it has too many digits");
    return;
  }
  bool fits = true;
  const auto write = [&](Number of, std::size_t behind_point) {
    Multiples multiples(rules, of, behind_point);
    const auto write_part = [&](const std::optional<Magnitudes>& part, const char* sign) {
      const auto last = part ? last_of(part->max, behind_point) : std::nullopt;
      if (last) fits = fits && multiples.write(rule, sign, first_of(part->min, behind_point), *last);
    };
    write_part(not_negative(numbers), "");
    write_part(negative(numbers), "-");
  };
  write(*unit / std::gcd(*unit, powers[places]), 0);
  if (!numbers.integers_only && places > 0) write(*unit, places);
  if (!fits)
    refusal.not_kept(numbers.multiples_at, "multipleOf", "multiples of such a number are too many to tell");
}

}  // namespace bastide::models::schema
