#include "models/schema/pattern.h"

#include <algorithm>
#include <map>
#include <utility>

#include "models/schema/regex.h"

namespace bastide::models::schema {
namespace {

constexpr std::size_t nodes_max = 20'000;
constexpr std::size_t steps_max = 1'000'000;
const std::string too_large = "it is too large";

/// An automaton with several ways on (Thompson's construction).
struct Ways {
  struct Node {
    std::vector<std::size_t> freely;
    std::vector<std::size_t> at_begin;                     // before the first character only
    std::vector<std::size_t> at_end;                       // behind the last one only
    std::vector<std::size_t> at_boundary, at_no_boundary;  // of a word
    std::optional<std::size_t> set;  // index of `sets`: a character of it leads to `next`
    std::size_t next = 0;
  };
  std::vector<Node> nodes;
  std::vector<CodeSet> sets;
  bool has_boundaries = false;
  bool is_too_large = false;

  std::size_t add() {
    if (nodes.size() >= nodes_max) is_too_large = true;
    nodes.emplace_back();
    return nodes.size() - 1;
  }
  void read(std::size_t from, const CodeSet& set, std::size_t to) {
    const auto known = std::ranges::find(sets, set);
    nodes[from].set = static_cast<std::size_t>(known - sets.begin());
    nodes[from].next = to;
    if (known == sets.end()) sets.push_back(set);
  }
  /// Where `regex` ends that begins at `from`.
  std::size_t build(const Regex& regex, std::size_t from) {
    if (is_too_large) return from;
    switch (regex.kind) {
      case Regex::Kind::set: {
        const auto first = add();
        const auto last = add();
        nodes[from].freely.push_back(first);
        read(first, regex.set, last);
        return last;
      }
      case Regex::Kind::sequence:
        for (const auto& child : regex.children) from = build(child, from);
        return from;
      case Regex::Kind::choice: {
        const auto last = add();
        for (const auto& child : regex.children) nodes[build(child, from)].freely.push_back(last);
        return last;
      }
      case Regex::Kind::repeat:
        return repeat(regex, from);
      case Regex::Kind::begin: {
        const auto last = add();
        nodes[from].at_begin.push_back(last);
        return last;
      }
      case Regex::Kind::end: {
        const auto last = add();
        nodes[from].at_end.push_back(last);
        return last;
      }
      case Regex::Kind::boundary: {
        const auto last = add();
        nodes[from].at_boundary.push_back(last);
        has_boundaries = true;
        return last;
      }
      case Regex::Kind::no_boundary: {
        const auto last = add();
        nodes[from].at_no_boundary.push_back(last);
        has_boundaries = true;
        return last;
      }
    }
    return from;
  }
  std::size_t repeat(const Regex& regex, std::size_t from) {
    const auto& child = regex.children.front();
    for (std::uint32_t each = 0; each < regex.min && !is_too_large; ++each) from = build(child, from);
    const auto last = add();
    if (!regex.max) {
      nodes[from].freely.push_back(last);
      nodes[build(child, last)].freely.push_back(last);
      return last;
    }
    for (std::uint32_t each = regex.min; each < *regex.max && !is_too_large; ++each) {
      nodes[from].freely.push_back(last);
      from = build(child, from);
    }
    nodes[from].freely.push_back(last);
    return last;
  }
};

using Places = std::vector<std::size_t>;  // in order

/// What is known of where the string stands.
struct At {
  bool is_begin = false, is_end = false;
  std::optional<bool> is_boundary;  // of a word; not known before the next character is
};

Places reachable(const Ways& ways, Places from, At at) {
  std::vector<bool> seen(ways.nodes.size());
  Places todo = std::move(from);
  Places out;
  while (!todo.empty()) {
    const auto each = todo.back();
    todo.pop_back();
    if (seen[each]) continue;
    seen[each] = true;
    out.push_back(each);
    const auto& node = ways.nodes[each];
    const auto follow = [&](const std::vector<std::size_t>& edges) {
      todo.insert(todo.end(), edges.begin(), edges.end());
    };
    follow(node.freely);
    if (at.is_begin) follow(node.at_begin);
    if (at.is_end) follow(node.at_end);
    if (at.is_boundary) follow(*at.is_boundary ? node.at_boundary : node.at_no_boundary);
  }
  std::ranges::sort(out);
  return out;
}

/// Classes of characters that no set tells apart, and for each the sets that hold it.
struct Alphabet {
  std::vector<CodeSet> classes;
  std::vector<std::vector<bool>> in_set;
};

Alphabet alphabet_of(const std::vector<CodeSet>& sets) {
  std::vector<std::uint32_t> cuts;
  for (const auto& set : sets)
    for (const auto& range : set.ranges()) {
      cuts.push_back(range.first);
      cuts.push_back(range.last + 1);
    }
  for (const auto& range : CodeSet::all().ranges()) {
    cuts.push_back(range.first);
    cuts.push_back(range.last + 1);
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::map<std::vector<bool>, std::vector<CodeRange>> grouped;
  for (std::size_t each = 0; each + 1 < cuts.size(); ++each) {
    if (!CodeSet::all().contains(cuts[each])) continue;
    std::vector<bool> in_set;
    for (const auto& set : sets) in_set.push_back(set.contains(cuts[each]));
    grouped[in_set].push_back({cuts[each], cuts[each + 1] - 1});
  }
  Alphabet out;
  for (auto& [in_set, ranges] : grouped) {
    out.classes.push_back(CodeSet::of(std::move(ranges)));
    out.in_set.push_back(in_set);
  }
  return out;
}

enum class From { anywhere, beginning };

std::expected<Automaton, std::string> automaton_of(const Regex& regex, From from) {
  Ways ways;
  const auto first = ways.add();
  if (from == From::anywhere) ways.read(first, CodeSet::all(), first);
  const auto last = ways.build(regex, first);
  if (ways.is_too_large) return std::unexpected(too_large);
  const auto found = ways.add();
  ways.nodes[last].freely.push_back(found);
  ways.read(found, CodeSet::all(), found);

  auto sets = ways.sets;
  if (ways.has_boundaries) sets.push_back(word_characters());
  const auto alphabet = alphabet_of(sets);
  struct Situation {
    Places places;
    bool is_begin = false;
    bool is_behind_word = false;
    auto operator<=>(const Situation&) const = default;
  };
  std::map<Situation, int> known;
  std::vector<Situation> todo;
  const auto name_of = [&](Situation situation) {
    // Where it is found already, nothing else matters.
    if (std::ranges::binary_search(situation.places, found)) situation = {{found}, false, false};
    const auto [entry, is_new] = known.emplace(std::move(situation), static_cast<int>(todo.size()));
    if (is_new) todo.push_back(entry->first);
    return entry->second;
  };
  name_of({reachable(ways, {first}, {true, false, {}}), true, false});
  std::vector<Automaton::State> states;
  std::size_t steps = 0;
  for (std::size_t at = 0; at < todo.size(); ++at) {
    if (todo.size() > Automaton::states_max || steps > steps_max) return std::unexpected(too_large);
    const Situation here = std::move(todo[at]);  // it is not looked at again, and the list grows
    const auto ends = reachable(ways, here.places, {here.is_begin, true, here.is_behind_word});
    Automaton::State state{std::ranges::binary_search(ends, found), {}};
    for (const auto& in_set : alphabet.in_set) {
      const bool is_word = ways.has_boundaries && in_set.back();
      Places places = here.places;
      if (ways.has_boundaries)
        places = reachable(ways, std::move(places), {here.is_begin, false, here.is_behind_word != is_word});
      Places next;
      for (const auto each : places)
        if (const auto& node = ways.nodes[each]; node.set && in_set[*node.set]) next.push_back(node.next);
      steps += places.size() + next.size() + 1;
      state.next.push_back(next.empty() ? Automaton::none
                                        : name_of({reachable(ways, std::move(next), {}), false, is_word}));
    }
    states.push_back(std::move(state));
  }
  return Automaton(alphabet.classes, std::move(states));
}

}  // namespace

std::expected<Automaton, std::string> strings_with(std::string_view pattern) {
  const auto regex = parse_regex(pattern);
  if (!regex) return std::unexpected(regex.error());
  auto out = automaton_of(regex->regex, From::anywhere);
  for (const auto& each : regex->lookaheads) {
    if (!out) break;
    auto ahead = automaton_of(each.regex, From::beginning);
    if (!ahead) return ahead;
    auto both = out->intersection(each.is_forbidden ? ahead->complement() : *ahead);
    if (!both) return std::unexpected(too_large);
    out = std::move(*both);
  }
  return out;
}

}  // namespace bastide::models::schema
