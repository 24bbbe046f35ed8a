#include "guard/hit.h"

#include <array>

namespace bastide::guard {
namespace {
constexpr std::array<std::string_view, type_count> names{
    "person",        "location",  "organisation",  "email",     "phone",    "iban",
    "card",          "nir",       "siren",         "siret",     "vat",      "passport",
    "licence_plate", "ip",        "date_of_birth", "address",   "secret",   "national_id",
    "bic",           "injection", "jailbreak",     "off_topic", "toxicity", "unsupported"};
}

std::string_view type_name(Type type) { return names[static_cast<std::size_t>(type)]; }

std::optional<Type> type_of(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Type>(i);
  return std::nullopt;
}

}  // namespace bastide::guard
