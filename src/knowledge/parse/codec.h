// Bytes between the parser process and its parent, and in stored documents: numbers are LEB128, lengths go
// before bytes, coordinates are tenths of a point.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"

namespace bastide::knowledge::parse::detail {

class Writer {
 public:
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>((value & 0x7FU) | 0x80U);
      value >>= 7U;
    }
    out_ += static_cast<char>(value);
  }
  void bytes(std::string_view value) {
    number(value.size());
    out_ += value;
  }
  void tenths(float points) {
    auto clipped = std::isfinite(points) ? std::clamp(points, -100'000.0F, 100'000.0F) : 0.0F;
    auto value = static_cast<std::int64_t>(std::lround(clipped * 10.0F));
    number((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void raw(std::string_view value) { out_ += value; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads what may be hostile: after the first wrong byte everything is zero and empty, and `ok` is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) return bad();
      auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    return bad();
  }
  std::string bytes() {
    auto size = number();
    if (size > left_.size()) {
      bad();
      return {};
    }
    std::string out(left_.substr(0, size));
    left_.remove_prefix(size);
    if (!is_utf8(out)) bad();
    return out;
  }
  float tenths() {
    auto raw = number();
    auto value = static_cast<std::int64_t>(raw >> 1U) ^ -static_cast<std::int64_t>(raw & 1U);
    return static_cast<float>(value) / 10.0F;
  }
  std::uint32_t small(std::uint64_t limit) {
    auto value = number();
    return value <= limit ? static_cast<std::uint32_t>(value) : static_cast<std::uint32_t>(bad());
  }
  // How many items follow, each of at least `bytes_min` bytes: what the input cannot hold is refused before
  // allocating.
  std::size_t count(std::size_t bytes_min) {
    auto value = number();
    return value <= left_.size() / bytes_min ? static_cast<std::size_t>(value)
                                             : static_cast<std::size_t>(bad());
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }

 private:
  std::uint64_t bad() {
    ok_ = false;
    left_ = {};
    return 0;
  }
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace bastide::knowledge::parse::detail
