// Mistral's chat, where it is not OpenAI's: what the files of this folder share.
#pragma once

#include "dialects/codec.h"

namespace bastide::dialects::mistral {

inline constexpr auto own = Dialect::mistral;

[[nodiscard]] Result<ChatRequest> read_request(std::string_view body);
[[nodiscard]] Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options,
                                                Losses& losses);
[[nodiscard]] std::string write_answer(const ChatAnswer& answer, Losses& losses);
[[nodiscard]] std::unique_ptr<StreamEncoder> make_stream_encoder(const StreamIdentity& identity);

}  // namespace bastide::dialects::mistral
