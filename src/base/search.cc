#include "base/search.h"

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <cstring>

namespace bastide {

// Candidates are places where the needle's first and last byte stand at the right distance, 32 at a time (W.
// Mula, "SIMD-friendly algorithms for substring searching", the generic version).
std::size_t find_bytes(std::string_view hay, std::string_view needle) {
  constexpr std::size_t step = 32;
  const auto size = needle.size();
  if (size < 2 || hay.size() < size + step) return hay.find(needle);
  const auto first = _mm256_set1_epi8(needle.front());
  const auto last = _mm256_set1_epi8(needle.back());
  std::size_t at = 0;
  for (; at + size - 1 + step <= hay.size(); at += step) {
    const auto heads = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(hay.data() + at));
    const auto tails = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(hay.data() + at + size - 1));
    const auto both = _mm256_and_si256(_mm256_cmpeq_epi8(heads, first), _mm256_cmpeq_epi8(tails, last));
    for (auto mask = static_cast<std::uint32_t>(_mm256_movemask_epi8(both)); mask != 0; mask &= mask - 1) {
      const auto here = at + static_cast<std::size_t>(std::countr_zero(mask));
      if (std::memcmp(hay.data() + here + 1, needle.data() + 1, size - 2) == 0) return here;
    }
  }
  return hay.find(needle, at);
}

}  // namespace bastide
