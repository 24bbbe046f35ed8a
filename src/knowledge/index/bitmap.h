// Sets of passage keys: what an asker may read.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

struct roaring_bitmap_s;

namespace bastide::knowledge::index {

/// Passages in the index are named by 32 bits; stores refuse beyond.
using Key = std::uint32_t;

/// A set as plain bits from `first` on: for inner loops.
struct Bits {
  Key first = 0;
  Key end = 0;  // one past the last possible
  std::vector<std::uint64_t> words;
  [[nodiscard]] bool has(Key key) const {
    if (key < first || key >= end) return false;
    const auto at = key - first;
    return (words[at >> 6] >> (at & 63)) & 1;
  }
};

/// Compressed (Roaring). Immutable use from many threads is safe.
class Bitmap {
 public:
  Bitmap();
  ~Bitmap();
  Bitmap(Bitmap&&) noexcept;
  Bitmap& operator=(Bitmap&&) noexcept;

  void add(Key key);
  void add_range(Key first, Key count);
  /// Call once after filling: runs become runs.
  void optimise();
  [[nodiscard]] bool has(Key key) const;
  [[nodiscard]] std::uint64_t size() const;
  /// Whether any key of [first, first + count) is in it.
  [[nodiscard]] bool touches(Key first, Key count) const;
  [[nodiscard]] Bits bits() const;

 private:
  struct Free {
    void operator()(roaring_bitmap_s* bitmap) const;
  };
  std::unique_ptr<roaring_bitmap_s, Free> roaring_;
};

}  // namespace bastide::knowledge::index
