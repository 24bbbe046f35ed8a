// Where in a text any of some dozens of short literals stands, in any case: one pass, 32 bytes at a time.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "guard/bytes.h"

namespace bastide::guard {

/// Immutable after construction; thread-safe. Literals are grouped in eight; tables of their first four
/// bytes' nibbles tell, for 32 places at once, which groups may begin there (after Hyperscan's "Teddy"). Few
/// places are left, and those are compared.
class Anchors {
 public:
  struct Anchor {
    std::string_view text;  // lower case, of static life
    std::uint16_t tag = 0;  // the caller's
  };
  explicit Anchors(std::vector<Anchor> anchors);

  /// Calls `found(tag, at)` for each anchor at each byte where it stands, in the order of the text.
  /// bytes::readable_slack bytes behind `text` may be read.
  template <class F>
  void find(std::string_view text, F&& found) const {
    for (std::size_t at = 0; at < text.size(); at += bytes::block)
      for (auto mask = candidates(text.data() + at); mask != 0; mask &= mask - 1) {
        const auto here = at + static_cast<std::size_t>(std::countr_zero(mask));
        if (here >= text.size()) return;
        const auto try_chain = [&](std::uint16_t index) {
          for (; index != none; index = anchors_[index].next)
            if (begins(text, here, anchors_[index].anchor.text)) found(anchors_[index].anchor.tag, here);
        };
        try_chain(first_[bucket_of(text.data() + here)]);
        if (begins_short_[static_cast<unsigned char>(text[here])]) try_chain(short_first_);
      }
  }

 private:
  static constexpr std::size_t groups = 8;
  static constexpr std::size_t depth = 4;  // bytes of an anchor that the tables look at
  static constexpr std::uint16_t none = 0xFFFF;
  static constexpr unsigned bucket_bits = 10;
  struct Node {
    Anchor anchor;
    std::uint16_t next = none;
  };

  [[nodiscard]] static unsigned char lower(char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  // By the first three bytes, of which the bit that tells the case of letters is left out.
  [[nodiscard]] static std::size_t bucket_of(const char* at) {
    std::uint32_t four = 0;
    std::memcpy(&four, at, sizeof four);
    return (((four | 0x202020U) & 0xFFFFFFU) * 0x9E3779B1U) >> (32U - bucket_bits);
  }
  [[nodiscard]] static bool begins(std::string_view text, std::size_t at, std::string_view anchor) {
    if (text.size() - at < anchor.size()) return false;
    for (std::size_t i = 0; i < anchor.size(); ++i)
      if (lower(text[at + i]) != static_cast<unsigned char>(anchor[i])) return false;
    return true;
  }
  [[nodiscard]] std::uint32_t candidates(const char* at) const {
    const auto nibble = _mm256_set1_epi8(0x0F);
    auto groups_left = _mm256_set1_epi8(-1);
    for (std::size_t i = 0; i < depth; ++i) {
      const auto bytes = bytes::load(at + i);
      const auto low = _mm256_shuffle_epi8(table(low_[i]), _mm256_and_si256(bytes, nibble));
      const auto high =
          _mm256_shuffle_epi8(table(high_[i]), _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
      groups_left = _mm256_and_si256(groups_left, _mm256_and_si256(low, high));
    }
    const auto no = _mm256_cmpeq_epi8(groups_left, _mm256_setzero_si256());
    return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(no));
  }
  using Nibbles = std::array<std::uint8_t, 16>;  // for each nibble, the groups that may have it
  static __m256i table(const Nibbles& nibbles) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(nibbles.data())));
  }

  std::vector<Node> anchors_;
  std::array<std::uint16_t, std::size_t{1} << bucket_bits> first_;  // chains by the first three bytes
  std::uint16_t short_first_ = none;  // the chain of anchors of one or two bytes
  std::array<bool, 256> begins_short_{};
  std::array<Nibbles, depth> low_{}, high_{};
};

}  // namespace bastide::guard
