// Two rankings become one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "knowledge/index/passage_index.h"
#include "knowledge/index/vector_index.h"

namespace bastide::knowledge::retrieval {

struct Candidate {
  index::Key key = 0;
  double score = 0;    // 0 to 1: the weighted sum, or the lexical part alone without vectors
  double lexical = 0;  // min-max normalised among the candidates
  double dense = 0;
  double bm25 = 0;
  std::optional<double> cosine;
  double coverage = 0;   // of the question's terms, by their weight
  int lexical_rank = 0;  // 1-based; 0: not among the best by words
  int dense_rank = 0;
};

struct HybridOptions {
  std::size_t pool = 100;  // best of each ranking that are considered
  /// Best of .5 to .8 on 2,500 questions of PIAF; min-max beats rank fusion (facts/knowledge).
  double dense_weight = 0.6;
};

/// Candidates of either ranking, each with both scores, best first; ties by key. `query` empty: by words
/// only.
[[nodiscard]] std::vector<Candidate> rank(const index::PassageIndex& passages,
                                          const index::VectorIndex& vectors,
                                          const std::vector<std::string>& terms, std::span<const float> query,
                                          const index::Bits& allowed, const HybridOptions& options = {});

/// Whether the best candidates are near enough to answer from, by what does not depend on the other
/// candidates: how much of the question's weight the words of one passage carry, and the raw cosine.
[[nodiscard]] bool near_enough(std::span<const Candidate> candidates, std::size_t terms);

}  // namespace bastide::knowledge::retrieval
