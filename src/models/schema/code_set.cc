#include "models/schema/code_set.h"

#include <algorithm>
#include <utility>

namespace bastide::models::schema {
namespace {

constexpr std::uint32_t last_code = 0x10FFFF;
constexpr CodeRange surrogates{0xD800, 0xDFFF};

}  // namespace

CodeSet::CodeSet(std::initializer_list<CodeRange> ranges) : ranges_(ranges) { tidy(); }

CodeSet CodeSet::of(std::vector<CodeRange> ranges) {
  CodeSet out;
  out.ranges_ = std::move(ranges);
  out.tidy();
  return out;
}

const CodeSet& CodeSet::all() {
  static const CodeSet out{{0, surrogates.first - 1}, {surrogates.last + 1, last_code}};
  return out;
}

void CodeSet::add(std::uint32_t first, std::uint32_t last) {
  ranges_.push_back({first, last});
  tidy();
}

void CodeSet::add(const CodeSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  tidy();
}

CodeSet CodeSet::complement() const {
  CodeSet out;
  std::uint32_t next = 0;
  for (const auto& each : ranges_) {
    if (each.first > next) out.ranges_.push_back({next, each.first - 1});
    next = each.last + 1;
  }
  if (next <= last_code) out.ranges_.push_back({next, last_code});
  return out.intersection(all());
}

CodeSet CodeSet::intersection(const CodeSet& other) const {
  CodeSet out;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const auto first = std::max(a->first, b->first);
    const auto last = std::min(a->last, b->last);
    if (first <= last) out.ranges_.push_back({first, last});
    if (a->last < b->last)
      ++a;
    else
      ++b;
  }
  return out;
}

bool CodeSet::contains(std::uint32_t c) const {
  const auto after =
      std::ranges::upper_bound(ranges_, c, {}, [](const CodeRange& each) { return each.first; });
  return after != ranges_.begin() && std::prev(after)->last >= c;
}

void CodeSet::tidy() {
  std::ranges::sort(ranges_, {}, [](const CodeRange& each) { return each.first; });
  std::vector<CodeRange> out;
  for (const auto& each : ranges_) {
    if (!out.empty() && each.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, each.last);
    else
      out.push_back(each);
  }
  ranges_ = std::move(out);
}

}  // namespace bastide::models::schema
