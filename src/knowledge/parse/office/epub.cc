#include "knowledge/parse/office/epub.h"

#include <map>
#include <string>

#include "knowledge/parse/charset.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/office/xml.h"
#include "knowledge/parse/web/html.h"

namespace bastide::knowledge::parse::office {

Result<void> parse_epub(std::string_view bytes, detail::Builder& builder) {
  auto archive = Archive::open(bytes);
  if (!archive) return pass(archive);
  if (archive->has("META-INF/rights.xml"))
    return fail(Code::invalid, "The e-book is protected against copying.", "password_protected",
                "Add a copy without protection.");
  pugi::xml_document container;
  if (auto done = read_part(*archive, "META-INF/container.xml", container); !done) return pass(done);
  std::string package(attr(child(child(container.document_element(), "rootfiles"), "rootfile"), "full-path"));
  pugi::xml_document xml;
  if (auto done = read_part(*archive, package, xml); !done) return pass(done);
  auto root = xml.document_element();
  for (auto one : child(root, "metadata").children()) {
    if (local_name(one) == "title" && builder.document.title.empty())
      builder.document.title = detail::clean(one.text().get());
    if (local_name(one) == "creator") builder.metadata("author", one.text().get());
    if (local_name(one) == "date") builder.metadata("created", one.text().get());
  }
  std::map<std::string, std::string, std::less<>> files;
  for (auto one : child(root, "manifest").children())
    files.emplace(std::string(attr(one, "id")), resolve(package, attr(one, "href")));
  for (auto one : child(root, "spine").children()) {
    auto found = files.find(attr(one, "idref"));
    if (found == files.end() || !archive->has(found->second) || builder.full()) continue;
    auto chapter = archive->read(found->second);
    if (!chapter) return pass(chapter);
    web::parse_html(detail::decode(*chapter, web::declared_charset(*chapter)), builder);
  }
  return {};
}

}  // namespace bastide::knowledge::parse::office
