#include "models/schema/bounds.h"

#include <algorithm>
#include <map>

#include "models/schema/document.h"

namespace bastide::models::schema {
namespace {

using Json = Document::Json;

/// llama.cpp's converter takes a time that grows with their third power.
constexpr std::size_t optional_max = 256;
constexpr std::size_t paths_max = 100'000;
constexpr int depth_max = 400;
/// llama.cpp's way to name rules calls itself for each letter.
constexpr std::size_t name_bytes_max = 1000;

bool has_few_optional(const Json& part) {
  if (!part.is_structured()) return true;
  if (part.is_object()) {
    const auto properties = part.find("properties");
    const auto required = part.find("required");
    const auto needed = required != part.end() && required->is_array() ? required->size() : 0;
    if (properties != part.end() && properties->is_object() && properties->size() > optional_max + needed)
      return false;
  }
  return std::ranges::all_of(part, has_few_optional);
}

bool has_short_names(const Json& part) {
  if (part.is_object())
    for (const auto& [name, child] : part.items())
      if (name.size() > name_bytes_max) return false;
  return !part.is_structured() || std::ranges::all_of(part, has_short_names);
}

/// Ways through the schema with its references followed, as a walk that forgets where it was would take them.
class Paths {
 public:
  explicit Paths(const Document& document) : document_(document) {}

  std::size_t of(const Json& part, int depth = 0) {
    if (!part.is_structured()) return 1;
    if (depth > depth_max) return paths_max + 1;
    const auto [known, is_new] = known_.emplace(&part, 0);
    if (!is_new) return known->second;
    std::size_t out = 1;
    for (const auto& child : part) out = std::min(paths_max + 1, out + of(child, depth + 1));
    if (part.is_object())
      if (const auto ref = part.find("$ref"); ref != part.end() && ref->is_string())
        if (const auto& text = ref->get_ref<const std::string&>(); text.starts_with("#/"))
          if (const auto* target = document_.resolve(text))
            out = std::min(paths_max + 1, out + of(*target, depth + 1));
    return known_[&part] = out;
  }

 private:
  const Document& document_;
  std::map<const Json*, std::size_t> known_;
};

}  // namespace

Result<void> check_bounds(const Json& schema, std::string_view where) {
  const Document document(schema, std::string(where));
  Refusal refusal(document);
  if (!document.is_bounded())
    refusal.whole("the schema is nested too deep or too large");
  else if (!has_few_optional(schema))
    refusal.whole("an object of the schema has more than 256 optional properties");
  else if (!has_short_names(schema))
    refusal.whole("a name in the schema is longer than 1,000 bytes");
  else if (Paths(document).of(schema) > paths_max)
    refusal.whole("the references of the schema are nested too deep or multiply to too many");
  if (refusal.is_said()) return std::unexpected(*refusal.error());
  return {};
}

}  // namespace bastide::models::schema
