// The keywords of JSON Schema 2020-12, and those of earlier drafts that generators still write.
// docs/inference.md has them as a table, which a test compares with this one.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bastide::models::schema {

enum class Treatment : std::uint8_t {
  kept,
  kept_in_part,  // where it can be promised; refused by name where not
  refused,
  annotation,  // says nothing about which values are valid
};

struct Keyword {
  std::string_view name;
  Treatment treatment;
};

/// What is not among them is an annotation too, as the standard says of keywords that are not known.
[[nodiscard]] std::span<const Keyword> keywords();

}  // namespace bastide::models::schema
