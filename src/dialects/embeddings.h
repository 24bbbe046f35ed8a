// Calls for vectors of texts, in OpenAI's, Mistral's and Gemini's words: bytes of the wire to neutral values
// and back. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/answer.h"
#include "dialects/request.h"

namespace bastide::dialects {

/// One text to embed.
struct EmbedInput {
  enum class Purpose : std::uint8_t { any, query, passage };
  std::string text{};
  std::string tokens_json{};   // numbers of a vocabulary instead of a text
  std::string content_json{};  // Gemini: a content that holds more than texts, as it came
  Purpose purpose = Purpose::any;
  std::string task{};  // Gemini's own word for it
  std::string title{};
  std::optional<std::int64_t> dimensions{};
  Others others{};
};

struct EmbedRequest {
  enum class Shape : std::uint8_t { one, list };  // as the caller wrote it, and expects the answer
  enum class Encoding : std::uint8_t { floats, base64 };

  Dialect from = Dialect::openai;
  std::string model{};
  Shape shape = Shape::list;
  std::vector<EmbedInput> inputs{};  // never empty
  Encoding encoding = Encoding::floats;
  std::string encoding_word{};  // as it was written
  std::string dtype{};          // Mistral: what the numbers are; empty or "float": reals
  std::string user{};
  std::optional<BastideOptions> bastide{};
  Others others{};
};

inline constexpr std::size_t embed_inputs_max = 2048;

/// `model` and `shape` are what Gemini's path says; the others say both in the body. Code::invalid with
/// invalid_FIELD, or json_malformed and its like.
[[nodiscard]] Result<EmbedRequest> decode_embed_request(
    Dialect from, std::string_view body, std::string_view model = {},
    EmbedRequest::Shape shape = EmbedRequest::Shape::list);

/// What a provider is sent: below its base_url.
struct EmbedCall {
  std::string path;
  std::string body;
};
/// `upstream` is what the provider calls the model. What `to` cannot say goes to `losses`. Code::unsupported
/// for a dialect without embeddings.
[[nodiscard]] Result<EmbedCall> encode_embed_request(Dialect to, const EmbedRequest& request,
                                                     std::string_view upstream, Losses& losses);

struct EmbedAnswer {
  std::vector<std::vector<float>> vectors{};  // in the order of the inputs, as long as the provider made them
  std::optional<Usage> usage{};
  std::optional<std::size_t> texts_cut{};  // told where the caller asked that they be
};
/// Code::upstream, invalid_json, when these are not `expected` vectors.
[[nodiscard]] Result<EmbedAnswer> decode_embed_answer(Dialect from, std::string_view body,
                                                      std::size_t expected);

/// In the words of the dialect that asked. `id` and `model` are what OpenAI's and Mistral's clients are told.
[[nodiscard]] std::string encode_embed_answer(const EmbedRequest& asked, const EmbedAnswer& answer,
                                              std::string_view id, std::string_view model);

}  // namespace bastide::dialects
