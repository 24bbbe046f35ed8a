#include "policy/labels.h"

#include <fmt/format.h>

namespace bastide::policy {

Labels::Labels(const Config& config)
    : labels_(config.labels.empty() ? bastide::default_config().labels : config.labels) {
  default_ = find_or_highest(config.default_label);
}

Result<Label> Labels::find(std::string_view id) const {
  for (std::size_t i = 0; i < labels_.size(); ++i)
    if (labels_[i].id == id) return Label{static_cast<int>(i)};
  constexpr std::size_t shown_bytes_max = 100;
  std::string known;
  for (const auto& label : labels_) known += (known.empty() ? "" : ", ") + label.id;
  return fail(Code::invalid, fmt::format("There is no label \"{}\".", id.substr(0, shown_bytes_max)),
              "unknown_label", fmt::format("Choose one of: {}.", known));
}

Label Labels::find_or_highest(std::string_view id) const {
  auto found = find(id);
  return found ? *found : highest();
}

const std::string& Labels::id(Label label) const {
  const bool known = label.rank >= 0 && static_cast<std::size_t>(label.rank) < labels_.size();
  return labels_[static_cast<std::size_t>(known ? label.rank : highest().rank)].id;
}

}  // namespace bastide::policy
