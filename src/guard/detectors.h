// Detectors that read tokens rather than patterns. Each adds to scan.hits; pure otherwise, time linear in the
// text.
#pragma once

#include "guard/tokens.h"

namespace bastide::guard {

/// IBAN and VAT numbers with their country in front, in any grouping.
void find_country_numbers(Scan& scan);
/// Cards, NIR, SIREN, SIRET, French VAT without "FR", national numbers that context names: runs of digits.
void find_digit_runs(Scan& scan);
/// Telephone numbers: French and North American in all writings, international by country code.
void find_phones(Scan& scan);
/// Postal addresses: French, English, and the commonest forms of the neighbours.
void find_addresses(Scan& scan);
/// Persons by first names, titles and what introduces a name.
void find_persons(Scan& scan);
/// Organisations by legal form and head word; countries, regions and towns by list.
void find_organisations(Scan& scan);
void find_places(Scan& scan);

/// Keeps, of hits that overlap, the one of the most telling type, then the longest; attacks stand beside
/// data. Sorted by start.
void resolve_overlaps(std::vector<Hit>& hits);

}  // namespace bastide::guard
