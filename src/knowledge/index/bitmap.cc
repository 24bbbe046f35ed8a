#include "knowledge/index/bitmap.h"

#include <roaring/roaring.h>

#include <array>
#include <new>

namespace bastide::knowledge::index {

void Bitmap::Free::operator()(roaring_bitmap_s* bitmap) const { roaring_bitmap_free(bitmap); }

Bitmap::Bitmap() : roaring_(roaring_bitmap_create()) {
  if (!roaring_) throw std::bad_alloc();
}
Bitmap::~Bitmap() = default;
Bitmap::Bitmap(Bitmap&&) noexcept = default;
Bitmap& Bitmap::operator=(Bitmap&&) noexcept = default;

void Bitmap::add(Key key) { roaring_bitmap_add(roaring_.get(), key); }

void Bitmap::add_range(Key first, Key count) {
  if (count == 0) return;
  const auto first_wide = static_cast<std::uint64_t>(first);
  roaring_bitmap_add_range(roaring_.get(), first_wide, first_wide + count);
}

void Bitmap::optimise() {
  roaring_bitmap_run_optimize(roaring_.get());
  roaring_bitmap_shrink_to_fit(roaring_.get());
}

bool Bitmap::has(Key key) const { return roaring_bitmap_contains(roaring_.get(), key); }

std::uint64_t Bitmap::size() const { return roaring_bitmap_get_cardinality(roaring_.get()); }

bool Bitmap::touches(Key first, Key count) const {
  if (count == 0) return false;
  const auto rank_before = first == 0 ? 0 : roaring_bitmap_rank(roaring_.get(), first - 1);
  return roaring_bitmap_rank(roaring_.get(), first + count - 1) > rank_before;
}

Bits Bitmap::bits() const {
  Bits out;
  if (roaring_bitmap_is_empty(roaring_.get())) return out;
  out.first = roaring_bitmap_minimum(roaring_.get()) & ~63U;
  const auto last = roaring_bitmap_maximum(roaring_.get());
  out.end = last == UINT32_MAX ? last : last + 1;
  out.words.assign((static_cast<std::size_t>(last - out.first) >> 6) + 1, 0);
  roaring_uint32_iterator_t iterator;
  roaring_init_iterator(roaring_.get(), &iterator);
  std::array<std::uint32_t, 4096> batch{};
  for (;;) {
    const auto got = roaring_read_uint32_iterator(&iterator, batch.data(), batch.size());
    for (std::uint32_t i = 0; i < got; ++i) {
      const auto at = batch[i] - out.first;
      out.words[at >> 6] |= 1ULL << (at & 63);
    }
    if (got < batch.size()) break;
  }
  return out;
}

}  // namespace bastide::knowledge::index
