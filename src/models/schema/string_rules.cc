#include "models/schema/string_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace bastide::models::schema {
namespace {

/// Longer ones are nobody's text.
constexpr std::uint64_t min_length_max = 100'000;
/// Characters that JSON writes as they are; DEL is left out, because many programs do not show it.
const CodeSet plain = CodeSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x7F, 0x7F}}.complement();
/// Of a notation without escapes, as far as there are others.
const CodeSet shown = CodeSet{{0, 0x8}, {0xB, 0x1F}, {0x7F, 0x7F}}.complement();
/// Where `<|"|>` ends a string, one without this letter is sure not to hold it.
const CodeSet rarest_of_quote{{'|', '|'}};
/// So long a string is still counted letter by letter beside looking for its end.
constexpr std::uint64_t counted_max = 800;

std::string gbnf(std::uint32_t c) {
  const bool is_alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
  if (c < 0x80 && is_alphanumeric) return {static_cast<char>(c)};
  if (c < 0x100) return fmt::format("\\x{:02X}", c);
  return c < 0x10000 ? fmt::format("\\u{:04X}", c) : fmt::format("\\U{:08X}", c);
}

std::string class_of(const CodeSet& set) {
  std::string out = "[";
  for (const auto& range : set.ranges()) {
    out += gbnf(range.first);
    if (range.last > range.first) out += "-" + gbnf(range.last);
  }
  return out + ']';
}

Symbol one_of(Rules& rules, const CodeSet& set) {
  std::string text = class_of(set);
  constexpr std::size_t long_text = 48;
  return text.size() > long_text ? to(rules.named(text)) : piece(std::move(text));
}

/// One character of any JSON string, escapes included.
int json_character(Rules& rules) {
  return rules.named(
      R"([ !#-\x5B\x5D-\x7E\u0080-\uD7FF\uE000-\U0010FFFF] | "\\" ( ["\\/bfnrt] | "u" ( [0-9a-cefA-CEF] [0-9a-fA-F]{3} | )"
      R"([dD] [0-7] [0-9a-fA-F]{2} | [dD] [89abAB] [0-9a-fA-F]{2} "\\u" [dD] [c-fC-F] [0-9a-fA-F]{2} ) ))");
}

