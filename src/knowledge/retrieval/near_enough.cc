#include <algorithm>

#include "knowledge/retrieval/hybrid.h"

namespace bastide::knowledge::retrieval {
namespace {
constexpr std::size_t looked_at = 5;
// Multilingual e5 gives unrelated French or English texts .70 to .80 and answers .83 to .92
// (bench/knowledge/support).
constexpr double cosine_alone = 0.87;
constexpr double cosine_with_words = 0.80;
constexpr double coverage_with_cosine = 0.34;
constexpr double coverage_alone = 0.60;
}  // namespace

bool near_enough(std::span<const Candidate> candidates, std::size_t terms) {
  for (const auto& candidate : candidates.first(std::min(looked_at, candidates.size()))) {
    if (!candidate.cosine) {
      if (terms > 0 && candidate.coverage >= coverage_alone) return true;
      continue;
    }
    if (*candidate.cosine >= cosine_alone) return true;
    if (*candidate.cosine >= cosine_with_words && candidate.coverage >= coverage_with_cosine) return true;
  }
  return false;
}

}  // namespace bastide::knowledge::retrieval
