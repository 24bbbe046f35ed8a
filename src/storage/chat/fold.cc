#include "storage/chat/fold.h"

namespace bastide::storage {
namespace {

// Base letters of U+00C0 to U+017F; '.' where there is none.
constexpr std::string_view base_letters =
    "aaaaaaaceeeeiiiidnooooo.ouuuuy.saaaaaaaceeeeiiiidnooooo.ouuuuy.y"   // U+00C0 - U+00FF
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"   // U+0100 - U+013F
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";  // U+0140 - U+017F
static_assert(base_letters.size() == 0x180 - 0xC0);
}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out.push_back(static_cast<char>(byte + 32));
    } else if (byte >= 0xC3 && byte <= 0xC5 && i + 1 < text.size()) {
      auto point = ((byte & 0x1FU) << 6U) | (static_cast<unsigned char>(text[i + 1]) & 0x3FU);
      auto letter = base_letters[point - 0xC0];
      if (letter == '.')
        out.append(text, i, 2);
      else
        out.push_back(letter);
      ++i;
    } else {
      out.push_back(static_cast<char>(byte));
    }
  }
  return out;
}

}  // namespace bastide::storage