/// One character of `set`, as each way to begin it.
std::vector<Symbol> characters(Rules& rules, const CodeSet& set) {
  if (rules.notation() == Notation::gemma4) {
    const auto simple = set.intersection(shown);
    return {one_of(rules, simple.empty() ? set : simple)};
  }
  if (set == CodeSet::all()) return {to(json_character(rules))};
  std::vector<Symbol> out;
  if (const auto simple = set.intersection(plain); !simple.empty()) out.push_back(one_of(rules, simple));
  static const std::map<std::uint32_t, std::string> escapes{{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"},
                                                            {'\r', "\\r"}, {'\t', "\\t"},  {'\b', "\\b"},
                                                            {'\f', "\\f"}};
  for (const auto& [c, text] : escapes)
    if (set.contains(c)) out.push_back(literal(text));
  if (out.empty())
    for (const auto& range : set.ranges())
      for (auto c = range.first; c <= range.last; ++c) out.push_back(literal(fmt::format("\\u{:04X}", c)));
  return out;
}

/// Where a state leads, classes that lead to the same put together.
std::vector<std::pair<int, CodeSet>> ways_from(const Automaton& language, std::size_t state) {
  std::vector<std::pair<int, CodeSet>> out;
  const auto& next = language.states()[state].next;
  for (std::size_t each = 0; each < next.size(); ++each) {
    if (next[each] == Automaton::none) continue;
    const auto known = std::ranges::find(out, next[each], &std::pair<int, CodeSet>::first);
    if (known == out.end())
      out.emplace_back(next[each], language.classes()[each]);
    else
      known->second.add(language.classes()[each]);
  }
  return out;
}

std::optional<Automaton> language_of(const Strings& strings, Notation notation) {
  auto out = std::optional(strings_in(notation));
  for (const auto& each : strings.languages)
    if (out) out = out->intersection(*each);
  return out;
}

/// `language` with the lengths of `strings`. A part of it where counting up to the longest would take too
/// many states; nothing where even that is too much.
std::optional<Automaton> with_lengths(const Automaton& language, const Strings& strings) {
  if (strings.min_length == 0 && !strings.max_length) return language;
  const auto span = language.span();
  auto max = strings.max_length;
  if (span.max && (!max || *max >= *span.max)) max.reset();
  if (span.min >= strings.min_length && !max) return language;
  const auto most = Automaton::states_max / std::max<std::size_t>(1, language.states().size());
  if (max) max = std::min(*max, std::max<std::uint64_t>(strings.min_length, most > 0 ? most - 1 : 0));
  const auto lengths = Automaton::lengths(strings.min_length, max);
  return lengths ? language.intersection(*lengths) : std::nullopt;
}

/// A rule for the strings of `language` and what ends them.
int ended(Rules& rules, const Automaton& language, const Symbol& end) {
  std::vector<int> names(std::max<std::size_t>(1, language.states().size()));
  for (auto& each : names) each = rules.add();
  for (std::size_t state = 0; state < language.states().size(); ++state) {
    for (const auto& [next, set] : ways_from(language, state))
      for (auto& each : characters(rules, set))
        rules.add(names[state], {std::move(each), to(names[static_cast<std::size_t>(next)])});
    if (language.states()[state].accepts) rules.add(names[state], {end});
  }
  return names.front();
}

/// Strings of which the length alone is told.
void write_lengths(Rules& rules, int rule, std::uint64_t min, std::optional<std::uint64_t> max) {
  const Symbol mark = literal(quote(rules.notation()));
  const int one = rules.notation() == Notation::json
                      ? json_character(rules)
                      : rules.named(class_of(rarest_of_quote.complement().intersection(shown)));
  Sequence alternative = rules.repeated(one, min, max);
  alternative.insert(alternative.begin(), mark);
  alternative.push_back(mark);
  rules.add(rule, std::move(alternative));
}

/// Nothing where it is too large.
std::optional<Automaton> exact_language(const Strings& strings, Notation notation) {
  const auto languages = language_of(strings, notation);
  auto out = languages ? with_lengths(*languages, strings) : std::nullopt;
  for (const auto* format : strings.formats) {
    // A format is an annotation by the standard: it gives way to what must hold.
    const auto kept = out ? out->intersection(*format) : std::nullopt;
    const auto exact = kept ? with_lengths(*kept, strings) : std::nullopt;
    if (exact && !exact->is_empty()) out = exact;
  }
  return out;
}

}  // namespace

bool are_endless(const Strings& strings) {
  // Of all characters there are many, also where one more is the last.
  if (strings.languages.empty() && strings.formats.empty())
    return !strings.max_length || *strings.max_length >= 2;
  const auto language = exact_language(strings, Notation::json);
  return language && language->is_endless();
}

void write_language(Rules& rules, int rule, const Automaton& language) {
  const Symbol mark = literal(quote(rules.notation()));
  rules.add(rule, {mark, to(ended(rules, language, mark))});
}

void write_names(Rules& rules, int rule, const Automaton& language) {
  if (rules.notation() == Notation::gemma4) {
    rules.add(rule, {to(ended(rules, language, literal(":")))});
  } else {
    const int name = rules.add();
    if (language.is_everything())
      write_lengths(rules, name, 0, std::nullopt);
    else
      write_language(rules, name, language);
    rules.add(rule, {to(name), literal(":")});
  }
}

void write_strings(Rules& rules, int rule, const Strings& strings, Refusal& refusal) {
  if (strings.min_length > min_length_max) {
    refusal.whole("a string of more than 100,000 characters cannot be asked for (\"minLength\")");
    return;
  }
  const bool are_free = strings.languages.empty() && strings.formats.empty();
  const auto longest = std::max(strings.min_length, strings.max_length.value_or(0));
  if (are_free && (rules.notation() == Notation::json || longest > counted_max)) {
    write_lengths(rules, rule, strings.min_length, strings.max_length);
    return;
  }
  const auto out = exact_language(strings, rules.notation());
  if (!out) {
    refusal.not_kept(strings.patterns_at, "pattern", "together with the others it is too large");
    return;
  }
  refusal.spend(out->states().size() * out->classes().size());
  write_language(rules, rule, *out);
}

}  // namespace bastide::models::schema
