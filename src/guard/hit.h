// What detectors find in a normalised text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bastide::guard {

/// The types of interface.md, and two more: national_id (a person's number in another country's registers)
/// and bic.
enum class Type : std::uint8_t {
  person,
  location,
  organisation,
  email,
  phone,
  iban,
  card,
  nir,
  siren,
  siret,
  vat,
  passport,
  licence_plate,
  ip,
  date_of_birth,
  address,
  secret,
  national_id,
  bic,
  injection,
  jailbreak,
  off_topic,
  toxicity,
  unsupported,
};
inline constexpr std::size_t type_count = 24;

[[nodiscard]] std::string_view type_name(Type type);
[[nodiscard]] std::optional<Type> type_of(std::string_view name);
/// Whether the type names data (and not an attack or a fault of an answer).
[[nodiscard]] constexpr bool is_data(Type type) { return type <= Type::bic; }

enum class Gender : std::uint8_t { unknown, masculine, feminine };

/// `begin` and `end` are bytes of the normalised text.
struct Hit {
  Type type = Type::person;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  float score = 0;
  std::string_view rule;  // of static life
  /// Whether it says something of a person or of the organisation's dealings, so that it is masked: a country
  /// or a town by itself is reported but stays readable.
  bool personal = true;
  Gender gender = Gender::unknown;
};

}  // namespace bastide::guard
