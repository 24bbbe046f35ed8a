// Sets of code points, as the characters of a string are: all of Unicode but surrogates.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace bastide::models::schema {

struct CodeRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool operator==(const CodeRange&) const = default;
};

class CodeSet {
 public:
  CodeSet() = default;
  CodeSet(std::initializer_list<CodeRange> ranges);
  [[nodiscard]] static CodeSet of(std::vector<CodeRange> ranges);
  [[nodiscard]] static const CodeSet& all();

  void add(std::uint32_t first, std::uint32_t last);
  void add(const CodeSet& other);
  [[nodiscard]] CodeSet complement() const;
  [[nodiscard]] CodeSet intersection(const CodeSet& other) const;
  [[nodiscard]] bool contains(std::uint32_t c) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  /// In order, apart from each other.
  [[nodiscard]] const std::vector<CodeRange>& ranges() const { return ranges_; }
  bool operator==(const CodeSet&) const = default;

 private:
  void tidy();
  std::vector<CodeRange> ranges_;
};

}  // namespace bastide::models::schema
