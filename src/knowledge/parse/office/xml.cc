#include "knowledge/parse/office/xml.h"

#include <charconv>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/charset.h"

namespace bastide::knowledge::parse::office {
namespace {

constexpr auto npos = std::string_view::npos;

// The end of a tag that begins at `at`, past quoted attribute values.
std::size_t tag_end(std::string_view xml, std::size_t at) {
  char quote = 0;
  for (; at < xml.size(); ++at) {
    char c = xml[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '>')
      return at;
  }
  return npos;
}

}  // namespace

int xml_depth(std::string_view xml, int limit) {
  int depth = 0;
  int deepest = 0;
  for (std::size_t at = 0; (at = xml.find('<', at)) != npos;) {
    auto rest = xml.substr(at);
    auto skip_to = [&](std::string_view close) {
      auto end = xml.find(close, at);
      at = end == npos ? xml.size() : end + close.size();
    };
    if (rest.starts_with("<!--")) {
      skip_to("-->");
    } else if (rest.starts_with("<![CDATA[")) {
      skip_to("]]>");
    } else if (rest.starts_with("<?")) {
      skip_to("?>");
    } else if (rest.starts_with("<!")) {
      skip_to(">");
    } else {
      auto end = tag_end(xml, at + 1);
      if (end == npos) break;
      if (rest.starts_with("</"))
        --depth;
      else if (xml[end - 1] != '/')
        deepest = std::max(deepest, ++depth);
      if (deepest > limit) break;
      at = end + 1;
    }
  }
  return deepest;
}

Result<void> read_xml(std::string_view bytes, std::string_view part, pugi::xml_document& into) {
  std::string decoded;
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") ||
      bytes.substr(0, 256).find('\0') != npos) {
    decoded = detail::decode(bytes);
    bytes = decoded;
  }
  if (xml_depth(bytes, xml_depth_max) > xml_depth_max)
    return fail(Code::corrupt, "The document is nested deeper than any real one.", "corrupt",
                "Treat the file as suspicious; if it is genuine, export it as PDF and add that.");
  auto done = into.load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata,
                               decoded.empty() ? pugi::encoding_auto : pugi::encoding_utf8);
  if (!done) return damaged(part);
  return {};
}

Result<void> read_part(Archive& archive, const std::string& part, pugi::xml_document& into) {
  auto bytes = archive.read(part);
  if (!bytes) return pass(bytes);
  return read_xml(*bytes, part, into);
}

std::string_view local_name(const pugi::xml_node& node) {
  std::string_view name = node.name();
  auto colon = name.find(':');
  return colon == npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (auto one : node.children())
    if (local_name(one) == name) return one;
  return {};
}

std::string_view attr(const pugi::xml_node& node, std::string_view name) {
  for (auto one : node.attributes()) {
    std::string_view full = one.name();
    auto colon = full.find(':');
    if ((colon == npos ? full : full.substr(colon + 1)) == name) return one.value();
  }
  return {};
}

bool is_on(const pugi::xml_node& node) {
  if (!node) return false;
  auto value = attr(node, "val");
  return value != "0" && value != "false" && value != "off" && value != "none";
}

long number(std::string_view text, long otherwise) {
  long value = 0;
  auto done = std::from_chars(text.data(), text.data() + text.size(), value);
  return done.ec == std::errc() ? value : otherwise;
}

std::string resolve(std::string_view part, std::string_view target) {
  std::vector<std::string_view> folders;
  if (!target.starts_with('/'))
    if (auto slash = part.rfind('/'); slash != npos) folders = split(part.substr(0, slash), '/');
  for (auto step : split(target, '/')) {
    if (step.empty() || step == ".") continue;
    if (step == "..") {
      if (!folders.empty()) folders.pop_back();
    } else
      folders.push_back(step);
  }
  std::string out;
  for (auto folder : folders) {
    if (!out.empty()) out += '/';
    out += folder;
  }
  return out;
}

std::map<std::string, Relation> relations(Archive& archive, const std::string& part) {
  std::map<std::string, Relation> out;
  auto slash = part.rfind('/');
  auto file = slash == std::string::npos
                  ? "_rels/" + part + ".rels"
                  : part.substr(0, slash) + "/_rels/" + part.substr(slash + 1) + ".rels";
  pugi::xml_document xml;
  if (!archive.has(file) || !read_part(archive, file, xml)) return out;
  for (auto node : xml.document_element().children()) {
    auto type = attr(node, "Type");
    Relation relation{std::string(type.substr(type.rfind('/') + 1)), {}};
    if (attr(node, "TargetMode") != "External") relation.target = resolve(part, attr(node, "Target"));
    out.emplace(std::string(attr(node, "Id")), std::move(relation));
  }
  return out;
}

std::string main_part(Archive& archive, const std::string& otherwise) {
  for (const auto& [id, relation] : relations(archive, ""))
    if (relation.type == "officeDocument" && archive.has(relation.target)) return relation.target;
  return otherwise;
}

}  // namespace bastide::knowledge::parse::office
