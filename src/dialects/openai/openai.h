// OpenAI chat completions, in pieces: Mistral's dialect is built of the same. Private to the codecs.
#pragma once

#include "dialects/codec.h"
#include "dialects/common.h"
#include "dialects/json_in.h"

namespace bastide::dialects::detail {

// Reading. `self` is the dialect that fields beyond ours are kept for.
[[nodiscard]] Result<ChatRequest> read_openai_request(Dialect self, std::string_view body);
[[nodiscard]] Result<Message> read_openai_message(Dialect self, const object& message);
/// The parts of a `content` value: a text, null, or a list of parts.
[[nodiscard]] Result<std::vector<Part>> read_openai_content(Dialect self, element content);
[[nodiscard]] Result<void> read_openai_tools(Dialect self, element tools, ChatRequest& out);
[[nodiscard]] Result<void> read_openai_tool_choice(Dialect self, element choice, ToolChoice& out);
[[nodiscard]] Result<void> read_openai_format(element format, OutputFormat& out);
[[nodiscard]] Result<BastideOptions> read_bastide(element given);
[[nodiscard]] Result<ChatAnswer> read_openai_answer(Dialect self, std::string_view body);
/// message or delta of a choice: reasoning, text with its citations, refusal, tool calls, in this order.
[[nodiscard]] Result<std::vector<Part>> read_openai_answer_message(Dialect self, const object& message,
                                                                   Others& others);
[[nodiscard]] Finish finish_of_openai(std::string_view word);
[[nodiscard]] Logprobs read_openai_logprobs(const object& logprobs);
/// An `{"error": ...}` object as our error; its text is never taken.
[[nodiscard]] Error read_openai_error(int status, const object& root, const HeaderLookup& headers);
[[nodiscard]] std::unique_ptr<StreamDecoder> make_openai_decoder(Dialect self);

// Writing.
/// OpenAI's ids begin with "chatcmpl-"; of other dialects nothing is asked.
[[nodiscard]] std::string openai_id(Dialect self, std::string_view id);
[[nodiscard]] Result<std::string> write_openai_request(Dialect self, const ChatRequest& request,
                                                       const EncodeOptions& options, Losses& losses);
void write_openai_tools(JsonWriter& json, Dialect self, const ChatRequest& request, Losses& losses);
[[nodiscard]] std::string write_openai_answer(Dialect self, const ChatAnswer& answer, Losses& losses);
[[nodiscard]] std::string_view openai_word_of(Finish finish);
/// The word to write: the dialect's own where it was kept.
[[nodiscard]] std::string_view openai_finish(Dialect self, Finish finish, const RawField& raw);
void write_openai_logprobs(JsonWriter& json, const Logprobs& logprobs);
/// The list of tokens within, which responses have too.
void write_openai_tokens(JsonWriter& json, const std::vector<TokenLogprob>& tokens);
[[nodiscard]] std::unique_ptr<StreamEncoder> make_openai_encoder(Dialect self,
                                                                 const StreamIdentity& identity);
[[nodiscard]] HttpError write_openai_error(const Error& error, std::string_view exchange);

}  // namespace bastide::dialects::detail
