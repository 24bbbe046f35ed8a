#include "knowledge/index/passage_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>

#include "knowledge/index/analyzer.h"
#include "knowledge/index/segment.h"

namespace bastide::knowledge::index {
namespace {
using detail::Segment;
using Snapshot = std::vector<std::shared_ptr<const Segment>>;

/// One query term with the postings that may be seen.
struct Term {
  std::vector<Key> keys;
  std::vector<float> weights;  // the term's part of BM25
  double idf = 0;

  [[nodiscard]] std::ptrdiff_t find(Key key) const {
    auto at = std::ranges::lower_bound(keys, key);
    return at != keys.end() && *at == key ? at - keys.begin() : -1;
  }
};

class Found final : public LexicalResult {
 public:
  std::vector<Scored> best;
  std::vector<Term> terms;
  double idf_sum = 0;

  [[nodiscard]] const std::vector<Scored>& top() const override { return best; }
  [[nodiscard]] double score(Key key) const override {
    double sum = 0;
    for (const auto& term : terms)
      if (auto at = term.find(key); at >= 0) sum += term.weights[static_cast<std::size_t>(at)];
    return sum;
  }
  [[nodiscard]] double coverage(Key key) const override {
    if (idf_sum <= 0) return 0;
    double sum = 0;
    for (const auto& term : terms)
      if (term.find(key) >= 0) sum += term.idf;
    return sum / idf_sum;
  }
};

/// Number of allowed passages and the mean of their lengths.
struct Corpus {
  double passages = 0;
  double mean_length = 1;
};

Corpus measure(const Snapshot& segments, const Bits& allowed) {
  std::uint64_t count = 0, sum = 0;
  for (const auto& segment : segments) {
    const auto from = std::max(segment->first, allowed.first);
    const auto to = std::min(segment->end(), allowed.end);
    for (Key key = from; key < to; ++key) {
      const bool has = allowed.has(key);
      count += has;
      sum += has ? segment->lengths[key - segment->first] : 0;
    }
  }
  if (count == 0) return {};
  return {static_cast<double>(count), std::max(1.0, static_cast<double>(sum) / static_cast<double>(count))};
}

class MemoryIndex final : public PassageIndex {
 public:
  explicit MemoryIndex(Bm25 parameters) : bm25_(parameters) {}

  Result<void> add(Key first, Key count, std::string_view bytes) override {
    if (count == 0) return {};
    auto segment = detail::read_block(first, count, bytes);
    if (!segment) return pass(segment);
    std::lock_guard lock(mutex_);
    auto next = *snapshot_;
    next.push_back(std::move(*segment));
    // Neighbours of similar size are joined: some log2 of the blocks remain, and each posting moved as often.
    while (next.size() >= 2 && next[next.size() - 2]->keys.size() < 2 * next.back()->keys.size() + 4096) {
      auto joined = detail::merge(*next[next.size() - 2], *next.back());
      next.pop_back();
      next.back() = std::move(joined);
    }
    snapshot_ = std::make_shared<const Snapshot>(std::move(next));
    return {};
  }

  void remove(Key /*first*/, Key /*count*/) override {}  // what may not be read is not looked at

  [[nodiscard]] std::unique_ptr<LexicalResult> search(const std::vector<std::string>& terms,
                                                      const Bits& allowed, std::size_t limit) const override {
    auto found = std::make_unique<Found>();
    const auto segments = snapshot();
    const auto corpus = measure(*segments, allowed);
    if (corpus.passages == 0 || terms.empty()) return found;
    std::vector<float> scores(allowed.end - allowed.first, 0.0F);
    for (const auto& text : terms) {
      auto term = look_up(*segments, term_hash(text), allowed, corpus);
      for (std::size_t i = 0; i < term.keys.size(); ++i)
        scores[term.keys[i] - allowed.first] += term.weights[i];
      found->idf_sum += term.idf;
      found->terms.push_back(std::move(term));
    }
    found->best = best_of(scores, allowed.first, limit);
    for (auto& scored : found->best) scored.score = found->score(scored.key);
    return found;
  }

