// Quote only: the passages' own sentences, word for word, and not a word added.
#pragma once

#include <string>

#include "exchange/ports.h"

namespace bastide::exchange {

/// Makes the exchange's answer of quotes (or, where nothing supports one, of a sentence that says so) and
/// sends it to the sink: as text when nothing was shown before, else as a replacement.
[[nodiscard]] Task<Result<void>> answer_with_quotes(Exchange& exchange, Knowledge& knowledge);

}  // namespace bastide::exchange
