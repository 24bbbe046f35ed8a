// Inverted lists of consecutive blocks, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "knowledge/index/bitmap.h"

namespace bastide::knowledge::index::detail {

/// Terms by rising hash; the postings of term i are [offsets[i], offsets[i + 1]), by rising key.
struct Segment {
  std::vector<std::uint64_t> terms;
  std::vector<std::uint32_t> offsets;
  std::vector<Key> keys;
  std::vector<std::uint8_t> frequencies;
  Key first = 0;
  std::vector<std::uint16_t> lengths;  // of passage first + i in terms; 0 where there is none

  [[nodiscard]] Key end() const { return first + static_cast<Key>(lengths.size()); }
  [[nodiscard]] std::size_t memory_bytes() const;
};

struct Postings {
  std::uint64_t term;
  std::vector<std::uint32_t> passages;
  std::vector<std::uint8_t> frequencies;
};

/// The stored form: counts, lengths, then per term its hash and its postings, in variable-length numbers.
[[nodiscard]] std::string write_block(const std::vector<std::uint32_t>& lengths,
                                      const std::vector<Postings>& postings);
/// Code::corrupt when `bytes` are not of `count` passages. Never allocates more than a small multiple of
/// `bytes`.
[[nodiscard]] Result<std::shared_ptr<const Segment>> read_block(Key first, Key count, std::string_view bytes);
/// `a` ends before `b` begins.
[[nodiscard]] std::shared_ptr<const Segment> merge(const Segment& a, const Segment& b);

}  // namespace bastide::knowledge::index::detail
