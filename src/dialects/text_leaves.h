// Every text that a person or a model wrote within a call, to be looked at and replaced in place.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "dialects/answer.h"
#include "dialects/events.h"
#include "dialects/request.h"

namespace bastide::dialects {

/// Gets one text and may change it. An error ends the visit.
using TextVisitor = std::function<Result<void>(std::string& text)>;

/// In their order: system prompts, messages' texts, tool calls' arguments and results, reasoning, tools'
/// descriptions, schemas, raw parts and fields. Of JSON each string value is visited, unescaped; of a model's
/// own JSON (arguments) its keys and long numbers too. What is not JSON where JSON is expected is visited as
/// text. Code::invalid when JSON is nested too deep.
[[nodiscard]] Result<void> for_each_text(ChatRequest& request, const TextVisitor& visit);
[[nodiscard]] Result<void> for_each_text(Message& message, const TextVisitor& visit);
[[nodiscard]] Result<void> for_each_text(ChatAnswer& answer, const TextVisitor& visit);
/// Deltas are pieces: what spans several of them is the visitor's to hold together.
[[nodiscard]] Result<void> for_each_text(StreamEvent& event, const TextVisitor& visit);
enum class JsonReach : std::uint8_t {
  values,     // strings that are values: keys are names of a protocol or schema
  everything  // keys as well, and numbers of nine digits or more, which become strings when they change
};
/// The strings within one JSON text; rewritten only when one changed.
[[nodiscard]] Result<void> for_each_json_string(std::string& json, const TextVisitor& visit,
                                                JsonReach reach = JsonReach::values);

}  // namespace bastide::dialects
