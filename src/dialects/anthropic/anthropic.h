// Anthropic's messages: what the files of this folder share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "dialects/codec.h"
#include "dialects/foreign.h"
#include "dialects/signature.h"

namespace bastide::dialects::anthropic {

using detail::array;
using detail::element;
using detail::object;

/// Whether the body must say max_tokens: a call must, count_tokens does not.
enum class Body : std::uint8_t { call, count };
[[nodiscard]] Result<ChatRequest> read_request(std::string_view body, Body kind);
[[nodiscard]] Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options,
                                                Body kind, Losses& losses);

/// One content block. Blocks that are not known become Raw.
[[nodiscard]] Result<Part> read_block(const object& block, const std::string& path);

/// Who reads what is written: a provider gets its own proofs back and no others; a client keeps all.
enum class Reader : std::uint8_t { provider, client };
struct BlockContext {
  Reader reader = Reader::client;
  bool same_model = true;
  Losses& losses;
};
/// The block's JSON; empty when the dialect has no word for the part, which `losses` tells.
[[nodiscard]] std::string write_block(const Part& part, const std::string& path, const BlockContext& context);
void write_cache(JsonWriter& json, const std::optional<CacheMarker>& cache);
[[nodiscard]] std::optional<CacheMarker> read_cache(const object& from);
[[nodiscard]] Citation read_citation(const object& from);
/// Its JSON; empty when a client of this dialect could not read it.
[[nodiscard]] std::string write_citation(const Citation& citation);

/// A thinking block that only carries another dialect's proof of the part after it.
[[nodiscard]] std::string proof_block(std::string_view signature);

[[nodiscard]] Result<ChatAnswer> read_answer(std::string_view body);
[[nodiscard]] std::string write_answer(const ChatAnswer& answer, Losses& losses);
[[nodiscard]] Finish read_stop(std::string_view stop_reason);
[[nodiscard]] std::string_view write_stop(Finish finish);

/// The error of {"type": "error", "error": {...}} that came with `status`; 0: within a stream.
[[nodiscard]] Error read_error(int status, const object& root, std::int64_t retry_after_s);
[[nodiscard]] HttpError write_error(const Error& error, std::string_view exchange);

/// What structured output takes: every object closed, no bounds on values (they move to the description, as
/// Anthropic's own SDK does). Code::invalid when it is no JSON object.
[[nodiscard]] Result<std::string> closed_schema(std::string_view schema_json);
/// An object schema as tools want it: with "type": "object".
[[nodiscard]] Result<std::string> object_schema(std::string_view schema_json);

/// 4.5 of "claude-sonnet-4-5-20250929"; 1000 where the name does not say: taken for the newest.
[[nodiscard]] double claude_version(std::string_view model);

[[nodiscard]] std::unique_ptr<StreamDecoder> make_stream_decoder();
[[nodiscard]] std::unique_ptr<StreamEncoder> make_stream_encoder(const StreamIdentity& identity);

}  // namespace bastide::dialects::anthropic
