// The port of search by meaning: which passages' vectors are nearest, among those that may be read.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "knowledge/index/bitmap.h"
#include "knowledge/index/passage_index.h"

namespace bastide::knowledge::index {

/// Thread-safe.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;
  /// `bytes` as write_vectors wrote them. Code::corrupt for anything else.
  virtual Result<void> add(Key first, Key count, std::string_view bytes) = 0;
  virtual void remove(Key first, Key count) = 0;
  /// Cosine similarities, best first; ties by key. `query` is normalised. Vectors of another size are left
  /// out.
  [[nodiscard]] virtual std::vector<Scored> search(std::span<const float> query, const Bits& allowed,
                                                   std::size_t limit) const = 0;
  /// Cosine of each key, NaN where there is no vector.
  [[nodiscard]] virtual std::vector<double> cosines(std::span<const float> query,
                                                    std::span<const Key> keys) const = 0;
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

/// Normalised vectors of one size in 8 bits a number, each with its own scale: a fourth of the memory of
/// floats, and cosines to within some thousandths.
[[nodiscard]] std::string write_vectors(std::span<const std::vector<float>> vectors);

/// Exact scan with 256-bit integers. The query keeps 13 bits a number.
[[nodiscard]] std::unique_ptr<VectorIndex> make_memory_vector_index();

}  // namespace bastide::knowledge::index
