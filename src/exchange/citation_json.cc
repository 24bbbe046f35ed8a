#include "exchange/citation_json.h"

namespace bastide::exchange {

void write_citation(JsonWriter& json, const Citation& citation) {
  json.object()
      .field("marker", citation.marker)
      .field("passage", citation.passage)
      .field("document", citation.document)
      .field("title", citation.title)
      .field("page", citation.page)
      .field("quote", citation.quote)
      .field("header", citation.header)
      .field("score", citation.score)
      .end();
}

}  // namespace bastide::exchange
