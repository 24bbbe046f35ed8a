#include "knowledge/parse/office/properties.h"

#include "knowledge/parse/clean.h"
#include "knowledge/parse/office/xml.h"

namespace bastide::knowledge::parse::office {

void read_properties(Archive& archive, detail::Builder& builder) {
  std::string part = "docProps/core.xml";
  for (const auto& [id, relation] : relations(archive, ""))
    if (relation.type == "core-properties" && !relation.target.empty()) part = relation.target;
  pugi::xml_document xml;
  if (!archive.has(part) || !read_part(archive, part, xml)) return;
  for (auto node : xml.document_element().children()) {
    auto name = local_name(node);
    std::string_view value = node.text().get();
    if (name == "title") builder.document.title = detail::clean(value);
    if (name == "creator") builder.metadata("author", value);
    if (name == "subject" || name == "keywords" || name == "created" || name == "modified")
      builder.metadata(name, value);
  }
}

}  // namespace bastide::knowledge::parse::office
