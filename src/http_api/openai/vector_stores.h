// OpenAI's vector stores over our collections, and their files over its documents.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// The collection that the path names, by id or name. Blocks.
[[nodiscard]] Result<knowledge::CollectionView> store_of(Call& call);
/// Refuses, by name, a field that says something we do not keep: Code::unsupported with its field. Null and
/// empty values say nothing.
[[nodiscard]] Result<void> refuse_said(const nlohmann::json& body, std::string_view field,
                                       std::string_view sentence);
/// What was put together, or the error.
[[nodiscard]] Task<Result<void>> send(Call& call, Result<std::string> json);
/// `{file_counts}` and the like of documents in these states.
void write_counts(JsonWriter& json, const knowledge::DocumentCounts& counts);
/// The end of a list: first_id, last_id, has_more. Empty ids are null.
void end_list(JsonWriter& json, std::string_view first, std::string_view last, bool has_more);
/// Takes `source`, a document as it is or a file that was left with us, into `collection`, for its reader.
/// Blocks.
[[nodiscard]] Result<std::string> attach(Call& call, const std::string& collection,
                                         const std::string& source);

}  // namespace bastide::http_api
