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

unsigned char lower(char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c); }

std::size_t bucket_of(unsigned char first, unsigned char second) { return (first * 67U + second) & 4095U; }

bool begins_here(std::string_view text, std::size_t at, std::string_view anchor) {
  if (text.size() - at < anchor.size()) return false;
  for (std::size_t i = 0; i < anchor.size(); ++i)
    if (lower(text[at + i]) != static_cast<unsigned char>(anchor[i])) return false;
  return true;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

struct Patterns::Compiled {
  Compiled(const char* pattern, const RE2::Options& options) : regex(pattern, options) {}
  RE2 regex;
};

Patterns::Patterns(std::span<const Rule> rules) : rules_(rules) {
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
      auto first = static_cast<unsigned char>(anchor[0]);
      if (anchor.size() == 1)
        by_byte_[first].push_back({anchor, index});
      else
        by_pair_[bucket_of(first, static_cast<unsigned char>(anchor[1]))].push_back({anchor, index});
    }
  }
}

Patterns::~Patterns() = default;

void Patterns::find(Scan& scan) const {
  // Per rule, the byte up to which it has matched.
  std::vector<std::size_t> done(rules_.size(), 0);
  find_anchors(scan, done);
  find_words(scan, done);
}

void Patterns::find_anchors(Scan& scan, std::vector<std::size_t>& done) const {
  auto text = scan.text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto first = lower(text[at]);
    for (const auto& anchor : by_byte_[first]) try_rule(scan, anchor.rule, at, done);
    if (at + 1 >= text.size()) break;
    for (const auto& anchor : by_pair_[bucket_of(first, lower(text[at + 1]))])
      if (begins_here(text, at, anchor.text)) try_rule(scan, anchor.rule, at, done);
  }
}

void Patterns::find_words(Scan& scan, std::vector<std::size_t>& done) const {
  auto all = [&](Start start, std::size_t at) {
    for (auto rule : by_start_[static_cast<std::size_t>(start)]) try_rule(scan, rule, at, done);
  };
  for (std::size_t i = 0; i < scan.tokens.size(); ++i) {
    const auto& token = scan.tokens[i];
    auto size = token.end - token.begin;
    bool number = digit(scan.text[token.begin]);
    bool code = token.shape == Shape::code;
    if (number) all(Start::number, token.begin);
    if (!number && (size == 2 || (code && size >= 2))) all(Start::two_letters, token.begin);
    if (number || code || token.shape == Shape::upper || token.shape == Shape::initial ||
        token.shape == Shape::mixed || (token.shape == Shape::lower && size == 16))
      all(Start::code, token.begin);
    if ((token.kinds & word::month) != 0) all(Start::month, token.begin);
    all(Start::any, token.begin);
  }
}

void Patterns::try_rule(Scan& scan, std::size_t rule, std::size_t at, std::vector<std::size_t>& done) const {
  if (at < done[rule]) return;
  const auto& row = rules_[rule];
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
  done[rule] = std::max(span.end, at + found.size());
  scan.add(row.type, span.begin, span.end, score, row.id);
}

}  // namespace bastide::guard
