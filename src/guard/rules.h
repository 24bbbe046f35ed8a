// Rules that are data: one row a pattern. A row says where its pattern may begin, so that one pass over the
// text finds the few places where it is tried at all; a row's check then decides.
#pragma once

#include <span>
#include <string_view>

#include "guard/tokens.h"

namespace bastide::guard {

/// Bytes of the normalised text. A check may narrow or widen it within the text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Pure; true when the span is what the rule says.
using Check = bool (*)(const Scan& scan, Span& span);

/// A cheap look at the bytes where a pattern would begin: false when it cannot match there. May read
/// bytes::readable_slack bytes.
using Lead = bool (*)(const char* at);

enum class Letters { exact, any_case };
/// Whether the match must stand alone, touched by no letter or digit.
enum class Edges { alone, free };

/// Where a rule's pattern is tried.
enum class Start {
  anchor,       // where one of the rule's anchors stands
  number,       // at words that begin with a digit
  two_letters,  // at words of two letters that a digit follows soon, and at those of letters and digits
  code,         // at words with digits or several capitals
  month,        // at names of months
  any,          // at every word of a text that has words of the rule's context
};

struct Rule {
  std::string_view id;
  Type type = Type::secret;
  Start start = Start::anchor;
  /// Literals apart by "~", lower case; found in any case. The pattern begins with one of them.
  std::string_view anchors;
  /// RE2's syntax, over bytes, matched from the start on; the longest match counts, 600 bytes at most: what
  /// may be longer is a check's work, which extends the span.
  const char* pattern = nullptr;
  Letters letters = Letters::exact;
  Edges edges = Edges::alone;
  /// 0: only with context.
  double score = 0;
  /// Kinds of words nearby that raise the score to `score_in_context`; 0: none do.
  word::Kinds context = 0;
  double score_in_context = 0;
  Check check = nullptr;
  Lead lead = nullptr;
};

/// The table; its rows' ids are unique.
[[nodiscard]] std::span<const Rule> pattern_rules();

// Checks that rows use; each in the file of its subject.
namespace checks {
bool email(const Scan& scan, Span& span);
bool email_spelled(const Scan& scan, Span& span);
bool ipv4(const Scan& scan, Span& span);
bool ipv6(const Scan& scan, Span& span);
bool birth_date(const Scan& scan, Span& span);
bool plate_siv(const Scan& scan, Span& span);
bool plate_old(const Scan& scan, Span& span);
bool passport(const Scan& scan, Span& span);
bool codice_fiscale(const Scan& scan, Span& span);
bool hetu(const Scan& scan, Span& span);
bool ahv(const Scan& scan, Span& span);
bool ssn(const Scan& scan, Span& span);
bool nino(const Scan& scan, Span& span);
bool spanish(const Scan& scan, Span& span);
bool bic_code(const Scan& scan, Span& span);
bool random_text(const Scan& scan, Span& span);
bool private_key(const Scan& scan, Span& span);
bool url_password(const Scan& scan, Span& span);
bool assignment(const Scan& scan, Span& span);
bool jwt(const Scan& scan, Span& span);
bool after_keyword(const Scan& scan, Span& span);
}  // namespace checks

}  // namespace bastide::guard
