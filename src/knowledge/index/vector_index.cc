#include "knowledge/index/vector_index.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

namespace bastide::knowledge::index {
namespace {
constexpr std::uint16_t format_version = 1;
constexpr std::size_t dimensions_max = 8192;

struct Header {
  std::uint16_t version;
  std::uint16_t dimensions;
  std::uint32_t count;
};

/// Rows are padded to 32 numbers so that the scan has no tail.
struct VectorBlock {
  Key first = 0;
  Key count = 0;
  std::size_t dimensions = 0;
  std::size_t stride = 0;
  std::vector<float> scales;
  std::vector<std::int8_t> rows;

  [[nodiscard]] const std::int8_t* row(Key key) const { return rows.data() + (key - first) * stride; }
};
using Snapshot = std::vector<std::shared_ptr<const VectorBlock>>;

std::size_t padded(std::size_t dimensions) { return (dimensions + 31) / 32 * 32; }

struct Query {
  std::vector<std::int16_t> numbers;
  float scale = 0;
};

Query quantise(std::span<const float> query) {
  Query out;
  out.numbers.assign(padded(query.size()), 0);
  float peak = 0;
  for (float x : query) peak = std::max(peak, std::abs(x));
  if (!(peak > 0)) return out;
  // 4095 * 127 * dimensions / 8 lanes stays under 2^31 up to dimensions_max / 2, and real vectors are far
  // from it.
  constexpr float steps = 4095;
  out.scale = peak / steps;
  for (std::size_t i = 0; i < query.size(); ++i)
    out.numbers[i] = static_cast<std::int16_t>(std::lround(query[i] / out.scale));
  return out;
}

std::int64_t dot(const std::int16_t* query, const std::int8_t* row, std::size_t stride) {
  auto sum_a = _mm256_setzero_si256();
  auto sum_b = _mm256_setzero_si256();
  for (std::size_t i = 0; i < stride; i += 32) {
    const auto bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + i));
    const auto low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytes));
    const auto high = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(bytes, 1));
    const auto q_low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + i));
    const auto q_high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + i + 16));
    sum_a = _mm256_add_epi32(sum_a, _mm256_madd_epi16(low, q_low));
    sum_b = _mm256_add_epi32(sum_b, _mm256_madd_epi16(high, q_high));
  }
  alignas(32) std::int32_t lanes[16];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sum_a);
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes + 8), sum_b);
  std::int64_t sum = 0;
  for (auto lane : lanes) sum += lane;
  return sum;
}

double cosine(const Query& query, const VectorBlock& block, Key key) {
  return static_cast<double>(dot(query.numbers.data(), block.row(key), block.stride)) *
         static_cast<double>(query.scale) * static_cast<double>(block.scales[key - block.first]);
}

std::unexpected<Error> corrupt() {
  return fail(Code::corrupt, "A stored part of the search index is damaged.", "index_block_corrupt",
              "Upload the document again.");
}

class MemoryVectors final : public VectorIndex {
 public:
  Result<void> add(Key first, Key count, std::string_view bytes) override {
    Header header{};
    if (bytes.size() < sizeof header) return corrupt();
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::size_t row_bytes = sizeof(float) + header.dimensions;
    if (header.version != format_version || header.count != count || header.dimensions == 0 ||
        header.dimensions > dimensions_max || bytes.size() != sizeof header + row_bytes * count)
      return corrupt();
    auto block = std::make_shared<VectorBlock>();
    block->first = first;
    block->count = count;
    block->dimensions = header.dimensions;
    block->stride = padded(header.dimensions);
    block->scales.resize(count);
    block->rows.assign(block->stride * count, 0);
    for (std::size_t i = 0; i < count; ++i) {
      const auto* from = bytes.data() + sizeof header + row_bytes * i;
      std::memcpy(&block->scales[i], from, sizeof(float));
      std::memcpy(block->rows.data() + block->stride * i, from + sizeof(float), header.dimensions);
    }
    std::lock_guard lock(mutex_);
    if (snapshot_.use_count() > 1) snapshot_ = std::make_shared<Snapshot>(*snapshot_);
    snapshot_->insert(std::ranges::upper_bound(*snapshot_, first, {}, [](const auto& b) { return b->first; }),
                      std::move(block));
    return {};
  }

