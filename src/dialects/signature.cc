#include "dialects/signature.h"

#include <array>

namespace bastide::dialects {
namespace {

constexpr std::array all{Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                         Dialect::mistral};

/// Whether `text` begins with the name of `dialect` and a colon, which base64 cannot.
bool is_of(Dialect dialect, std::string_view text) {
  const auto name = dialect_name(dialect);
  return text.size() > name.size() && text.starts_with(name) && text[name.size()] == ':';
}

}  // namespace

std::string signature_read(Dialect own, std::string_view given) {
  if (given.empty()) return {};
  for (const auto dialect : all)
    if (is_of(dialect, given)) return std::string(given);
  return std::string(dialect_name(own)) + ':' + std::string(given);
}

std::string_view signature_for_provider(Dialect own, std::string_view signature) {
  if (!is_of(own, signature)) return {};
  return signature.substr(dialect_name(own).size() + 1);
}

std::string signature_for_client(Dialect own, std::string_view signature) {
  const auto native = signature_for_provider(own, signature);
  return std::string(native.empty() ? signature : native);
}

}  // namespace bastide::dialects
