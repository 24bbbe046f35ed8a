// Token counts as each dialect writes them. Private to the codecs and the scanner.
#pragma once

#include "base/json.h"
#include "dialects/answer.h"
#include "dialects/json_in.h"

namespace bastide::dialects::detail {

/// Reads the usage object (`usage`, `usageMetadata`) of `dialect`. What it holds beyond our classes goes to
/// `others`, dots between the names of nested fields; give nullptr to leave it.
/// Anthropic counts cached tokens apart and Gemini its thoughts: here input and output are whole.
[[nodiscard]] Usage read_usage(Dialect dialect, const object& usage, Others* others = nullptr);

/// The value of the usage field in `dialect`.
void write_usage(JsonWriter& json, Dialect dialect, const Usage& usage);

/// Streams tell counts in several places and again: keeps the largest of each.
void merge_usage(Usage& into, const Usage& next);

}  // namespace bastide::dialects::detail
