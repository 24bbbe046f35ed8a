// E-mails with what is attached to them.
#pragma once

#include <string_view>

#include "base/result.h"
#include "knowledge/parse/builder.h"
#include "knowledge/parse/parse_bytes.h"

namespace bastide::knowledge::parse::mail {

/// Subject, sender, receivers and date, the text (the plain one where there are two), quoted replies as
/// quotes, each attachment named and, where it can be, parsed under a heading of its own, to a depth of 3.
[[nodiscard]] Result<void> parse_eml(std::string_view bytes, const detail::ParseHints& hints,
                                     detail::Builder& builder);

}  // namespace bastide::knowledge::parse::mail
