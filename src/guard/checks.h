// Check digits. Pure functions over compact text (digits and upper-case letters, no separators); thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace bastide::guard {

[[nodiscard]] bool all_digits(std::string_view text);
/// ISO/IEC 7812-1, annex B.
[[nodiscard]] bool luhn(std::string_view digits);
/// ISO 7064 mod 97-10 over letters and digits, remainder of the whole as it stands.
[[nodiscard]] int mod97(std::string_view alnum, int start = 0);
/// ISO 7064 mod 11,10.
[[nodiscard]] bool mod11_10(std::string_view digits);

/// Length that the IBAN registry (SWIFT, release 96) gives for `country`; 0 when it has none.
[[nodiscard]] std::size_t iban_length(std::string_view country);
/// Country, length and ISO 13616 check digits.
[[nodiscard]] bool iban(std::string_view compact);
/// A payment card: Luhn, and an issuer's range with its lengths.
[[nodiscard]] bool card(std::string_view digits);
/// French NIR, 13 or 15 characters (2A and 2B for Corsica): sex, month, département, and the key when it is
/// there.
[[nodiscard]] bool nir(std::string_view compact);
/// Luhn over nine digits, not all zero.
[[nodiscard]] bool siren(std::string_view digits);
/// Luhn over fourteen digits; for La Poste (356000000) the digits' sum is a multiple of 5 (INSEE).
[[nodiscard]] bool siret(std::string_view digits);
/// A European VAT number with its country's two letters ("FR", "EL" or "GR", "XI", "CHE" for Switzerland).
[[nodiscard]] bool vat(std::string_view compact);
/// Length of the longest VAT number of `country` without its letters; 0 when the country is unknown.
[[nodiscard]] std::size_t vat_length_max(std::string_view country);
/// The French VAT number without "FR": two key characters and a SIREN.
[[nodiscard]] bool vat_fr(std::string_view compact);

/// ISO 9362: four letters, a country, two alphanumerics, perhaps a branch of three.
[[nodiscard]] bool bic(std::string_view compact);

// National identifiers of persons.
[[nodiscard]] bool it_codice_fiscale(std::string_view compact);
[[nodiscard]] bool es_nif(std::string_view compact);  // DNI, NIE and CIF
[[nodiscard]] bool fi_hetu(std::string_view text);
[[nodiscard]] bool ch_ahv(std::string_view digits);
[[nodiscard]] bool be_national(std::string_view digits);
[[nodiscard]] bool de_tax_id(std::string_view digits);
[[nodiscard]] bool nl_bsn(std::string_view digits);
[[nodiscard]] bool pl_pesel(std::string_view digits);
[[nodiscard]] bool pt_nif(std::string_view digits);
[[nodiscard]] bool ro_cnp(std::string_view digits);
[[nodiscard]] bool se_personnummer(std::string_view digits);
[[nodiscard]] bool gb_nhs(std::string_view digits);
[[nodiscard]] bool fr_tax_id(std::string_view digits);
[[nodiscard]] bool us_ssn(std::string_view digits);

/// ISO 3166-1 alpha-2.
[[nodiscard]] bool is_country(std::string_view two_letters);
/// Whether `day`, `month` and `year` are a day of the Gregorian calendar.
[[nodiscard]] bool is_day(int day, int month, int year);

}  // namespace bastide::guard
