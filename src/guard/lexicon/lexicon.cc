#include "guard/lexicon/lexicon.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/text.h"
#include "guard/lexicon/lists.h"

namespace bastide::guard {

std::uint64_t Lexicon::hash_of(std::string_view text) {
  auto hash = seed;
  do {
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), text.data(), std::min(text.size(), sizeof halves));
    hash = mix(hash, halves[0], halves[1]);
    text.remove_prefix(std::min(text.size(), sizeof halves));
  } while (!text.empty());
  return hash != 0 ? hash : 1;
}

std::size_t fold(std::string_view word, char* out, std::size_t size) {
  // U+00C0 to U+017F without accents; "?" is not a letter.
  static constexpr auto table = [] {
    std::array<char, 0x180 - 0xC0> t{};
    constexpr const char raw[] =
        "aaaaaaaceeeeiiii"
        "dnooooo?ouuuuyts"
        "aaaaaaaceeeeiiii"
        "dnooooo?ouuuuyty"
        "aaaaaaccccccccdd"
        "ddeeeeeeeeeegggg"
        "gggghhhhiiiiiiii"
        "iiiijjkkklllllll"
        "lllnnnnnnnnnoooo"
        "oooorrrrrrssssss"
        "ssttttttuuuuuuuu"
        "uuuuwwyyyzzzzzzs";
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = raw[i];
    return t;
  }();
  std::size_t n = 0;
  for (std::size_t i = 0; i < word.size() && n < size; ++i) {
    auto byte = static_cast<unsigned char>(word[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out[n++] = static_cast<char>(byte + 32);
    } else if (byte >= 0xC3 && byte <= 0xC5 && i + 1 < word.size()) {
      unsigned point = ((byte & 0x1FU) << 6U) | (static_cast<unsigned char>(word[i + 1]) & 0x3FU);
      ++i;
      if (point == 0x152 || point == 0x153) {  // oe
        out[n++] = 'o';
        if (n < size) out[n++] = 'e';
      } else if (point == 0xDF) {  // sharp s
        out[n++] = 's';
        if (n < size) out[n++] = 's';
      } else {
        out[n++] = table[point - 0xC0];
      }
    } else {
      out[n++] = word[i];
    }
  }
  return n;
}

std::string folded(std::string_view word) {
  std::string out(word.size() + 2, '\0');
  out.resize(fold(word, out.data(), out.size()));
  return out;
}

Lexicon::Lexicon() : slots_(16'384) {
  using namespace lists;
  add(masculine_names, word::masculine);
  add(feminine_names, word::feminine);
  add(ambiguous_names, word::ambiguous_name);
  add(surnames, word::surname);
  add(countries, word::country);
  add(regions, word::region);
  add(towns, word::town);
  add(titles_m, word::title_m);
  add(titles_f, word::title_f);
  add(titles_any, word::title_any);
  add(roles, word::role);
  add(particles, word::particle);
  add(common_words, word::common);
  add(months, word::month);
  add(weekdays, word::weekday);
  add(ways_fr, word::way_fr);
  add(ways_en, word::way_en);
  add(ways_abroad, word::way_abroad);
  add(units_en, word::unit_en);
  add(company_forms, word::company_form);
  add(organisation_heads, word::organisation_head);
  add(organisations, word::organisation);
  add(about_phone, word::phone);
  add(about_card, word::card);
  add(about_company, word::company);
  add(about_nir, word::nir);
  add(about_birth, word::birth);
  add(about_passport, word::passport);
  add(about_plate, word::plate);
  add(about_vat, word::vat);
  add(about_identity, word::identity);
  add(about_bic, word::bic);
  add(about_home, word::home);
  add(about_secret, word::secret);
  add(person_nouns, word::person_noun);
  add(person_verbs, word::person_verb);
  add(greetings, word::greeting);
  add(closings, word::closing);
  add(fields, word::field);
  add(introductions, word::introduction);
  add(post_boxes, word::post_box);
}

void Lexicon::add(std::string_view list, word::Kinds kind) {
  for (auto entry : split(list, ' ')) {
    if (entry.empty()) continue;
    put(entry, kind);
    auto space = entry.find('_');
    if (space != std::string_view::npos) put(entry.substr(0, space), word::place_start);
  }
}

void Lexicon::put(std::string_view folded, word::Kinds kind) {
  auto hash = hash_of(folded);
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].hash == 0) {
      if (++used_ * 4 > slots_.size() * 3) throw std::length_error("guard: the lexicon outgrew its table");
      slots_[at].hash = hash;
    }
    if (slots_[at].hash == hash) {
      slots_[at].kinds |= kind;
      return;
    }
  }
}

word::Kinds Lexicon::kinds(std::string_view folded) const { return look_up(hash_of(folded)); }

}  // namespace bastide::guard
