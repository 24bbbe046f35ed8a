#include "http_api/workspace/views.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"

namespace bastide::http_api {

std::string_view role_name(identity::Role role) {
  switch (role) {
    case identity::Role::member:
      return "member";
    case identity::Role::manager:
      return "manager";
    case identity::Role::admin:
      return "admin";
  }
  return "member";
}

Result<identity::Role> role_of(std::string_view name) {
  if (name == "member") return identity::Role::member;
  if (name == "manager") return identity::Role::manager;
  if (name == "admin") return identity::Role::admin;
  return fail(Code::invalid, "A role is member, manager or admin.", "wrong_field");
}

void write_person(JsonWriter& json, const identity::Person& person) {
  json.object()
      .field("id", person.id)
      .field("email", person.email)
      .field("name", person.name)
      .field("role", role_name(person.role))
      .field("language", person.language)
      .field("disabled", person.disabled)
      .field("created_at", rfc3339(person.created_at))
      .end();
}

std::vector<std::string> split_readers(std::string_view text) {
  std::vector<std::string> out;
  if (auto list = parse_json(text); list && list->is_array()) {
    for (const auto& item : *list)
      if (item.is_string()) out.push_back(item.get<std::string>());
    return out;
  }
  for (auto line : split(text, '\n'))
    for (auto item : split(line, ','))
      if (auto reader = trim(item); !reader.empty()) out.emplace_back(reader);
  return out;
}

void note(Call& call, std::string_view kind, std::string actor, std::string subject) {
  auto& audit = call.services.audit;
  bool taken = call.services.io.try_post(
      [&audit, kind = std::string(kind), actor = std::move(actor), subject = std::move(subject)] {
        auto kept = audit.append(kind, actor, subject, "{}");
        if (!kept) log::error("audit_failed", {{"kind", kind}, {"code", code_name(kept.error().code)}});
      });
  if (!taken) log::error("audit_failed", {{"kind", kind}, {"code", "overloaded"}});
}

}  // namespace bastide::http_api
