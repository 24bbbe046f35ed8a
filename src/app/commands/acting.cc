#include "app/commands/acting.h"

#include <cstdlib>
#include <string_view>

namespace bastide::app {

Result<identity::Principal> acting_person(identity::Identity& identity, const std::string& email) {
  if (!email.empty()) return identity.act_as(email);
  identity::PageFrom from;
  while (true) {
    auto page = identity.people(identity.command_line(), "", from);
    if (!page) return pass(page);
    for (const auto& person : page->items)
      if (person.role == identity::Role::admin && !person.disabled) return identity.act_as(person.email);
    if (page->next.empty()) break;
    from.after = page->next;
  }
  return fail(Code::not_found, "There is no administrator yet.", "no_person",
              "Add one: bastide user add EMAIL --role admin --password-stdin");
}

std::string language_of_terminal() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value && *value) return std::string_view(value).starts_with("fr") ? "fr" : "en";
  }
  return "en";
}

}  // namespace bastide::app
