#include "models/schema/number_rules.h"

#include <algorithm>
#include <initializer_list>

#include "models/schema/multiple_rules.h"

namespace bastide::models::schema {
namespace {

constexpr std::size_t integer_digits_max = 18;
/// So many significant digits a double tells apart.
constexpr std::size_t decimal_digits_max = 15;

using Text = std::optional<std::string>;  // GBNF; empty: nothing to write; none: impossible

Text either(std::initializer_list<Text> alternatives) {
  std::string out;
  std::size_t count = 0;
  for (const auto& each : alternatives) {
    if (!each) continue;
    if (count++ > 0) out += " | ";
    out += each->empty() ? "\"\"" : *each;
  }
  if (count == 0) return std::nullopt;
  return count == 1 ? (out == "\"\"" ? "" : out) : "( " + out + " )";
}

Text behind(std::string head, const Text& tail) {
  if (!tail) return std::nullopt;
  return tail->empty() ? head : head + " " + *tail;
}

std::string digits(char from, char to) {
  return from == to ? std::string("\"") + from + "\"" : std::string("[") + from + "-" + to + "]";
}

std::string any_digits(std::size_t min, std::size_t max) {
  return max == 0 ? "" : "[0-9]{" + std::to_string(min) + "," + std::to_string(max) + "}";
}

std::string text(const std::string& literal) { return "\"" + literal + "\""; }

/// Digits from `low` to `high`, which are as many.
std::string same_size(const std::string& low, const std::string& high) {
  if (low.empty()) return "";
  const auto rest = low.size() - 1;
  const std::string zeros(rest, '0');
  const std::string nines(rest, '9');
  const bool is_all = low.substr(1) == zeros && high.substr(1) == nines;
  if (low[0] == high[0] || is_all) {
    const auto head = digits(low[0], high[0]);
    return *behind(head, is_all ? any_digits(rest, rest) : same_size(low.substr(1), high.substr(1)));
  }
  Text middle;
  if (low[0] + 1 < high[0])
    middle =
        behind(digits(static_cast<char>(low[0] + 1), static_cast<char>(high[0] - 1)), any_digits(rest, rest));
  return *either({behind(digits(low[0], low[0]), same_size(low.substr(1), nines)), middle,
                  behind(digits(high[0], high[0]), same_size(zeros, high.substr(1)))});
}

/// Whole numbers from `low` to `high`, digits without zeros ahead.
Text whole_numbers(std::string low, const std::string& high) {
  if (compare_digits(low, high) > 0) return std::nullopt;
  Text zero;
  if (low == "0") {
    zero = text("0");
    low = "1";
    if (high == "0") return zero;
  }
  if (low.size() == high.size()) return either({zero, same_size(low, high)});
  Text middle;
  if (low.size() + 1 < high.size()) middle = "[1-9] " + any_digits(low.size(), high.size() - 2);
  return either({zero, same_size(low, std::string(low.size(), '9')), middle,
                 same_size("1" + std::string(high.size() - 1, '0'), high)});
}

// Fractions below: bounds are digits behind the point, without zeros at the end; `places` how many may be
// written.

Text above_zero(std::size_t places) {
  if (places == 0) return std::nullopt;
  const auto behind_it = (places - 1) / 2;
  const auto zeros = places - 1 - behind_it;
  std::string out = zeros > 0 ? "\"0\"{0," + std::to_string(zeros) + "} [1-9]" : "[1-9]";
  return behind(std::move(out), any_digits(0, behind_it));
}

// "more" is one digit at least, "rest" may be none.

Text more_from(const std::string& bound, bool is_strict, std::size_t places);

Text rest_from(const std::string& bound, bool is_strict, std::size_t places) {
  if (bound.empty() && !is_strict) return any_digits(0, places);
  return more_from(bound, is_strict, places);
}

Text more_from(const std::string& bound, bool is_strict, std::size_t places) {
  if (places == 0) return std::nullopt;
  if (bound.empty()) return is_strict ? above_zero(places) : any_digits(1, places);
  Text above;
  if (bound[0] < '9') above = behind(digits(static_cast<char>(bound[0] + 1), '9'), any_digits(0, places - 1));
  return either(
      {behind(digits(bound[0], bound[0]), rest_from(bound.substr(1), is_strict, places - 1)), above});
}

Text more_to(const std::string& bound, bool is_strict, std::size_t places);

Text rest_to(const std::string& bound, bool is_strict, std::size_t places) {
  if (bound.empty()) return is_strict ? Text() : Text("");
  return either({"", more_to(bound, is_strict, places)});
}

Text more_to(const std::string& bound, bool is_strict, std::size_t places) {
  if (places == 0 || bound.empty()) return std::nullopt;
  Text below;
  if (bound[0] > '0') below = behind(digits('0', static_cast<char>(bound[0] - 1)), any_digits(0, places - 1));
  return either({below, behind(digits(bound[0], bound[0]), rest_to(bound.substr(1), is_strict, places - 1))});
}

struct Fractions {
  std::string from, to;
  bool is_from_strict = false, is_to_strict = false;
};

Text more_between(const Fractions& bounds, std::size_t places);

Text rest_between(const Fractions& bounds, std::size_t places) {
  const bool may_end = bounds.from.empty() && !bounds.is_from_strict;
  if (bounds.to.empty()) return may_end && !bounds.is_to_strict ? Text("") : Text();
  return either({may_end ? Text("") : Text(), more_between(bounds, places)});
}

Text more_between(const Fractions& bounds, std::size_t places) {
  if (places == 0 || bounds.to.empty()) return std::nullopt;
  Fractions rest = bounds;
  const char first = rest.from.empty() ? '0' : rest.from[0];
  const char last = rest.to[0];
  rest.from.erase(0, 1);
  rest.to.erase(0, 1);
  if (first == last) return behind(digits(first, first), rest_between(rest, places - 1));
  Text middle;
  if (first + 1 < last)
    middle =
        behind(digits(static_cast<char>(first + 1), static_cast<char>(last - 1)), any_digits(0, places - 1));
  return either({behind(digits(first, first), rest_from(rest.from, rest.is_from_strict, places - 1)), middle,
                 behind(digits(last, last), rest_to(rest.to, rest.is_to_strict, places - 1))});
}

/// A point before the digits, where there are any.
Text pointed(const Text& fraction, bool may_be_none) {
  Text out;
  if (fraction) out = "\".\" " + *fraction;
  return either({may_be_none ? Text("") : Text(), out});
}

std::size_t places_behind(const std::string& whole) {
  return whole.size() < decimal_digits_max ? decimal_digits_max - whole.size() : 0;
}

/// A bound with no more digits than are written, inwards.
Bound rounded(Bound bound, bool is_min) {
  const auto places = places_behind(bound.value.whole);
  if (bound.value.fraction.size() <= places) return bound;
  std::string all = bound.value.whole + bound.value.fraction.substr(0, places);
  if (is_min) all = digits_plus_one(all);
  bound.value.whole = all.substr(0, all.size() - places);
  bound.value.fraction = all.substr(all.size() - places);
  bound.value.fraction.resize(bound.value.fraction.find_last_not_of('0') + 1);
  bound.is_strict = false;
  return bound;
}

/// From `min`, not negative, on.
Text decimals(Bound min, std::optional<Bound> max) {
  min = rounded(min, true);
  if (max) max = rounded(*max, false);
  const auto& low = min.value;
  if (low.whole.size() > decimal_digits_max) return std::nullopt;
  if (max && low > max->value) return std::nullopt;
  const auto places = places_behind(low.whole);
  if (max && low.whole == max->value.whole) {
    const auto fraction =
        more_between({low.fraction, max->value.fraction, min.is_strict, max->is_strict}, places);
    const bool may_be_none =
        low.fraction.empty() && !min.is_strict && (!max->value.fraction.empty() || !max->is_strict);
    return behind(text(low.whole), pointed(fraction, may_be_none));
  }
  const bool is_whole = low.fraction.empty() && !min.is_strict;
  const auto first =
      behind(text(low.whole), pointed(more_from(low.fraction, min.is_strict, places), is_whole));
  const std::string nines(decimal_digits_max, '9');
  const bool is_bounded = max && max->value.whole.size() <= decimal_digits_max;
  const auto middle_last = is_bounded ? digits_minus_one(max->value.whole) : nines;
  const auto wholes = whole_numbers(digits_plus_one(low.whole), middle_last);
  Text middle;
  if (wholes) middle = *wholes + " ( \".\" " + any_digits(1, decimal_digits_max) + " )?";
  Text last;
  if (is_bounded) {
    const auto& high = max->value;
    const bool may_be_none = !high.fraction.empty() || !max->is_strict;
    last = behind(text(high.whole),
                  pointed(more_to(high.fraction, max->is_strict, places_behind(high.whole)), may_be_none));
  }
  return either({first, middle, last});
}

/// The first whole number within, without its sign; of not negative bounds.
std::string first_whole(const Bound& min) {
  const bool is_itself = min.value.fraction.empty() && !min.is_strict;
  return is_itself ? min.value.whole : digits_plus_one(min.value.whole);
}

std::optional<std::string> last_whole(const Bound& max) {
  if (!max.value.fraction.empty() || !max.is_strict) return max.value.whole;
  return max.value.whole == "0" ? std::nullopt : std::optional(digits_minus_one(max.value.whole));
}

Text integers(const Bound& min, const std::optional<Bound>& max) {
  std::string high(integer_digits_max, '9');
  if (max) {
    const auto last = last_whole(*max);
    if (!last) return std::nullopt;
    if (compare_digits(*last, high) < 0) high = *last;
  }
  return whole_numbers(first_whole(min), high);
}

Bound negated(const Bound& bound) { return {bound.value.negated(), bound.is_strict}; }

}  // namespace

std::optional<Magnitudes> not_negative(const Numbers& numbers) {
  const Bound zero{};
  if (numbers.max &&
      (numbers.max->value.is_negative || (numbers.max->value.is_zero() && numbers.max->is_strict)))
    return std::nullopt;
  const bool is_above = numbers.min && !numbers.min->value.is_negative;
  return Magnitudes{is_above ? *numbers.min : zero, numbers.max};
}

std::optional<Magnitudes> negative(const Numbers& numbers) {
  Numbers mirrored;
  if (numbers.max) mirrored.min = negated(*numbers.max);
  if (numbers.min) mirrored.max = negated(*numbers.min);
  auto out = not_negative(mirrored);
  if (out && out->min.value.is_zero()) out->min.is_strict = true;  // -0 is written as 0
  if (out && out->max && out->max->value.is_zero()) return std::nullopt;
  return out;
}

bool are_endless(const Numbers& numbers) {
  return !numbers.max && numbers.multiples.empty() && (!numbers.min || !numbers.min->value.is_negative);
}

std::optional<std::vector<std::int64_t>> few_integers(const Numbers& numbers, std::int64_t apart_max) {
  constexpr std::size_t digits_max = 15;
  const auto is_known = [](const std::optional<Bound>& bound) {
    return bound && bound->value.whole.size() <= digits_max;
  };
  if (!numbers.integers_only || !is_known(numbers.min) || !is_known(numbers.max)) return std::nullopt;
  // Cut towards zero: what is outside is left out below.
  const auto cut = [](const Decimal& value) {
    const std::int64_t size = std::stoll(value.whole);
    return value.is_negative ? -size : size;
  };
  const auto first = cut(numbers.min->value), last = cut(numbers.max->value);
  if (last - first > apart_max) return std::nullopt;
  std::vector<std::int64_t> out;
  for (auto each = first; each <= last; ++each)
    if (contains(numbers, *Decimal::of(Json(each)))) out.push_back(each);
  return out;
}

void write_numbers(Rules& rules, int rule, const Numbers& numbers, Refusal& refusal) {
  if (is_empty(numbers)) return;
  if (!numbers.multiples.empty()) {
    write_multiples(rules, rule, numbers, refusal);
    return;
  }
  if (!numbers.min && !numbers.max) {
    rules.add(
        rule,
        {to(rules.named(
            numbers.integers_only
                ? R"("0" | "-"? [1-9] [0-9]{0,17})"
                : R"("-"? ( "0" | [1-9] [0-9]{0,15} ) ( "." [0-9]{1,16} )? ( [eE] [-+]? [0-9]{1,2} )?)"))});
    return;
  }
  const auto written = [&](const Magnitudes& each) {
    return numbers.integers_only ? integers(each.min, each.max) : decimals(each.min, each.max);
  };
  if (const auto part = not_negative(numbers))
    if (const auto out = written(*part)) rules.add(rule, {piece(*out)});
  if (const auto part = negative(numbers))
    if (const auto out = written(*part)) rules.add(rule, {piece("\"-\" " + *out)});
}

}  // namespace bastide::models::schema
