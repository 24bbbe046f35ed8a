#include <simdjson.h>

#include <cmath>

#include "models/providers/dialect_provider.h"

namespace bastide::models {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::unexpected<Error> invalid() {
  return fail(Code::upstream, "The provider sent no ranking.", "invalid_json",
              "Check the provider's address, and whether the model is a reranker.");
}

// Where servers say how many tokens they read: Jina, vLLM and llama-server in `usage`, Cohere in `meta`.
std::int64_t tokens_of(const object& root) {
  for (const std::string_view path :
       {"/usage/total_tokens", "/usage/prompt_tokens", "/meta/tokens/input_tokens"}) {
    double tokens = 0;  // Cohere writes a decimal point
    if (root.at_pointer(path).get(tokens) == simdjson::SUCCESS && tokens > 0 && tokens < 1e12)
      return static_cast<std::int64_t>(tokens);
  }
  return 0;
}

}  // namespace

Result<exchange::Ranking> parse_ranking(std::string_view json, std::size_t expected) {
  simdjson::dom::parser parser(16ULL * 1024 * 1024);
  element document;
  object root;
  array results;
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS ||
      document.get(root) != simdjson::SUCCESS ||
      (root["results"].get(results) != simdjson::SUCCESS && root["data"].get(results) != simdjson::SUCCESS))
    return invalid();
  constexpr float missing = -INFINITY;
  exchange::Ranking out;
  out.relevance.assign(expected, missing);
  out.tokens = tokens_of(root);
  for (const element entry : results) {
    std::uint64_t index = 0;
    double score = 0;
    if (entry["index"].get(index) != simdjson::SUCCESS || index >= expected ||
        entry["relevance_score"].get(score) != simdjson::SUCCESS || !std::isfinite(score))
      return invalid();
    out.relevance[index] = static_cast<float>(score);
  }
  for (const float score : out.relevance)
    if (score == missing) return invalid();
  return out;
}

}  // namespace bastide::models
