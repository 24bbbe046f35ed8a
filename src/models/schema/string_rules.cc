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

std::string written(std::uint32_t c) {
  const bool is_alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
  if (c < 0x80 && is_alphanumeric) return {static_cast<char>(c)};
  if (c < 0x100) return fmt::format("\\x{:02X}", c);
  return c < 0x10000 ? fmt::format("\\u{:04X}", c) : fmt::format("\\U{:08X}", c);
}

/// One character of `set`, as each way to begin it.
std::vector<Symbol> characters(Rules& rules, const CodeSet& set) {
  std::vector<Symbol> out;
  if (const auto simple = set.intersection(plain); !simple.empty()) {
    std::string text = "[";
    for (const auto& range : simple.ranges()) {
      text += written(range.first);
      if (range.last > range.first) text += "-" + written(range.last);
    }
    text += ']';
    constexpr std::size_t long_text = 48;
    out.push_back(text.size() > long_text ? to(rules.named(text)) : piece(std::move(text)));
  }
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

std::optional<Automaton> language_of(const Strings& strings) {
  auto out = std::optional(Automaton::everything());
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

}  // namespace

int character(Rules& rules) {
  return rules.named(
      R"([ !#-\x5B\x5D-\x7E\u0080-\uD7FF\uE000-\U0010FFFF] | "\\" ( ["\\/bfnrt] | "u" ( [0-9a-cefA-CEF] [0-9a-fA-F]{3} | )"
      R"([dD] [0-7] [0-9a-fA-F]{2} | [dD] [89abAB] [0-9a-fA-F]{2} "\\u" [dD] [c-fC-F] [0-9a-fA-F]{2} ) ))");
}

void write_language(Rules& rules, int rule, const Automaton& language) {
  if (language.is_empty()) return;
  std::vector<int> names(language.states().size());
  for (auto& each : names) each = rules.add();
  for (std::size_t state = 0; state < names.size(); ++state) {
    for (const auto& [next, set] : ways_from(language, state)) {
      const int then = names[static_cast<std::size_t>(next)];
      if (set == CodeSet::all()) {
        rules.add(names[state], {to(character(rules)), to(then)});
        continue;
      }
      for (auto& each : characters(rules, set)) rules.add(names[state], {std::move(each), to(then)});
    }
    if (language.states()[state].accepts) rules.add(names[state], {literal("\"")});
  }
  rules.add(rule, {literal("\""), to(names.front())});
}

void write_strings(Rules& rules, int rule, const Strings& strings, Refusal& refusal) {
  if (strings.min_length > min_length_max) {
    refusal.whole("a string of more than 100,000 characters cannot be asked for (\"minLength\")");
    return;
  }
  if (strings.languages.empty() && strings.formats.empty()) {
    Sequence alternative = rules.repeated(character(rules), strings.min_length, strings.max_length);
    alternative.insert(alternative.begin(), literal("\""));
    alternative.push_back(literal("\""));
    rules.add(rule, std::move(alternative));
    return;
  }
  const auto languages = language_of(strings);
  auto out = languages ? with_lengths(*languages, strings) : std::nullopt;
  if (!out) {
    refusal.not_kept(strings.patterns_at, "pattern", "together with the others it is too large");
    return;
  }
  for (const auto* format : strings.formats) {
    // A format is an annotation by the standard: it gives way to what must hold.
    const auto kept = out->intersection(*format);
    const auto exact = kept ? with_lengths(*kept, strings) : std::nullopt;
    if (exact && !exact->is_empty()) out = exact;
  }
  refusal.spend(out->states().size() * out->classes().size());
  write_language(rules, rule, *out);
}

}  // namespace bastide::models::schema