  void remove(Key /*first*/, Key /*count*/) override {}  // what may not be read is not looked at

  [[nodiscard]] std::vector<Scored> search(std::span<const float> query, const Bits& allowed,
                                           std::size_t limit) const override {
    const auto exact = quantise(query);
    const auto blocks = snapshot();
    auto better = [](const Scored& a, const Scored& b) {
      return a.score != b.score ? a.score > b.score : a.key < b.key;
    };
    std::vector<Scored> heap;
    if (limit == 0) return heap;
    for (const auto& block : *blocks) {
      if (block->dimensions != query.size()) continue;
      const auto from = std::max(block->first, allowed.first);
      const auto to = std::min(block->first + block->count, allowed.end);
      for (Key key = from; key < to; ++key) {
        if (!allowed.has(key)) continue;
        const Scored scored{key, cosine(exact, *block, key)};
        if (heap.size() == limit && !better(scored, heap.front())) continue;
        heap.push_back(scored);
        std::ranges::push_heap(heap, better);
        if (heap.size() > limit) {
          std::ranges::pop_heap(heap, better);
          heap.pop_back();
        }
      }
    }
    std::ranges::sort_heap(heap, better);
    return heap;
  }

  [[nodiscard]] std::vector<double> cosines(std::span<const float> query,
                                            std::span<const Key> keys) const override {
    const auto exact = quantise(query);
    const auto blocks = snapshot();
    std::vector<double> out;
    out.reserve(keys.size());
    for (auto key : keys) {
      auto after = std::ranges::upper_bound(*blocks, key, {}, [](const auto& b) { return b->first; });
      double value = std::numeric_limits<double>::quiet_NaN();
      if (after != blocks->begin()) {
        const auto& block = **std::prev(after);
        if (key < block.first + block.count && block.dimensions == query.size())
          value = cosine(exact, block, key);
      }
      out.push_back(value);
    }
    return out;
  }

  [[nodiscard]] std::size_t memory_bytes() const override {
    std::size_t sum = 0;
    for (const auto& block : *snapshot())
      sum += sizeof *block + block->rows.capacity() + block->scales.capacity() * 4;
    return sum;
  }

 private:
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const {
    std::lock_guard lock(mutex_);
    return snapshot_;
  }
  mutable std::mutex mutex_;
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace

std::string write_vectors(std::span<const std::vector<float>> vectors) {
  const Header header{format_version, static_cast<std::uint16_t>(vectors.empty() ? 0 : vectors[0].size()),
                      static_cast<std::uint32_t>(vectors.size())};
  std::string out(sizeof header, '\0');
  std::memcpy(out.data(), &header, sizeof header);
  for (const auto& vector : vectors) {
    float peak = 0, norm = 0;
    for (float x : vector) {
      peak = std::max(peak, std::abs(x));
      norm += x * x;
    }
    const float length = std::sqrt(norm);
    const float step = peak > 0 ? peak / 127 : 1;
    const float scale = length > 0 ? step / length : 0;
    char raw[sizeof scale];
    std::memcpy(raw, &scale, sizeof raw);
    out.append(raw, sizeof raw);
    for (std::size_t i = 0; i < header.dimensions; ++i)
      out += static_cast<char>(
          static_cast<std::int8_t>(std::lround((i < vector.size() ? vector[i] : 0) / step)));
  }
  return out;
}

std::unique_ptr<VectorIndex> make_memory_vector_index() { return std::make_unique<MemoryVectors>(); }

}  // namespace bastide::knowledge::index
