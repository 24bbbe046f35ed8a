// A numbered source as the receipt, the stream and every door tell it.
#pragma once

#include "base/json.h"
#include "exchange/exchange.h"

namespace bastide::exchange {

/// One object: marker, passage, document, title, page, quote, header, score.
void write_citation(JsonWriter& json, const Citation& citation);

}  // namespace bastide::exchange
