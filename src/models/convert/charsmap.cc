#include "models/convert/charsmap.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

namespace bastide::models::convert {
namespace {

struct Node {
  std::optional<std::uint32_t> value;  // offset of the replacement
  std::map<unsigned char, std::unique_ptr<Node>> children;
};

/// Places the nodes of a trie one after the other at the first free spot that fits.
class DoubleArray {
 public:
  void place(const Node& root) {
    reserve(256);
    take(0);
    std::vector<std::pair<const Node*, std::uint32_t>> stack{{&root, 0}};
    while (!stack.empty()) {
      const auto [node, at] = stack.back();
      stack.pop_back();
      const std::uint32_t base = find_base(*node, at);
      const std::uint32_t offset = base ^ at;
      bases_[base] = true;
      base_max_ = std::max(base_max_, base);
      units_[at] |= offset < offset_max ? offset << 10 : ((offset >> 8) << 10) | (1U << 9);
      if (node->value) {
        units_[at] |= 1U << 8;
        take(base);
        units_[base] = *node->value | (1U << 31);
      }
      for (const auto& [label, child] : node->children) {
        take(base ^ label);
        units_[base ^ label] = label;
        stack.emplace_back(child.get(), base ^ label);
      }
      while (used_[first_free_]) ++first_free_;
    }
  }

  [[nodiscard]] std::string bytes() const {
    const std::size_t size = (std::max(used_max_, base_max_ | 255U) / 256 + 1) * 256;
    std::string out(4 * size, '\0');
    for (std::size_t at = 0; at < size; ++at) {
      // A free unit looks like a value: no label matches it.
      const std::uint32_t unit = at < units_.size() && used_[at] ? units_[at] : 1U << 31;
      std::memcpy(out.data() + 4 * at, &unit, 4);
    }
    return out;
  }

 private:
  static constexpr std::uint32_t offset_max = 1U << 21;

  void reserve(std::size_t size) {
    if (size <= units_.size()) return;
    size = std::max(size, units_.size() * 2);
    units_.resize(size, 0);
    used_.resize(size, false);
    bases_.resize(size, false);
  }
  void take(std::uint32_t at) {
    used_[at] = true;
    used_max_ = std::max(used_max_, at);
  }

  std::uint32_t find_base(const Node& node, std::uint32_t at) {
    const unsigned first = node.value || node.children.empty() ? 0U : node.children.begin()->first;
    std::uint32_t base = first && first_free_ > first ? first_free_ - first : first ? 1U : first_free_;
    base = std::max(base, 1U);
    for (;; ++base) {
      reserve(std::size_t{base | 255U} + 257);
      const std::uint32_t offset = base ^ at;
      if (offset == 0 || bases_[base] || (offset >= offset_max && offset % 256 != 0)) continue;
      if (node.value && used_[base]) continue;
      const bool free =
          std::ranges::none_of(node.children, [&](const auto& child) { return used_[base ^ child.first]; });
      if (free) return base;
    }
  }

  std::vector<std::uint32_t> units_;
  std::vector<bool> used_;
  std::vector<bool> bases_;
  std::uint32_t first_free_ = 1;
  std::uint32_t used_max_ = 0;
  std::uint32_t base_max_ = 0;
};

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

}  // namespace

void add_compositions(Replacements& replacements) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(status);
  const auto* nfd = icu::Normalizer2::getNFDInstance(status);
  const auto* nfkc = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) return;
  for (UChar32 letter = 0xC0; letter < 0x2000; ++letter) {
    icu::UnicodeString parts;
    if (!nfc->getRawDecomposition(letter, parts)) continue;
    const icu::UnicodeString decomposed = nfd->normalize(icu::UnicodeString(letter), status);
    if (decomposed.countChar32() < 2) continue;
    replacements.try_emplace(utf8(decomposed), utf8(nfkc->normalize(decomposed, status)));
  }
}

std::string build_charsmap(const Replacements& replacements) {
  std::string texts;
  std::map<std::string_view, std::uint32_t> where;
  Node root;
  for (const auto& [from, to] : replacements) {
    const auto [place, is_new] = where.try_emplace(to, static_cast<std::uint32_t>(texts.size()));
    if (is_new) texts.append(to).push_back('\0');
    Node* node = &root;
    for (const char byte : from) {
      auto& child = node->children[static_cast<unsigned char>(byte)];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
    node->value = place->second;
  }
  DoubleArray array;
  array.place(root);
  const std::string units = array.bytes();
  const auto size = static_cast<std::uint32_t>(units.size());
  std::string out(4, '\0');
  std::memcpy(out.data(), &size, 4);
  return out + units + texts;
}

}  // namespace bastide::models::convert
