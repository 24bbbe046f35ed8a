// What the detectors do without their shortcuts, to compare with.
#pragma once

#include <fmt/format.h>

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "guard/detectors.h"
#include "guard/normalise.h"
#include "guard/patterns.h"

namespace bastide::guard::testing {

struct Parts {
  Lexicon lexicon;
  Patterns patterns{pattern_rules()};
};

inline const Parts& parts() {
  static const Parts shared;
  return shared;
}

enum class Begin { notable_words, every_word };

/// Each hit of each detector as a line, in order.
inline std::vector<std::string> hits(const Normal& normal, Begin begin) {
  Scan scan;
  scan.text = normal.text;
  scan.lexicon = &parts().lexicon;
  tokenise(scan);
  if (begin == Begin::every_word) {
    scan.notable.resize(scan.tokens.size());
    std::iota(scan.notable.begin(), scan.notable.end(), 0U);
  }
  parts().patterns.find(scan);
  find_country_numbers(scan);
  find_digit_runs(scan);
  find_phones(scan);
  find_addresses(scan);
  find_organisations(scan);
  find_places(scan);
  find_persons(scan);
  std::vector<std::string> out;
  for (const auto& hit : scan.hits)
    out.push_back(fmt::format("{} {}-{} {} {} {}", hit.rule, hit.begin, hit.end, hit.score, hit.personal,
                              static_cast<int>(hit.gender)));
  return out;
}

/// Nothing when the short way and the full one agree on `text`, else where they differ.
inline std::string difference(std::string_view text) {
  Normal quick, full;
  normalise(text, quick);
  detail::normalise_fully(text, full);
  if (quick.text != full.text || quick.hidden != full.hidden) return "the normal form";
  for (std::size_t i = 0; i < full.text.size(); ++i)
    if (quick.original_begin(i) != full.original_begin(i) ||
        quick.original_end(i + 1) != full.original_end(i + 1))
      return fmt::format("the way back of byte {}", i);
  if (hits(quick, Begin::notable_words) != hits(quick, Begin::every_word)) return "what was found";
  return {};
}

}  // namespace bastide::guard::testing
