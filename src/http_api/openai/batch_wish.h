// What the doors of batches read and write alike.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.h"
#include "batches/batches.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// `metadata`: Code::invalid unless it is at most 16 texts of 512 bytes, under names of at most 64.
[[nodiscard]] Result<void> read_metadata(const nlohmann::json& body, batches::Batches::Wish& wish);
/// The value; null when there is none.
void write_metadata(JsonWriter& json, const batches::Batch& batch);
/// A field that is null when it is empty.
void write_maybe(JsonWriter& json, std::string_view name, const std::string& text);
/// Seconds since 1970; null when it has not come.
void write_unix_time(JsonWriter& json, std::string_view name, UnixMillis at);

/// The batch of the caller's that the path names and that was left at `door`; others are Code::not_found.
[[nodiscard]] Task<Result<batches::Batch>> find_batch(Call& call, std::string_view door);

/// Keeps lines as the input of a batch of this person's. Blocks.
[[nodiscard]] Result<files::StoredFile> keep_lines(files::Files& files, const std::string& person,
                                                   std::string_view lines);

}  // namespace bastide::http_api
