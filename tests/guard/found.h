// Helpers for tests of detection.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "guard/detector.h"

namespace bastide::guard::testing {

inline const Detector& detector() {
  static const Detector shared;
  return shared;
}

/// "type:value" of each match, in order.
inline std::vector<std::string> found(std::string_view text) {
  auto matches = detector().find(text);
  std::vector<std::string> out;
  if (!matches) return {"error"};
  for (const auto& m : *matches)
    out.push_back(std::string(type_name(m.type)) + ":" + std::string(text.substr(m.begin, m.end - m.begin)));
  return out;
}

inline bool finds(std::string_view text, std::string_view type, std::string_view value) {
  for (const auto& one : found(text))
    if (one == std::string(type) + ":" + std::string(value)) return true;
  return false;
}

inline bool finds_any(std::string_view text, std::string_view type) {
  for (const auto& one : found(text))
    if (one.starts_with(std::string(type) + ":")) return true;
  return false;
}

inline std::string listed(std::string_view text) {
  std::string out;
  for (const auto& one : found(text)) out += one + "\n";
  return out;
}

}  // namespace bastide::guard::testing
