// How much a model will read of a JSON value: text, and what is sent along with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bastide::dialects {

/// Bytes of text, without what is base64, and how many such values there are.
struct Weight {
  std::size_t text = 0;
  std::int64_t attachments = 0;

  /// `long_strings` are those of FieldWalk within `json`; shorter base64 counts as text.
  void add(std::string_view json, const std::vector<std::string_view>& long_strings);
};

}  // namespace bastide::dialects
