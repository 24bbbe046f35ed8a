#include "models/schema/rules.h"

#include <algorithm>
#include <utility>

namespace bastide::models::schema {
namespace {

/// llama.cpp takes no more than 2,000 at once.
constexpr std::uint64_t times_at_once = 1000;
/// No context holds more.
constexpr std::uint64_t times_max = times_at_once * times_at_once;

std::string count_of(const Symbol& symbol) {
  if (symbol.min == 1 && symbol.max == 1) return {};
  if (symbol.min == 0 && symbol.max == 1) return "?";
  if (!symbol.max)
    return symbol.min == 0 ? "*" : symbol.min == 1 ? "+" : "{" + std::to_string(symbol.min) + ",}";
  return "{" + std::to_string(symbol.min) + "," + std::to_string(*symbol.max) + "}";
}

}  // namespace

Symbol literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else
      out += c;
  }
  return {out + '"'};
}

Symbol piece(std::string gbnf) { return {std::move(gbnf)}; }
Symbol to(int rule) { return {{}, rule}; }

int Rules::add() {
  rules_.emplace_back();
  return static_cast<int>(rules_.size()) - 1;
}

void Rules::add(int rule, Sequence alternative) {
  ++alternatives_;
  for (const auto& each : alternative)
    if (each.max) repetitions_ += *each.max - std::min(each.min, *each.max);
  for (const auto& each : alternative) bytes_ += each.rule < 0 ? each.text.size() + 1 : 8;
  if (!is_too_large()) rules_[static_cast<std::size_t>(rule)].push_back(std::move(alternative));
}

int Rules::named(const std::string& text) {
  const auto [rule, is_new] = once(text);
  if (is_new) add(rule, {piece(text)});
  return rule;
}

std::pair<int, bool> Rules::once(const std::string& name) {
  const auto [known, is_new] = named_.emplace(name, 0);
  if (is_new) known->second = add();
  return {known->second, is_new};
}

Symbol Rules::space() {
  return notation_ == Notation::json ? to(named(R"(| " " | "\n"{1,2} [ \t]{0,20})")) : piece("\"\"");
}

Sequence Rules::repeated(int rule, std::uint64_t min, std::optional<std::uint64_t> max) {
  constexpr std::uint64_t few = 16;
  if (min <= few && (!max || *max <= few)) return make_repeated(rule, min, max);
  const auto [known, is_new] = repeated_.emplace(std::tuple(rule, min, max), 0);
  if (is_new) {
    auto made = make_repeated(rule, min, max);
    known->second = add();
    add(known->second, std::move(made));
  }
  return {to(known->second)};
}

Sequence Rules::make_repeated(int rule, std::uint64_t min, std::optional<std::uint64_t> max) {
  const auto times = [](int of, std::uint64_t least, std::optional<std::uint64_t> most) {
    Symbol out = to(of);
    out.min = static_cast<std::uint32_t>(least);
    out.max = most ? std::optional(static_cast<std::uint32_t>(*most)) : std::nullopt;
    return out;
  };
  if (max) max = std::min(*max, std::max(min, times_max));
  if (max == 0) return {};
  const bool is_small = min <= times_at_once && (!max || *max <= times_at_once);
  if (is_small) return {times(rule, min, max)};
  // Whole blocks and what is left of one, so that there is one way only to count up to a number.
  const int block = add();
  add(block, {times(rule, times_at_once, times_at_once)});
  Sequence out;
  if (min / times_at_once > 0) out.push_back(times(block, min / times_at_once, min / times_at_once));
  if (min % times_at_once > 0) out.push_back(times(rule, min % times_at_once, min % times_at_once));
  if (!max) {
    out.push_back(times(rule, 0, std::nullopt));
    return out;
  }
  const auto more = *max - min;
  const auto blocks = more / times_at_once;
  const int rest = add();
  if (blocks > 0) add(rest, {times(block, 0, blocks - 1), times(rule, 0, times_at_once - 1)});
  Sequence last;
  if (blocks > 0) last.push_back(times(block, blocks, blocks));
  last.push_back(times(rule, 0, more % times_at_once));
  add(rest, std::move(last));
  out.push_back(to(rest));
  return out;
}

bool Rules::prune(int root) {
  std::vector<bool> ends(rules_.size());
  std::vector<std::vector<std::size_t>> users(rules_.size());
  for (std::size_t each = 0; each < rules_.size(); ++each)
    for (const auto& alternative : rules_[each])
      for (const auto& symbol : alternative)
        if (symbol.rule >= 0 && symbol.min > 0) users[static_cast<std::size_t>(symbol.rule)].push_back(each);
  const auto can_end = [&](const Sequence& alternative) {
    return std::ranges::all_of(alternative, [&](const Symbol& symbol) {
      return symbol.rule < 0 || symbol.min == 0 || ends[static_cast<std::size_t>(symbol.rule)];
    });
  };
  std::vector<std::size_t> todo(rules_.size());
  for (std::size_t each = 0; each < todo.size(); ++each) todo[each] = each;
  while (!todo.empty()) {
    const auto each = todo.back();
    todo.pop_back();
    if (ends[each] || !std::ranges::any_of(rules_[each], can_end)) continue;
    ends[each] = true;
    todo.insert(todo.end(), users[each].begin(), users[each].end());
  }
  for (auto& rule : rules_) {
    std::erase_if(rule, [&](const Sequence& alternative) { return !can_end(alternative); });
    for (auto& alternative : rule)
      std::erase_if(alternative, [&](const Symbol& symbol) {
        return symbol.max == 0 || (symbol.rule >= 0 && !ends[static_cast<std::size_t>(symbol.rule)]);
      });
  }
  return ends[static_cast<std::size_t>(root)];
}

std::string Rules::name(int rule, std::string_view prefix) {
  return std::string(prefix) + std::to_string(rule);
}

std::string Rules::print(int root, std::string_view prefix) const {
  std::vector<bool> is_needed(rules_.size());
  std::vector<int> todo{root};
  std::string out;
  while (!todo.empty()) {
    const auto each = todo.back();
    todo.pop_back();
    if (is_needed[static_cast<std::size_t>(each)]) continue;
    is_needed[static_cast<std::size_t>(each)] = true;
    out += name(each, prefix) + " ::= ";
    bool is_first = true;
    for (const auto& alternative : rules_[static_cast<std::size_t>(each)]) {
      if (!std::exchange(is_first, false)) out += " | ";
      if (alternative.empty()) out += "\"\"";
      for (const auto& symbol : alternative) {
        if (&symbol != &alternative.front()) out += ' ';
        out += symbol.rule < 0 ? symbol.text : name(symbol.rule, prefix);
        out += count_of(symbol);
        if (symbol.rule >= 0) todo.push_back(symbol.rule);
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace bastide::models::schema
