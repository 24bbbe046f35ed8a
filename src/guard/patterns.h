// The pattern rules over a text: one pass finds where each may begin, RE2 matches from there.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "guard/anchors.h"
#include "guard/rules.h"

namespace bastide::guard {

/// Immutable after construction; thread-safe. Time is linear in the text: each start is tried once a rule,
/// over 600 bytes at most.
class Patterns {
 public:
  /// Compiles the table: some milliseconds. A row that does not compile is a bug and throws std::logic_error.
  explicit Patterns(std::span<const Rule> rules);
  ~Patterns();
  Patterns(const Patterns&) = delete;
  Patterns& operator=(const Patterns&) = delete;

  /// Adds to `scan.hits` what the rules find and their checks accept: per rule the leftmost longest matches.
  void find(Scan& scan) const;

 private:
  struct Compiled;
  void try_rule(Scan& scan, std::size_t rule, std::size_t at) const;
  void find_words(Scan& scan) const;

  std::span<const Rule> rules_;
  std::vector<std::unique_ptr<Compiled>> compiled_;
  std::unique_ptr<const Anchors> anchors_;
  std::array<std::vector<std::uint16_t>, 6> by_start_;
};

}  // namespace bastide::guard
