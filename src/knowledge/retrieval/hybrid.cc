#include "knowledge/retrieval/hybrid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace bastide::knowledge::retrieval {
namespace {

struct Span {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] double normalised(double value) const {
    return high > low ? (value - low) / (high - low) : 1.0;
  }
};

void add_cosines(std::vector<Candidate>& found, const index::VectorIndex& vectors,
                 std::span<const float> query) {
  std::vector<index::Key> keys;
  keys.reserve(found.size());
  for (const auto& candidate : found) keys.push_back(candidate.key);
  const auto cosines = vectors.cosines(query, keys);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!std::isnan(cosines[i])) found[i].cosine = cosines[i];
}

void normalise(std::vector<Candidate>& found, double dense_weight) {
  Span bm25, cosine;
  for (const auto& candidate : found) {
    bm25.take(candidate.bm25);
    if (candidate.cosine) cosine.take(*candidate.cosine);
  }
  const bool weighs_dense = cosine.high >= cosine.low;  // there are vectors among the candidates
  for (auto& candidate : found) {
    candidate.lexical = bm25.high > 0 ? bm25.normalised(candidate.bm25) : 0;
    // A passage whose vector is not there yet is judged by its words alone, as if its meaning agreed.
    candidate.dense = candidate.cosine ? cosine.normalised(*candidate.cosine) : candidate.lexical;
    candidate.score = weighs_dense ? dense_weight * candidate.dense + (1 - dense_weight) * candidate.lexical
                                   : candidate.lexical;
  }
}
}  // namespace

std::vector<Candidate> rank(const index::PassageIndex& passages, const index::VectorIndex& vectors,
                            const std::vector<std::string>& terms, std::span<const float> query,
                            const index::Bits& allowed, const HybridOptions& options) {
  const auto lexical = passages.search(terms, allowed, options.pool);
  std::vector<Candidate> found;
  std::unordered_map<index::Key, std::size_t> place;
  for (const auto& scored : lexical->top()) {
    place.emplace(scored.key, found.size());
    Candidate candidate;
    candidate.key = scored.key;
    candidate.lexical_rank = static_cast<int>(found.size()) + 1;
    found.push_back(candidate);
  }
  if (!query.empty()) {
    int dense_rank = 0;
    for (const auto& scored : vectors.search(query, allowed, options.pool)) {
      const auto [at, made] = place.emplace(scored.key, found.size());
      if (made) found.emplace_back().key = scored.key;
      found[at->second].dense_rank = ++dense_rank;
    }
    add_cosines(found, vectors, query);
  }
  for (auto& candidate : found) {
    candidate.bm25 = lexical->score(candidate.key);
    candidate.coverage = lexical->coverage(candidate.key);
  }
  normalise(found, options.dense_weight);
  std::ranges::sort(found, [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.key < b.key;
  });
  return found;
}

}  // namespace bastide::knowledge::retrieval
