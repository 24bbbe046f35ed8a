// The port of lexical search: which passages hold the words of a question, among those that may be read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "knowledge/index/bitmap.h"

namespace bastide::knowledge::index {

struct Scored {
  Key key = 0;
  double score = 0;
};

/// The answer to one query; independent of the index from then on.
class LexicalResult {
 public:
  virtual ~LexicalResult() = default;
  /// Best first; ties by key. At most as many as asked for.
  [[nodiscard]] virtual const std::vector<Scored>& top() const = 0;
  /// BM25 of any allowed passage, 0 when it holds none of the terms.
  [[nodiscard]] virtual double score(Key key) const = 0;
  /// How much of the query's weight (sum of inverse document frequencies) the passage's terms carry, 0 to 1.
  /// Terms that no allowed passage holds weigh as the rarest.
  [[nodiscard]] virtual double coverage(Key key) const = 0;
};

/// Thread-safe. Frequencies, lengths and counts are of the allowed passages alone: a result is what an index
/// of only these would give.
class PassageIndex {
 public:
  virtual ~PassageIndex() = default;
  /// `bytes` as LexicalBlock wrote them; keys rise from block to block. Code::corrupt for anything else.
  virtual Result<void> add(Key first, Key count, std::string_view bytes) = 0;
  /// The passages are gone for good; their memory may be given back later.
  virtual void remove(Key first, Key count) = 0;
  [[nodiscard]] virtual std::unique_ptr<LexicalResult> search(const std::vector<std::string>& terms,
                                                              const Bits& allowed,
                                                              std::size_t limit) const = 0;
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

/// What one version's passages are stored as: their terms, inverted.
class LexicalBlock {
 public:
  /// The next passage's terms, in order, as `terms` gives them.
  void add(const std::vector<std::string>& terms);
  [[nodiscard]] std::string bytes() const;

 private:
  struct Posting {
    std::uint64_t term;
    std::uint32_t passage;
    std::uint8_t frequency;
  };
  std::vector<Posting> postings_;
  std::vector<std::uint32_t> lengths_;
};

/// Okapi BM25 (Robertson and Zaragoza 2009) on inverted lists in memory. Blocks become immutable segments
/// that are merged as they become many; a search works on a snapshot.
struct Bm25 {
  double k1 = 0.9;  // best on 7,500 questions of PIAF, with and without titles
  double b = 0.6;
};
[[nodiscard]] std::unique_ptr<PassageIndex> make_memory_passage_index(Bm25 parameters = {});

}  // namespace bastide::knowledge::index
