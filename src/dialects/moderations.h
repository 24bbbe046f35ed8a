// Judgements of texts, in OpenAI's and Mistral's words. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/answer.h"
#include "dialects/request.h"

namespace bastide::dialects {

struct ModerationRequest {
  enum class Of : std::uint8_t {
    texts,         // each input by itself
    conversations  // Mistral: the last message of each, in its context
  };
  Dialect from = Dialect::openai;
  Of of = Of::texts;
  std::string model{};       // empty: not said
  std::string input_json{};  // as it came
  /// Every text within the input, in order, and which input (from 0) it belongs to.
  struct Leaf {
    std::string text;
    std::size_t input = 0;
  };
  std::vector<Leaf> leaves{};
  std::size_t inputs = 0;  // how many judgements are asked for
  bool has_media = false;  // images stand among the texts
  std::optional<BastideOptions> bastide{};
  Others others{};
};

inline constexpr std::size_t moderation_inputs_max = 2048;

/// Code::invalid with invalid_FIELD, or json_malformed and its like.
[[nodiscard]] Result<ModerationRequest> decode_moderation(Dialect from, ModerationRequest::Of of,
                                                          std::string_view body);

/// What a provider is sent. `texts` stand for the leaves, one each, in order.
struct ModerationCall {
  std::string path;
  std::string body;
};
[[nodiscard]] Result<ModerationCall> encode_moderation(Dialect to, const ModerationRequest& request,
                                                       const std::vector<std::string>& texts,
                                                       std::string_view upstream, Losses& losses);

/// A provider's answer in the words of the dialect that asked: as it is, but that OpenAI's clients are told
/// `flagged` where the provider only judged by category. Code::upstream, invalid_json.
[[nodiscard]] Result<std::string> translate_moderation(Dialect from, Dialect to, std::string body);

/// What was found in one input: a category with how sure it is, 0 to 1; 0 where it was looked for in vain.
struct Judgement {
  struct Category {
    std::string_view name;
    double score = 0;
  };
  std::vector<Category> categories{};
};
/// As an answer that both dialects' clients read. Categories that nobody looked for are not in it.
[[nodiscard]] std::string encode_judgements(std::string_view id, std::string_view model,
                                            const std::vector<Judgement>& judgements);

}  // namespace bastide::dialects
