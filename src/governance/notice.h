// What people are told, and how answers are marked (AI Act, article 50).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "governance/signer.h"

namespace bastide::governance {

/// Raise it when the meaning of the texts changes: people are then shown the notice again.
inline constexpr int notice_version = 1;

struct Notice {
  int version = notice_version;
  std::string_view language;  // fr or en
  std::string_view title;
  std::string_view text;
  std::string_view accept;  // on the button
};

/// In French for "fr" and its regions, else in English.
[[nodiscard]] Notice notice(std::string_view language);

/// That a text was generated, by what and when.
struct Mark {
  std::string model;
  std::string exchange;
  UnixMillis at = 0;
};

/// An object:
/// {"generated":true,"generator":...,"model":...,"time":...,"exchange":...,"digital_source_type":...} with
/// the term of the IPTC vocabulary that C2PA uses too.
[[nodiscard]] std::string mark_json(const Mark& mark);
/// As mark_json, with the SHA-256 of `text`, and a signature over the object without its last two fields
/// ("key" and "signature"), which whoever has the public key can check.
[[nodiscard]] std::string signed_mark_json(const Mark& mark, std::string_view text, const Signer& signer);

}  // namespace bastide::governance
