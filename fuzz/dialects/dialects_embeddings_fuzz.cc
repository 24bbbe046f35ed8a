// Any bytes as a call for vectors and as an answer: what was read can be written for every dialect.
#include <cstdint>
#include <cstdlib>

#include "dialects/embeddings.h"

using namespace bastide::dialects;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto from : {Dialect::openai, Dialect::gemini, Dialect::mistral})
    for (const auto shape : {EmbedRequest::Shape::one, EmbedRequest::Shape::list}) {
      const auto request = decode_embed_request(from, bytes, "model", shape);
      if (request && (request->inputs.empty() || request->inputs.size() > embed_inputs_max)) std::abort();
      for (const auto to : {Dialect::openai, Dialect::gemini, Dialect::mistral}) {
        Losses losses;
        if (!request) continue;
        const auto call = encode_embed_request(to, *request, "upstream", losses);
        // What a dialect wrote for itself it reads again.
        if (call && to == from && to != Dialect::gemini && !decode_embed_request(to, call->body))
          std::abort();
      }
      const auto answer = decode_embed_answer(from, bytes, 2);
      if (answer && answer->vectors.size() != 2) std::abort();
      if (answer && request) (void)encode_embed_answer(*request, *answer, "id", "model");
    }
  return 0;
}
