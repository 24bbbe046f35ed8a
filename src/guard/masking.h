// Replaces what a detector found by tokens.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/exchange.h"
#include "guard/detector.h"
#include "guard/pseudonyms.h"

namespace bastide::guard {

/// Masks texts of one conversation with one map. One thread at a time.
class Masker {
 public:
  /// `blocked`: types that may not leave even masked. `clean`: texts that are known to hold no data. All
  /// outlive the masker.
  Masker(const Detector& detector, PseudonymMap& map, std::vector<Type> blocked,
         std::span<const std::string_view> clean = {});

  /// `text` with tokens for personal data, and for what looks like a token but is none.
  /// Code::refused_by_policy with detail "secret_outside" (or TYPE_outside) when a blocked type is found:
  /// says which, never the value.
  [[nodiscard]] Result<std::string> text(std::string_view text);

  /// What was replaced so far, each value once, in the order of its first place. Without texts that only
  /// looked like tokens.
  [[nodiscard]] std::vector<exchange::Masked> masked() const;
  /// Entries of the map that were used.
  [[nodiscard]] const std::vector<PseudonymMap::Entry>& used() const { return used_; }

 private:
  void note(const PseudonymMap::Entry& entry);

  const Detector& detector_;
  PseudonymMap& map_;
  std::vector<Type> blocked_;
  std::span<const std::string_view> clean_;
  std::vector<PseudonymMap::Entry> used_;
};

/// `text` with tokens that are numbered from 1 and belong to no conversation.
struct Preview {
  std::vector<Match> matches;
  std::vector<exchange::Masked> masked;
  std::string text;
};
[[nodiscard]] Result<Preview> preview(const Detector& detector, std::string_view text);

}  // namespace bastide::guard
