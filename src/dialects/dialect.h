// The wire dialects, and what of one dialect no other has a word for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::dialects {

enum class Dialect : std::uint8_t { openai, responses, anthropic, gemini, mistral };

/// "openai", "responses", "anthropic", "gemini", "mistral": as in the configuration and in docs/dialects.md.
[[nodiscard]] std::string_view dialect_name(Dialect dialect);
/// Code::invalid for any other word.
[[nodiscard]] Result<Dialect> parse_dialect(std::string_view name);

/// A field that the neutral form has no place for, as it came. Only an encoder of dialect `from` (and those
/// that share the field) writes it again; the others report it as a loss.
struct RawField {
  Dialect from = Dialect::openai;
  std::string name;
  std::string json;
};
using Others = std::vector<RawField>;

/// One thing that a target cannot express.
struct Loss {
  enum class Weight : std::uint8_t {
    harmless,  // the answer means the same without it: told in a warning header
    meaning    // the answer would mean something else: the call is refused, naming the field
  };
  Weight weight = Weight::harmless;
  std::string field;     // as the caller wrote it, with its path: "messages[2].content[0].input_audio"
  std::string sentence;  // English, ends with a full stop; never a person's content
};
using Losses = std::vector<Loss>;

void lose(Losses& losses, std::string field, std::string sentence);
void lose_meaning(Losses& losses, std::string field, std::string sentence);
/// Code::unsupported with the first loss of meaning, its field in `detail` as "field:PATH"; else nothing.
[[nodiscard]] Result<void> refuse_losses(const Losses& losses);
/// The harmless ones as one header value, at most 1 KB of printable ASCII; empty when there are none.
[[nodiscard]] std::string warning_of(const Losses& losses);

}  // namespace bastide::dialects
