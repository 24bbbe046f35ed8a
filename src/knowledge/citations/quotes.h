// The best passages' own sentences for a question, word for word.
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "exchange/ports.h"

namespace bastide::knowledge::citations {

/// Best first, at most `limit`; markers count from 1. Sentences are ranked by the passage's score, their
/// words and, when `model` can embed, their meaning; without vectors by words alone. A fragment takes its
/// neighbour along, a row the header of its table; headings are not quoted.
[[nodiscard]] Task<Result<std::vector<exchange::Citation>>> quote(exchange::Models& models, std::string model,
                                                                  std::string query,
                                                                  std::vector<exchange::Passage> passages,
                                                                  std::size_t limit);

}  // namespace bastide::knowledge::citations
