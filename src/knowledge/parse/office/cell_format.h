// How Excel shows a number: which formats are dates, and the text of a value under one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bastide::knowledge::parse::office {

enum class CellFormat : std::uint8_t { general, percent, date, time, date_time };

/// By the built-in number of a format (ECMA-376 part 1, 18.8.30).
[[nodiscard]] CellFormat builtin_format(long id);
/// By a format's own code, such as "dd/mm/yyyy" or "0.00%".
[[nodiscard]] CellFormat format_of_code(std::string_view code);
/// `raw` as in the file. Dates are ISO 8601. `from_1904` chooses the calendar that starts there.
[[nodiscard]] std::string show_number(std::string_view raw, CellFormat format, bool from_1904);

}  // namespace bastide::knowledge::parse::office
