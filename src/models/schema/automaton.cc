#include "models/schema/automaton.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <map>
#include <utility>

namespace bastide::models::schema {

std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < text.size();) {
    std::int32_t c = 0;
    U8_NEXT(text.data(), at, text.size(), c);
    out.push_back(c < 0 ? 0xFFFD : static_cast<std::uint32_t>(c));
  }
  return out;
}

Automaton::Automaton(std::vector<CodeSet> classes, std::vector<State> states)
    : classes_(std::move(classes)), states_(std::move(states)) {
  trim();
}

Automaton Automaton::everything() { return {{CodeSet::all()}, {{true, {0}}}}; }

std::optional<Automaton> Automaton::lengths(std::uint64_t min, std::optional<std::uint64_t> max) {
  const auto last = max.value_or(min);
  if (last >= states_max) return std::nullopt;
  std::vector<State> states;
  for (std::uint64_t size = 0; size <= last; ++size) {
    const int next = size < last ? static_cast<int>(size) + 1 : max ? none : static_cast<int>(size);
    states.push_back({size >= min && (!max || size <= *max), {next}});
  }
  return Automaton({CodeSet::all()}, std::move(states));
}

std::optional<Automaton> Automaton::literals(std::span<const std::string> texts) {
  std::map<std::uint32_t, int> class_of;
  std::vector<std::vector<std::uint32_t>> words;
  for (const auto& text : texts) {
    words.push_back(code_points(text));
    for (const auto c : words.back()) class_of.emplace(c, 0);
  }
  std::vector<CodeSet> classes;
  for (auto& [c, index] : class_of) {
    index = static_cast<int>(classes.size());
    classes.push_back(CodeSet{{c, c}});
  }
  std::vector<State> states{{false, std::vector<int>(classes.size(), none)}};
  for (const auto& word : words) {
    std::size_t at = 0;
    for (const auto c : word) {
      auto next = states[at].next[static_cast<std::size_t>(class_of[c])];
      if (next == none) {
        if (states.size() >= states_max) return std::nullopt;
        next = static_cast<int>(states.size());
        states[at].next[static_cast<std::size_t>(class_of[c])] = next;
        states.push_back({false, std::vector<int>(classes.size(), none)});
      }
      at = static_cast<std::size_t>(next);
    }
    states[at].accepts = true;
  }
  return Automaton(std::move(classes), std::move(states));
}

Automaton Automaton::complement() const {
  auto classes = classes_;
  CodeSet rest;
  for (const auto& each : classes_) rest.add(each);
  rest = rest.complement();
  if (!rest.empty()) classes.push_back(rest);
  auto states = states_;
  const auto sink = static_cast<int>(states.size());
  states.push_back({false, {}});
  for (auto& state : states) {
    state.accepts = !state.accepts;
    state.next.resize(classes.size(), none);
    for (auto& next : state.next)
      if (next == none) next = sink;
  }
  return {std::move(classes), std::move(states)};
}

std::optional<Automaton> Automaton::intersection(const Automaton& other) const {
  if (is_empty() || other.is_empty()) return Automaton({}, {});
  struct Both {
    std::size_t a, b;
  };
  std::vector<Both> pairs;
  std::vector<CodeSet> classes;
  for (std::size_t a = 0; a < classes_.size(); ++a)
    for (std::size_t b = 0; b < other.classes_.size(); ++b)
      if (auto common = classes_[a].intersection(other.classes_[b]); !common.empty()) {
        pairs.push_back({a, b});
        classes.push_back(std::move(common));
      }
  std::map<std::pair<int, int>, int> known{{{0, 0}, 0}};
  std::vector<std::pair<int, int>> todo{{0, 0}};
  std::vector<State> states;
  for (std::size_t at = 0; at < todo.size(); ++at) {
    const auto& a = states_[static_cast<std::size_t>(todo[at].first)];
    const auto& b = other.states_[static_cast<std::size_t>(todo[at].second)];
    State state{a.accepts && b.accepts, {}};
    for (const auto& pair : pairs) {
      const std::pair next{a.next[pair.a], b.next[pair.b]};
      if (next.first == none || next.second == none) {
        state.next.push_back(none);
        continue;
      }
      const auto [found, is_new] = known.emplace(next, static_cast<int>(todo.size()));
      if (is_new) todo.push_back(next);
      state.next.push_back(found->second);
    }
    if (todo.size() > states_max) return std::nullopt;
    states.push_back(std::move(state));
  }
  return Automaton(std::move(classes), std::move(states));
}

