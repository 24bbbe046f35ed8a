#include "guard/patterns.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.h"

namespace bastide::guard {
namespace {

constexpr std::size_t match_bytes_max = 600;
constexpr std::int64_t regex_bytes_max = 1 << 20;  // RE2's budget for one pattern's automaton

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

struct Patterns::Compiled {
  Compiled(const char* pattern, const RE2::Options& options) : regex(pattern, options) {}
  RE2 regex;
};

Patterns::Patterns(std::span<const Rule> rules) : rules_(rules) {
  std::vector<Anchors::Anchor> anchors;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& rule = rules[i];
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_longest_match(true);
    options.set_case_sensitive(rule.letters == Letters::exact);
    options.set_log_errors(false);
    options.set_max_mem(regex_bytes_max);
    compiled_.push_back(std::make_unique<Compiled>(rule.pattern, options));
    if (!compiled_.back()->regex.ok())
      throw std::logic_error(fmt::format("guard rule {}: {}", rule.id, compiled_.back()->regex.error()));
    auto index = static_cast<std::uint16_t>(i);
    by_start_[static_cast<std::size_t>(rule.start)].push_back(index);
    if (rule.start != Start::anchor) continue;
    for (auto anchor : split(rule.anchors, '~')) {
      if (anchor.empty()) throw std::logic_error(fmt::format("guard rule {} has an empty anchor", rule.id));
      anchors.push_back({anchor, index});
    }
  }
  anchors_ = std::make_unique<const Anchors>(std::move(anchors));
}

Patterns::~Patterns() = default;

void Patterns::find(Scan& scan) const {
  scan.done.assign(rules_.size(), 0);
  anchors_->find(scan.text, [&](std::uint16_t rule, std::size_t at) { try_rule(scan, rule, at); });
  find_words(scan);
}

void Patterns::find_words(Scan& scan) const {
  const auto all = [&](Start start, std::size_t at) {
    for (auto rule : by_start_[static_cast<std::size_t>(start)]) try_rule(scan, rule, at);
  };
  for (auto i : scan.notable) {
    const auto& token = scan.tokens[i];
    const auto size = token.end - token.begin;
    const bool number = digit(scan.text[token.begin]);
    const bool code = token.shape == Shape::code;
    if (number) all(Start::number, token.begin);
    if (!number && (size == 2 || (code && size >= 2))) all(Start::two_letters, token.begin);
    if (number || code || token.shape == Shape::upper || token.shape == Shape::initial ||
        token.shape == Shape::mixed || (token.shape == Shape::lower && size == 16))
      all(Start::code, token.begin);
    if ((token.kinds & word::month) != 0) all(Start::month, token.begin);
  }
  word::Kinds context = 0;
  for (auto rule : by_start_[static_cast<std::size_t>(Start::any)]) context |= rules_[rule].context;
  if ((scan.seen & context) == 0) return;
  for (const auto& token : scan.tokens) all(Start::any, token.begin);
}

void Patterns::try_rule(Scan& scan, std::size_t rule, std::size_t at) const {
  if (at < scan.done[rule]) return;
  const auto& row = rules_[rule];
  if (row.lead != nullptr && !row.lead(scan.text.data() + at)) return;
  double score = row.score;
  // Rules that need context ask for it first: it is cheaper than the pattern.
  if (row.context != 0 && (score <= 0 || row.check == nullptr)) {
    if (scan.near(row.context, at, at + 1, 6, 3)) score = row.score_in_context;
    if (score <= 0) return;
  }
  re2::StringPiece text(scan.text.data(), scan.text.size()), found;
  auto end = std::min(scan.text.size(), at + match_bytes_max);
  if (!compiled_[rule]->regex.Match(text, at, end, RE2::ANCHOR_START, &found, 1) || found.empty()) return;
  Span span{at, at + found.size()};
  if (row.edges == Edges::alone && !scan.stands_alone(span.begin, span.end)) return;
  if (row.context != 0 && scan.near(row.context, span.begin, span.end, 6, 2)) score = row.score_in_context;
  if (row.check != nullptr && !row.check(scan, span)) return;
  scan.done[rule] = std::max(span.end, at + found.size());
  scan.add(row.type, span.begin, span.end, score, row.id);
}

}  // namespace bastide::guard
