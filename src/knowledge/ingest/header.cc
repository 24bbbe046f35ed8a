#include "knowledge/ingest/header.h"

#include "knowledge/index/analyzer.h"

namespace bastide::knowledge::ingest {

std::string embedded_text(std::string_view title, std::string_view section, std::string_view text) {
  std::string out(title);
  if (!section.empty()) {
    if (!out.empty()) out += " › ";
    out += section;
  }
  if (!out.empty()) out += '\n';
  return out += text;
}

std::vector<std::string> indexed_terms(std::string_view title, std::string_view section,
                                       std::string_view text) {
  auto out = index::terms(title);
  for (auto part : {section, text})
    for (auto& term : index::terms(part)) out.push_back(std::move(term));
  return out;
}

}  // namespace bastide::knowledge::ingest
