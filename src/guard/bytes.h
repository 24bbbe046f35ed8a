// Looking at many bytes at once. Texts that detectors read have `readable_slack` bytes behind them that may
// be read, so that no load needs a check.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bastide::guard::bytes {

inline constexpr std::size_t block = 32;
inline constexpr std::size_t readable_slack = 64;

inline __m256i load(const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }

/// One bit for each of 32 bytes that lies in [first, last]; both below 128.
inline std::uint32_t in_range(__m256i bytes, char first, char last) {
  const auto low = _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(static_cast<char>(first - 1)));
  const auto high = _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(last + 1)), bytes);
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_and_si256(low, high)));
}

/// First byte from `at` on that is not ASCII; text.size() when all are. Reads only within the text.
inline std::size_t ascii_end(std::string_view text, std::size_t at) {
  for (; at + block <= text.size(); at += block)
    if (auto high = static_cast<std::uint32_t>(_mm256_movemask_epi8(load(text.data() + at))))
      return at + static_cast<std::size_t>(std::countr_zero(high));
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

/// First decimal digit from `at` on; text.size() when there is none.
inline std::size_t next_digit(std::string_view text, std::size_t at) {
  for (; at < text.size(); at += block)
    if (auto digits = in_range(load(text.data() + at), '0', '9')) {
      at += static_cast<std::size_t>(std::countr_zero(digits));
      return at < text.size() ? at : text.size();
    }
  return text.size();
}

/// Of the bytes from `at` on, how many are lower-case ASCII letters; 32 at most.
inline std::size_t lower_letters(const char* at) {
  return static_cast<std::size_t>(std::countr_one(in_range(load(at), 'a', 'z')));
}

}  // namespace bastide::guard::bytes
