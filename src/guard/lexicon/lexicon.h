// Lexicon: what is known of a word, in one lookup.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::guard {

/// Kinds of words, as bits.
namespace word {
using Kinds = std::uint64_t;
inline constexpr Kinds masculine = 1ULL << 0, feminine = 1ULL << 1, ambiguous_name = 1ULL << 2,
                       surname = 1ULL << 3;
inline constexpr Kinds country = 1ULL << 4, region = 1ULL << 5, town = 1ULL << 6, place_start = 1ULL << 7;
inline constexpr Kinds title_m = 1ULL << 8, title_f = 1ULL << 9, title_any = 1ULL << 10, role = 1ULL << 11;
inline constexpr Kinds particle = 1ULL << 12, common = 1ULL << 13, month = 1ULL << 14, weekday = 1ULL << 15;
inline constexpr Kinds way_fr = 1ULL << 16, way_en = 1ULL << 17, way_abroad = 1ULL << 18,
                       unit_en = 1ULL << 19;
inline constexpr Kinds company_form = 1ULL << 20, organisation_head = 1ULL << 21, organisation = 1ULL << 22;
inline constexpr Kinds phone = 1ULL << 23, card = 1ULL << 24, company = 1ULL << 25, nir = 1ULL << 26,
                       birth = 1ULL << 27;
inline constexpr Kinds passport = 1ULL << 28, plate = 1ULL << 29, vat = 1ULL << 30, identity = 1ULL << 31;
inline constexpr Kinds bic = 1ULL << 32, home = 1ULL << 33, secret = 1ULL << 34;
inline constexpr Kinds person_noun = 1ULL << 35, person_verb = 1ULL << 36, greeting = 1ULL << 37,
                       closing = 1ULL << 38;
inline constexpr Kinds field = 1ULL << 39;
inline constexpr Kinds introduction = 1ULL << 40,  // "is" of "my name is": a name may follow
    post_box = 1ULL << 41;

inline constexpr Kinds first_name = masculine | feminine;
inline constexpr Kinds title = title_m | title_f | title_any;
inline constexpr Kinds place = country | region | town;
}  // namespace word

/// Immutable after construction; thread-safe. Keys are folded as `fold` does.
class Lexicon {
 public:
  /// Builds the table from the lists; some hundred microseconds.
  Lexicon();
  /// 0 for a word that is not known. `folded` may hold "_" for the spaces of a phrase.
  [[nodiscard]] word::Kinds kinds(std::string_view folded) const;
  /// The same for a word of 1 to 16 ASCII letters whose first alone may be upper case. 16 bytes from `word`
  /// on may be read.
  [[nodiscard]] word::Kinds kinds_of_plain(const char* word, std::size_t size) const {
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), word, sizeof halves);
    halves[0] |= 0x20;
    const auto bits = (size & 7U) * 8;
    const auto mask = (std::uint64_t{1} << bits) - 1;
    if (size < 8) {
      halves[0] &= mask;
      halves[1] = 0;
    } else if (size < 16) {
      halves[1] &= mask;
    }
    return look_up(mix(seed, halves[0], halves[1]));
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    word::Kinds kinds = 0;
  };
  static constexpr std::uint64_t seed = 0x9E3779B97F4A7C15ULL;
  // One round of multiplying and folding over 16 bytes. The table is ours, so nothing need be kept secret.
  [[nodiscard]] static std::uint64_t mix(std::uint64_t hash, std::uint64_t low, std::uint64_t high) {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(low ^ hash) * (high ^ 0xE7037ED1A0B428DBULL);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  [[nodiscard]] static std::uint64_t hash_of(std::string_view text);
  [[nodiscard]] word::Kinds look_up(std::uint64_t hash) const {
    const auto last = slots_.size() - 1;
    for (std::size_t at = hash & last; slots_[at].hash != 0; at = (at + 1) & last)
      if (slots_[at].hash == hash) return slots_[at].kinds;
    return 0;
  }
  void add(std::string_view list, word::Kinds kind);
  void put(std::string_view folded, word::Kinds kind);

  std::vector<Slot> slots_;  // open addressing by the hash, whose 64 bits stand for the word
  std::size_t used_ = 0;
};

/// Lower case without Latin accents into `out` (at most `size` bytes; longer words are cut). Gives the bytes
/// written.
std::size_t fold(std::string_view word, char* out, std::size_t size);
[[nodiscard]] std::string folded(std::string_view word);

}  // namespace bastide::guard
