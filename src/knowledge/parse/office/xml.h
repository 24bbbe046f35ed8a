// XML parts of documents, by pugixml: no DTD, no external entities, bounded depth. Names are compared without
// their prefix, since who wrote the file chose it.
#pragma once

#include <map>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/parse/office/archive.h"

namespace bastide::knowledge::parse::office {

inline constexpr int xml_depth_max = 256;

/// The deepest nesting of elements in `xml` (UTF-8), found without building a tree; stops counting past
/// `limit`.
[[nodiscard]] int xml_depth(std::string_view xml, int limit);

/// Errors: corrupt, naming `part`. `into` copies what it needs.
[[nodiscard]] Result<void> read_xml(std::string_view bytes, std::string_view part, pugi::xml_document& into);
[[nodiscard]] Result<void> read_part(Archive& archive, const std::string& part, pugi::xml_document& into);

[[nodiscard]] std::string_view local_name(const pugi::xml_node& node);
[[nodiscard]] pugi::xml_node child(const pugi::xml_node& node, std::string_view name);
/// An attribute's value by its local name; empty when it is missing.
[[nodiscard]] std::string_view attr(const pugi::xml_node& node, std::string_view name);
/// True for elements like <w:b/> that are on unless their val says 0, false or off.
[[nodiscard]] bool is_on(const pugi::xml_node& node);
[[nodiscard]] long number(std::string_view text, long otherwise);

struct Relation {
  std::string type;    // the last part of its URI: "styles", "slide", "hyperlink"
  std::string target;  // a part's name, without a leading slash; empty when external
};
/// The relations of `part` by id; none when it has none.
[[nodiscard]] std::map<std::string, Relation> relations(Archive& archive, const std::string& part);
/// `target` seen from the folder of `part`, with "." and ".." resolved.
[[nodiscard]] std::string resolve(std::string_view part, std::string_view target);
/// The document's main part, from the package's relations, else `otherwise`.
[[nodiscard]] std::string main_part(Archive& archive, const std::string& otherwise);

}  // namespace bastide::knowledge::parse::office
