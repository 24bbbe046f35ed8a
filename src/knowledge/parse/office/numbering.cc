#include "knowledge/parse/office/numbering.h"

#include <algorithm>

#include "knowledge/parse/office/xml.h"

namespace bastide::knowledge::parse::office {
namespace {

std::string letters(long n) {
  // a..z, aa, bb ... as Word counts.
  auto times = static_cast<std::size_t>(std::clamp((n - 1) / 26 + 1, 1L, 10L));
  return std::string(times, static_cast<char>('a' + (n - 1) % 26));
}

std::string roman(long n) {
  constexpr std::array<std::pair<long, std::string_view>, 13> parts{{{1000, "m"},
                                                                     {900, "cm"},
                                                                     {500, "d"},
                                                                     {400, "cd"},
                                                                     {100, "c"},
                                                                     {90, "xc"},
                                                                     {50, "l"},
                                                                     {40, "xl"},
                                                                     {10, "x"},
                                                                     {9, "ix"},
                                                                     {5, "v"},
                                                                     {4, "iv"},
                                                                     {1, "i"}}};
  std::string out;
  n = std::min(n, 3999L);
  for (const auto& [value, sign] : parts)
    for (; n >= value; n -= value) out += sign;
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string format(long n, std::string_view how) {
  if (n < 1) return std::to_string(n);
  if (how == "lowerLetter") return letters(n);
  if (how == "upperLetter") return upper(letters(n));
  if (how == "lowerRoman") return roman(n);
  if (how == "upperRoman") return upper(roman(n));
  return std::to_string(n);
}

}  // namespace

void Numbering::load(Archive& archive, const std::string& part) {
  pugi::xml_document xml;
  if (!archive.has(part) || !read_part(archive, part, xml)) return;
  for (auto node : xml.document_element().children()) {
    auto name = local_name(node);
    if (name == "abstractNum") {
      Levels levels_of;
      for (auto one : node.children()) {
        if (local_name(one) != "lvl") continue;
        auto index = number(attr(one, "ilvl"), -1);
        if (index < 0 || index >= levels) continue;
        auto& level = levels_of[static_cast<std::size_t>(index)];
        level.format = attr(child(one, "numFmt"), "val");
        level.text = attr(child(one, "lvlText"), "val");
        level.start = number(attr(child(one, "start"), "val"), 1);
      }
      abstract_.emplace(std::string(attr(node, "abstractNumId")), std::move(levels_of));
    } else if (name == "num")
      instance_.emplace(std::string(attr(node, "numId")),
                        std::string(attr(child(node, "abstractNumId"), "val")));
  }
}

std::string Numbering::next(std::string_view id, int level) {
  auto instance = instance_.find(id);
  if (instance == instance_.end()) return {};
  auto found = abstract_.find(instance->second);
  if (found == abstract_.end()) return {};
  const auto& of = found->second;
  auto at = static_cast<std::size_t>(std::clamp(level, 0, levels - 1));
  auto [counts, fresh] = counts_.try_emplace(instance->second);
  if (fresh)
    for (std::size_t i = 0; i < levels; ++i) counts->second[i] = of[i].start - 1;
  ++counts->second[at];
  for (auto i = at + 1; i < levels; ++i) counts->second[i] = of[i].start - 1;
  if (of[at].format == "bullet" || of[at].format == "none" || of[at].text.empty()) return {};
  std::string out;
  for (std::size_t i = 0; i < of[at].text.size(); ++i) {
    char c = of[at].text[i];
    if (c == '%' && i + 1 < of[at].text.size() && of[at].text[i + 1] >= '1' && of[at].text[i + 1] <= '9') {
      auto which = static_cast<std::size_t>(of[at].text[++i] - '1');
      out += format(std::max(counts->second[which], which == at ? 0L : of[which].start), of[which].format);
    } else
      out += c;
  }
  return out + ' ';
}

}  // namespace bastide::knowledge::parse::office
