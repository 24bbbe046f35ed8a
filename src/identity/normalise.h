// One form for what people type in several.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::identity {

/// Trimmed, composed (NFC) and in lower case. Code::invalid, detail "email", for what cannot be an address;
/// the rule is that of HTML's <input type=email> widened to Unicode, with at most 254 bytes.
[[nodiscard]] Result<std::string> normalise_email(std::string_view email);

/// A name for a person, a group or a key: trimmed, NFC, 1 to `code_points_max` code points, nothing
/// unprintable. Code::invalid, detail "name".
[[nodiscard]] Result<std::string> normalise_name(std::string_view name, std::size_t code_points_max);

/// NFC, as RFC 8265 (OpaqueString) has it, so that a password typed on another system is the same.
[[nodiscard]] std::string normalise_password(std::string_view password);

/// Compatibility forms, case and accents folded away: what must be equal for two names to clash.
[[nodiscard]] std::string fold(std::string_view text);

/// The folded words of `text`, letters and digits only, one space between.
[[nodiscard]] std::string search_words(std::string_view text);

}  // namespace bastide::identity
