// Which member of a pool was sent a prompt's beginning last: there its computation may still be kept.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bastide::gateway {

/// Half a megabyte, whatever is asked of it: newer beginnings take the places of older ones. Holds hashes
/// under a secret of its own, no text. Thread-safe and lock-free.
class PrefixMap {
 public:
  static constexpr std::size_t block_bytes = 512;
  static constexpr std::size_t blocks_max = 128;  // of a prompt; what follows is not looked at
  static constexpr std::size_t entries = 1 << 16;

  PrefixMap();
  struct Match {
    std::size_t member = 0;
    std::size_t bytes = 0;  // of the prompt's beginning; 0: nobody
  };
  /// Who has the longest beginning of `prompt`, in whole blocks.
  [[nodiscard]] Match longest(std::string_view prompt) const;
  /// `member`, below 255, is sent `prompt`.
  void note(std::string_view prompt, std::size_t member);

 private:
  template <class Visit>
  void walk(std::string_view prompt, const Visit& visit) const;

  std::uint64_t seed_ = 0;
  /// The upper 56 bits of a beginning's hash, and a member's number plus one.
  std::array<std::atomic<std::uint64_t>, entries> entries_{};
};

}  // namespace bastide::gateway