bool Automaton::accepts(std::string_view text) const {
  if (is_empty()) return false;
  int at = 0;
  for (const auto c : code_points(text)) {
    const auto found = std::ranges::find_if(classes_, [c](const CodeSet& each) { return each.contains(c); });
    if (found == classes_.end()) return false;
    at = states_[static_cast<std::size_t>(at)].next[static_cast<std::size_t>(found - classes_.begin())];
    if (at == none) return false;
  }
  return states_[static_cast<std::size_t>(at)].accepts;
}

bool Automaton::is_endless() const {
  // Where each state leads on, each leads on for ever, and all lead to an end.
  return !is_empty() && std::ranges::all_of(states_, [](const State& state) {
    return std::ranges::any_of(state.next, [](int next) { return next != none; });
  });
}

bool Automaton::is_everything() const { return complement().is_empty(); }

Automaton::Span Automaton::span() const {
  Span out;
  if (is_empty()) return out;
  // Breadth first: the depth at which a state accepts is the shortest; one that is met at a depth beyond the
  // number of states lies on a cycle.
  std::vector<bool> now(states_.size());
  now[0] = true;
  bool found = false;
  for (std::uint64_t depth = 0; depth <= states_.size(); ++depth) {
    std::vector<bool> then(states_.size());
    bool any = false;
    for (std::size_t each = 0; each < states_.size(); ++each) {
      if (!now[each]) continue;
      any = true;
      if (states_[each].accepts) {
        if (!std::exchange(found, true)) out.min = depth;
        out.max = depth;
      }
      for (const auto next : states_[each].next)
        if (next != none) then[static_cast<std::size_t>(next)] = true;
    }
    if (!any) return out;
    now = std::move(then);
  }
  out.max.reset();
  return out;
}

/// Without states from which nothing is accepted, or that nothing reaches.
void Automaton::trim() {
  std::vector<bool> lives(states_.size());
  std::vector<std::vector<std::size_t>> before(states_.size());
  std::vector<std::size_t> todo;
  for (std::size_t each = 0; each < states_.size(); ++each) {
    for (const auto next : states_[each].next)
      if (next != none) before[static_cast<std::size_t>(next)].push_back(each);
    if (states_[each].accepts) todo.push_back(each);
  }
  while (!todo.empty()) {
    const auto each = todo.back();
    todo.pop_back();
    if (lives[each]) continue;
    lives[each] = true;
    todo.insert(todo.end(), before[each].begin(), before[each].end());
  }
  if (states_.empty() || !lives[0]) {
    states_.clear();
    return;
  }
  std::vector<int> name(states_.size(), none);
  std::vector<std::size_t> order{0};
  name[0] = 0;
  for (std::size_t at = 0; at < order.size(); ++at)
    for (auto& next : states_[order[at]].next) {
      if (next == none) continue;
      if (!lives[static_cast<std::size_t>(next)]) {
        next = none;
        continue;
      }
      auto& known = name[static_cast<std::size_t>(next)];
      if (known == none) {
        known = static_cast<int>(order.size());
        order.push_back(static_cast<std::size_t>(next));
      }
      next = known;
    }
  std::vector<State> kept;
  kept.reserve(order.size());
  for (const auto each : order) kept.push_back(std::move(states_[each]));
  states_ = std::move(kept);
}

}  // namespace bastide::models::schema
