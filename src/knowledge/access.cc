#include "knowledge/access.h"

namespace bastide::knowledge {

Asker asker_of(const identity::Principal& who) {
  Asker asker;
  asker.organisation = who.organisation;
  asker.person = who.person;
  asker.readers.push_back("everyone");
  if (!who.person.empty()) asker.readers.push_back("p:" + who.person);
  for (const auto& group : who.groups) asker.readers.push_back("g:" + group);
  asker.manages_all = who.is_admin();
  // Whoever runs commands of an administrator on this machine holds its files anyway.
  asker.reads_all = who.is_admin() && who.via == identity::Via::command;
  return asker;
}

bool may_write(const identity::Principal& who, const std::string& owner) {
  return who.is_admin() || (!who.person.empty() && who.person == owner);
}

bool is_reader(const Reader& reader) {
  if (reader == "everyone") return true;
  return reader.size() > 2 && reader.size() <= 128 && (reader.starts_with("p:") || reader.starts_with("g:"));
}

}  // namespace bastide::knowledge
