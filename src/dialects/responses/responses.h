// OpenAI responses, in pieces. Private to its codec.
#pragma once

#include "dialects/codec.h"
#include "dialects/collect.h"
#include "dialects/common.h"
#include "dialects/json_in.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects::responses {

using namespace detail;

inline constexpr Dialect self = Dialect::responses;

/// The parts of one item of `input` or `output`; reasoning and calls are items of their own.
[[nodiscard]] Result<std::vector<Part>> read_item(const object& item);
/// The parts of a message's or a tool result's content: a text or a list.
[[nodiscard]] Result<std::vector<Part>> read_content(element content);
[[nodiscard]] Citation read_annotation(element annotation);
[[nodiscard]] Result<ChatRequest> read_request(std::string_view body);
[[nodiscard]] Result<ChatAnswer> read_answer(const object& response);
[[nodiscard]] Finish finish_of(const object& response, bool calls);

/// One item of an answer. Ids that a part does not have are made of `id` and its `index`.
/// `logprobs`: of a text's tokens, or null.
void write_item(JsonWriter& json, const Part& part, std::string_view id, std::size_t index, Losses& losses,
                const Logprobs* logprobs = nullptr);
[[nodiscard]] std::string item_id(const Part& part, std::string_view id, std::size_t index);
void write_annotation(JsonWriter& json, const Citation& citation, Losses& losses);
[[nodiscard]] Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options,
                                                Losses& losses);
/// `status`: completed, incomplete, in_progress, failed ...
[[nodiscard]] std::string write_answer(const ChatAnswer& answer, std::string_view status, Losses& losses);
/// `choice` may hold its refusal; one that does not was cut off by a filter.
[[nodiscard]] std::string_view status_of(const Choice& choice);
[[nodiscard]] std::string response_id(std::string_view id);

[[nodiscard]] std::unique_ptr<StreamDecoder> make_decoder();
/// `first_number` of its events; above 0 others have told that the response was created.
[[nodiscard]] std::unique_ptr<StreamEncoder> make_encoder(const StreamIdentity& identity,
                                                          std::int64_t first_number = 0);

}  // namespace bastide::dialects::responses
