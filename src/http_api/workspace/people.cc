// People, groups and API keys.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/routes.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

void write_next(JsonWriter& json, const std::string& next) {
  json.key("next");
  next.empty() ? json.null() : json.value(next);
}

std::string link_url(const Call& call, const identity::NewLink& link) {
  const auto& server = call.services.config.server;
  std::string base = server.public_url;
  if (base.empty())
    base = (call.request().secure ? "https://" : "http://") +
           std::string(call.request().headers.find("host").value_or(server.listen));
  return base + "/welcome#" + link.token;
}

Task<Result<void>> list_people(Call& call) {
  auto& identity = call.services.identity;
  identity::PageFrom from{call.query("after"), call.limit()};
  auto q = call.query("q");
  auto page = co_await call.blocking([&] { return identity.people(call.who, q, from); });
  if (!page) co_return pass(page);
  JsonWriter json;
  json.object().key("people").array();
  for (const auto& person : page->items) write_person(json, person);
  json.end();
  write_next(json, page->next);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

Task<Result<void>> add_person(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  identity::NewPerson wish;
  auto email = text_field(*body, "email");
  if (!email) co_return pass(email);
  auto name = text_field(*body, "name");
  if (!name) co_return pass(name);
  auto role_text = text_field(*body, "role");
  if (!role_text) co_return pass(role_text);
  auto role = role_of(role_text->empty() ? "member" : *role_text);
  if (!role) co_return pass(role);
  auto password = maybe_text(*body, "password");
  if (!password) co_return pass(password);
  wish.email = *email;
  wish.name = *name;
  wish.role = *role;
  wish.password = *password;
  auto& identity = call.services.identity;
  auto added = co_await call.blocking([&] { return identity.add_person(call.who, wish); });
  if (!added) co_return pass(added);
  note(call, "person_added", call.who.person, added->id);
  JsonWriter json;
  json.object().field("id", added->id);
  if (added->link)
    json.field("link", link_url(call, *added->link)).field("expires_at", rfc3339(added->link->expires_at));
  auto sent = co_await call.send_json(201, json.end().take());
  co_return sent;
}

Task<Result<void>> change_person(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto role_text = maybe_text(*body, "role");
  if (!role_text) co_return pass(role_text);
  std::optional<identity::Role> role;
  if (*role_text) {
    auto named = role_of(**role_text);
    if (!named) co_return pass(named);
    role = *named;
  }
  std::optional<bool> disabled;
  if (body->contains("disabled")) disabled = (*body)["disabled"] == true;
  auto& identity = call.services.identity;
  auto person = co_await call.blocking(
      [&] { return identity.update_person(call.who, call.variables[0], role, disabled); });
  if (!person) co_return pass(person);
  if (disabled == true) call.services.chat.stop_all(person->id);
  note(call, "person_changed", call.who.person, person->id);
  JsonWriter json;
  write_person(json, *person);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> remove_person(Call& call) {
  const auto& remove = call.services.remove_person;
  auto done = co_await call.blocking([&] { return remove(call.who, call.variables[0]); });
  if (!done) co_return done;
  auto sent = co_await call.send_nothing();
  co_return sent;
}

Task<Result<void>> reset_person(Call& call) {
  auto& identity = call.services.identity;
  auto link = co_await call.blocking([&] { return identity.reset_link(call.who, call.variables[0]); });
  if (!link) co_return pass(link);
  note(call, "password_reset_link", call.who.person, call.variables[0]);
  JsonWriter json;
  json.object().field("link", link_url(call, *link)).field("expires_at", rfc3339(link->expires_at)).end();
  auto sent = co_await call.send_json(201, json.take());
  co_return sent;
}

void write_group(JsonWriter& json, const identity::GroupView& group) {
  json.object().field("id", group.id).field("name", group.name).key("members").array();
  for (const auto& member : group.members) json.value(member);
  json.end().end();
}

Task<Result<void>> list_groups(Call& call) {
  auto& identity = call.services.identity;
  identity::PageFrom from{call.query("after"), call.limit()};
  auto q = call.query("q");
  auto page = co_await call.blocking([&] { return identity.groups(call.who, q, from); });
  if (!page) co_return pass(page);
  JsonWriter json;
  json.object().key("groups").array();
  for (const auto& group : page->items) write_group(json, group);
  json.end();
  write_next(json, page->next);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

Task<Result<void>> add_group(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto name = text_field(*body, "name");
  if (!name) co_return pass(name);
  auto members = text_list(*body, "members");
  if (!members) co_return pass(members);
  auto& identity = call.services.identity;
  auto id = co_await call.blocking([&] { return identity.add_group(call.who, *name, *members); });
  if (!id) co_return pass(id);
  note(call, "group_added", call.who.person, *id);
  JsonWriter json;
  auto sent = co_await call.send_json(201, json.object().field("id", *id).end().take());
  co_return sent;
}

Task<Result<void>> change_group(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto name = maybe_text(*body, "name");
  if (!name) co_return pass(name);
  std::optional<std::vector<std::string>> members;
  if (body->contains("members")) {
    auto list = text_list(*body, "members");
    if (!list) co_return pass(list);
    members = std::move(*list);
  }
  auto& identity = call.services.identity;
  auto done = co_await call.blocking(
      [&] { return identity.update_group(call.who, call.variables[0], *name, members); });
  if (!done) co_return done;
  note(call, "group_changed", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

Task<Result<void>> remove_group(Call& call) {
  auto& identity = call.services.identity;
  auto done = co_await call.blocking([&] { return identity.remove_group(call.who, call.variables[0]); });
  if (!done) co_return done;
  note(call, "group_removed", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

Task<Result<void>> list_keys(Call& call) {
  auto& identity = call.services.identity;
  identity::PageFrom from{call.query("after"), call.limit()};
  auto page = co_await call.blocking([&] { return identity.keys(call.who, from); });
  if (!page) co_return pass(page);
  JsonWriter json;
  json.object().key("keys").array();
  for (const auto& key : page->items) {
    json.object().field("id", key.id).field("name", key.name).field("prefix", key.prefix);
    write_key_settings(json, key.settings);
    const auto time = [&](std::string_view name, const std::optional<UnixMillis>& at) {
      json.key(name);
      at ? json.value(rfc3339(*at)) : json.null();
    };
    json.field("created_at", rfc3339(key.created_at));
    time("last_used_at", key.used_at);
    time("expires_at", key.settings.expires_at);
    time("old_secret_until", key.previous_until);
    json.end();
  }
  json.end();
  write_next(json, page->next);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

Task<Result<void>> add_key(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto name = text_field(*body, "name");
  if (!name) co_return pass(name);
  auto settings = key_settings(*body);
  if (!settings) co_return pass(settings);
  auto& identity = call.services.identity;
  auto key =
      co_await call.blocking([&] { return identity.add_key(call.who, call.who.person, *name, *settings); });
  if (!key) co_return pass(key);
  note(call, "key_created", call.who.person, key->id);
  JsonWriter json;
  auto sent = co_await call.send_json(
      201, json.object().field("id", key->id).field("secret", key->secret).end().take());
  co_return sent;
}

Task<Result<void>> rotate_key(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  constexpr std::int64_t hour_s = 3600;
  constexpr std::int64_t overlap_hours_max = 24 * 90;
  std::int64_t hours = 24;
  if (body->contains("overlap_hours")) {
    const auto& given = (*body)["overlap_hours"];
    if (!given.is_number_integer() || given < 0 || given > overlap_hours_max)
      co_return fail(Code::invalid, "The old secret may stay for 90 days at most.", "key_overlap",
                     "Give overlap_hours as a whole number from 0 to 2160.");
    hours = given.get<std::int64_t>();
  }
  auto& identity = call.services.identity;
  auto key = co_await call.blocking(
      [&] { return identity.rotate_key(call.who, call.variables[0], std::chrono::seconds(hours * hour_s)); });
  if (!key) co_return pass(key);
  note(call, "key_rotated", call.who.person, key->id);
  JsonWriter json;
  auto sent = co_await call.send_json(
      200, json.object().field("id", key->id).field("secret", key->secret).end().take());
  co_return sent;
}

Task<Result<void>> revoke_key(Call& call) {
  auto& identity = call.services.identity;
  auto done = co_await call.blocking([&] { return identity.revoke_key(call.who, call.variables[0]); });
  if (!done) co_return done;
  note(call, "key_revoked", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

}  // namespace

void add_people_routes(Routes& routes) {
  routes.add({"GET", "/api/people", Access::person, list_people});
  routes.add({"POST", "/api/people", Access::person, add_person});
  routes.add({"PATCH", "/api/people/{}", Access::person, change_person});
  routes.add({"DELETE", "/api/people/{}", Access::person, remove_person});
  routes.add({"POST", "/api/people/{}/reset", Access::person, reset_person});
  routes.add({"GET", "/api/groups", Access::person, list_groups});
  routes.add({"POST", "/api/groups", Access::person, add_group});
  routes.add({"PATCH", "/api/groups/{}", Access::person, change_group});
  routes.add({"DELETE", "/api/groups/{}", Access::person, remove_group});
  routes.add({"GET", "/api/keys", Access::person, list_keys});
  routes.add({"POST", "/api/keys", Access::person, add_key});
  routes.add({"POST", "/api/keys/{}/rotate", Access::person, rotate_key});
  routes.add({"DELETE", "/api/keys/{}", Access::person, revoke_key});
}

}  // namespace bastide::http_api
