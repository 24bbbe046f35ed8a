// Labels of data: an ordered list, lowest first. A label travels with files, passages and questions.
#pragma once

#include <algorithm>
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"

namespace bastide::policy {

/// A rank in the organisation's list; 0 is the lowest. Compare and join with <, std::max.
struct Label {
  int rank = 0;
  auto operator<=>(const Label&) const = default;
};

[[nodiscard]] inline Label join(Label a, Label b) { return std::max(a, b); }

/// Immutable after construction; thread-safe.
class Labels {
 public:
  explicit Labels(const Config& config);
  /// Code::invalid with detail "unknown_label".
  [[nodiscard]] Result<Label> find(std::string_view id) const;
  /// A label that is stored but no longer configured counts as the highest: failing closed.
  [[nodiscard]] Label find_or_highest(std::string_view id) const;
  [[nodiscard]] const std::string& id(Label label) const;
  [[nodiscard]] Label default_label() const { return default_; }
  [[nodiscard]] Label highest() const { return Label{static_cast<int>(labels_.size()) - 1}; }
  [[nodiscard]] const std::vector<LabelConfig>& all() const { return labels_; }

 private:
  std::vector<LabelConfig> labels_;
  Label default_;
};

}  // namespace bastide::policy
