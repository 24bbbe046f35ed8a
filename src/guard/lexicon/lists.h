// The lexicon's raw lists: words apart by one space, lower case, without accents, "_" for a space within a
// phrase.
#pragma once

#include <string_view>

namespace bastide::guard::lists {

extern const std::string_view masculine_names, feminine_names, ambiguous_names, surnames;
extern const std::string_view countries, regions, towns;
extern const std::string_view titles_m, titles_f, titles_any, roles, particles, common_words, months,
    weekdays;
extern const std::string_view ways_fr, ways_en, ways_abroad, units_en;
extern const std::string_view company_forms, organisation_heads, organisations;
extern const std::string_view about_phone, about_card, about_company, about_nir, about_birth, about_passport,
    about_plate, about_vat, about_identity, about_bic, about_home, about_secret;
extern const std::string_view person_nouns, person_verbs, greetings, closings, fields, introductions,
    post_boxes;

}  // namespace bastide::guard::lists
