#include "guard/anchors.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace bastide::guard {

Anchors::Anchors(std::vector<Anchor> anchors) {
  if (anchors.size() >= none) throw std::length_error("too many anchors");
  // Neighbours in the alphabet share a group: the fewer first bytes a group has, the fewer places pass.
  std::ranges::sort(anchors, std::less<>{}, &Anchor::text);
  first_.fill(none);
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const auto& anchor = anchors[i];
    if (anchor.text.empty()) throw std::logic_error("an empty anchor");
    const auto index = static_cast<std::uint16_t>(i);
    const bool is_short = anchor.text.size() < 3;
    if (is_short) begins_short_[static_cast<unsigned char>(anchor.text[0])] = true;
    auto& chain = is_short ? short_first_ : first_[bucket_of((std::string(anchor.text) + ' ').c_str())];
    anchors_.push_back({anchor, std::exchange(chain, index)});
    const auto group = static_cast<std::uint8_t>(1U << (i * groups / anchors.size()));
    for (std::size_t k = 0; k < depth; ++k) {
      const auto mark = [&](unsigned char byte) {
        low_[k][byte & 0x0FU] |= group;
        high_[k][byte >> 4U] |= group;
      };
      if (k >= anchor.text.size()) {
        for (unsigned nibble = 0; nibble < 16; ++nibble) mark(static_cast<unsigned char>(nibble * 0x11U));
        continue;
      }
      const auto byte = static_cast<unsigned char>(anchor.text[k]);
      mark(byte);
      if (byte >= 'a' && byte <= 'z') {
        mark(static_cast<unsigned char>(byte - 32));
        if (k == 0 && is_short) begins_short_[byte - 32U] = true;
      }
    }
  }
}

}  // namespace bastide::guard
