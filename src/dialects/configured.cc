#include "dialects/configured.h"

namespace bastide::dialects {

Dialect spoken(bastide::Dialect configured) {
  switch (configured) {
    case bastide::Dialect::anthropic:
      return Dialect::anthropic;
    case bastide::Dialect::gemini:
      return Dialect::gemini;
    case bastide::Dialect::mistral:
      return Dialect::mistral;
    case bastide::Dialect::openai:
      break;
  }
  return Dialect::openai;
}

std::string api_root(Dialect dialect, std::string_view base_url) {
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  std::string root(base_url);
  if (dialect == Dialect::openai) return root;
  const auto last = base_url.substr(base_url.rfind('/') + 1);
  const bool versioned = last.size() > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9';
  if (!versioned) root += dialect == Dialect::gemini ? "/v1beta" : "/v1";
  return root;
}

}  // namespace bastide::dialects
