#include "gateway/prefix_map.h"

#include <xxhash.h>

#include "base/crypto.h"

namespace bastide::gateway {
namespace {

constexpr std::uint64_t member_bits = 0xFF;

}  // namespace

PrefixMap::PrefixMap() { fill_random(&seed_, sizeof seed_); }

/// Each beginning in whole blocks, the shortest first, by its hash; until `visit` returns false.
template <class Visit>
void PrefixMap::walk(std::string_view prompt, const Visit& visit) const {
  std::uint64_t hash = seed_;
  for (std::size_t block = 0; block < blocks_max && (block + 1) * block_bytes <= prompt.size(); ++block) {
    hash = XXH3_64bits_withSeed(prompt.data() + block * block_bytes, block_bytes, hash);
    if (!visit(hash, (block + 1) * block_bytes)) return;
  }
}

PrefixMap::Match PrefixMap::longest(std::string_view prompt) const {
  Match out;
  walk(prompt, [&](std::uint64_t hash, std::size_t bytes) {
    const auto entry = entries_[hash % entries].load(std::memory_order_relaxed);
    if ((entry & member_bits) == 0 || (entry | member_bits) != (hash | member_bits)) return false;
    out = {static_cast<std::size_t>(entry & member_bits) - 1, bytes};
    return true;
  });
  return out;
}

void PrefixMap::note(std::string_view prompt, std::size_t member) {
  walk(prompt, [&](std::uint64_t hash, std::size_t) {
    entries_[hash % entries].store((hash & ~member_bits) | (member + 1), std::memory_order_relaxed);
    return true;
  });
}

}  // namespace bastide::gateway
