// Calls that fill a gap in a text: a call like others, whose first user's message is the text before the gap
// and whose second is the text after it, so that all that reads or masks messages sees both.
#pragma once

#include <string>

#include "dialects/codec.h"

namespace bastide::dialects {

/// Says of a call, among its other fields, that its messages stand around a gap.
void mark_infill(ChatRequest& request);
[[nodiscard]] bool is_infill(const ChatRequest& request);
/// The same, and takes the mark away: it is no field of any dialect.
[[nodiscard]] bool take_infill_mark(ChatRequest& request);

struct Gap {
  std::string before, after;
};
[[nodiscard]] Gap gap_of(const ChatRequest& request);

/// Mistral's /fim/completions: `prompt` and `suffix` in place of messages. All else is mistral_codec.
[[nodiscard]] const Codec& mistral_fim_codec();

}  // namespace bastide::dialects
