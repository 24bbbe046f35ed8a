// Calls that give a model a text and no conversation: a call like others, whose first user's message is the
// text, so that all that reads or masks messages sees it.
#pragma once

#include <cstdint>
#include <string>

#include "dialects/codec.h"

namespace bastide::dialects {

/// What a call's messages are to the model.
enum class Form : std::uint8_t {
  talk,          // a conversation
  gap,           // the texts before and after a gap
  continuation,  // one text to go on from, without a template
};

/// Says so among the call's other fields.
void mark_form(ChatRequest& request, Form form);
[[nodiscard]] Form form_of(const ChatRequest& request);
/// The same, and takes the mark away: it is no field of any dialect.
[[nodiscard]] Form take_form(ChatRequest& request);
[[nodiscard]] inline bool is_infill(const ChatRequest& request) { return form_of(request) == Form::gap; }

struct Gap {
  std::string before, after;  // nothing stands after a text to go on from
};
[[nodiscard]] Gap gap_of(const ChatRequest& request);

/// Mistral's /fim/completions: `prompt` and `suffix` in place of messages. All else is mistral_codec.
[[nodiscard]] const Codec& mistral_fim_codec();

}  // namespace bastide::dialects
