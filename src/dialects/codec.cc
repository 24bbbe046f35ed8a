#include "dialects/codec.h"

namespace bastide::dialects {

const Codec& codec_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::responses:
      return responses_codec();
    case Dialect::anthropic:
      return anthropic_codec();
    case Dialect::gemini:
      return gemini_codec();
    case Dialect::mistral:
      return mistral_codec();
    case Dialect::openai:
      break;
  }
  return openai_codec();
}

}  // namespace bastide::dialects