  [[nodiscard]] std::size_t memory_bytes() const override {
    std::size_t sum = 0;
    for (const auto& segment : *snapshot()) sum += segment->memory_bytes();
    return sum;
  }

 private:
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const {
    std::lock_guard lock(mutex_);
    return snapshot_;
  }

  [[nodiscard]] Term look_up(const Snapshot& segments, std::uint64_t hash, const Bits& allowed,
                             const Corpus& corpus) const {
    Term term;
    std::vector<std::pair<std::uint8_t, std::uint16_t>> seen;  // frequency and length
    for (const auto& segment : segments) {
      auto at = std::ranges::lower_bound(segment->terms, hash);
      if (at == segment->terms.end() || *at != hash) continue;
      const auto index = static_cast<std::size_t>(at - segment->terms.begin());
      for (auto i = segment->offsets[index]; i < segment->offsets[index + 1]; ++i) {
        const auto key = segment->keys[i];
        if (!allowed.has(key)) continue;
        term.keys.push_back(key);
        seen.emplace_back(segment->frequencies[i], segment->lengths[key - segment->first]);
      }
    }
    const auto frequency = static_cast<double>(seen.size());
    term.idf = std::log(1 + (corpus.passages - frequency + 0.5) / (frequency + 0.5));
    term.weights.reserve(seen.size());
    for (auto [count, length] : seen) {
      const double tf = count;
      const double norm = bm25_.k1 * (1 - bm25_.b + bm25_.b * length / corpus.mean_length);
      term.weights.push_back(static_cast<float>(term.idf * tf * (bm25_.k1 + 1) / (tf + norm)));
    }
    return term;
  }

  static std::vector<Scored> best_of(const std::vector<float>& scores, Key first, std::size_t limit) {
    // A heap whose top is the worst of the best; ties go to the smaller key.
    std::vector<Scored> heap;
    auto better = [](const Scored& a, const Scored& b) {
      return a.score != b.score ? a.score > b.score : a.key < b.key;
    };
    float bar = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] <= bar) continue;
      heap.push_back({first + static_cast<Key>(i), scores[i]});
      std::ranges::push_heap(heap, better);
      if (heap.size() > limit) {
        std::ranges::pop_heap(heap, better);
        heap.pop_back();
      }
      if (heap.size() == limit) bar = static_cast<float>(heap.front().score);
    }
    std::ranges::sort_heap(heap, better);
    return heap;
  }

  const Bm25 bm25_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>();
};

}  // namespace

void LexicalBlock::add(const std::vector<std::string>& terms) {
  const auto passage = static_cast<std::uint32_t>(lengths_.size());
  lengths_.push_back(static_cast<std::uint32_t>(terms.size()));
  std::vector<std::uint64_t> hashes;
  hashes.reserve(terms.size());
  for (const auto& term : terms) hashes.push_back(term_hash(term));
  std::ranges::sort(hashes);
  for (std::size_t i = 0; i < hashes.size();) {
    auto j = i;
    while (j < hashes.size() && hashes[j] == hashes[i]) ++j;
    postings_.push_back({hashes[i], passage, static_cast<std::uint8_t>(std::min<std::size_t>(j - i, 255))});
    i = j;
  }
}

std::string LexicalBlock::bytes() const {
  auto sorted = postings_;
  std::ranges::sort(sorted, [](const Posting& a, const Posting& b) {
    return a.term != b.term ? a.term < b.term : a.passage < b.passage;
  });
  std::vector<detail::Postings> lists;
  for (const auto& posting : sorted) {
    if (lists.empty() || lists.back().term != posting.term) lists.push_back({posting.term, {}, {}});
    lists.back().passages.push_back(posting.passage);
    lists.back().frequencies.push_back(posting.frequency);
  }
  return detail::write_block(lengths_, lists);
}

std::unique_ptr<PassageIndex> make_memory_passage_index(Bm25 parameters) {
  return std::make_unique<MemoryIndex>(parameters);
}

}  // namespace bastide::knowledge::index
