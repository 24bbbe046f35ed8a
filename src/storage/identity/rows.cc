#include "storage/identity/rows.h"

#include "storage/identity/sqlite_stores.h"

namespace bastide::storage {
namespace detail {
using identity::LinkKind;
using identity::Role;

identity::Person person_at(const Statement& row, int column) {
  identity::Person out;
  out.id = row.text(column);
  out.email = row.text(column + 1);
  out.name = row.text(column + 2);
  auto role = row.view(column + 3);
  out.role = role == "admin" ? Role::admin : role == "manager" ? Role::manager : Role::member;
  out.language = row.text(column + 4);
  out.password_hash = row.text(column + 5);
  out.disabled = !row.is_null(column + 6);
  out.notice_seen_at = maybe_time(row, column + 7);
  out.created_at = row.integer(column + 8);
  return out;
}

std::string_view role_word(Role role) {
  switch (role) {
    case Role::admin:
      return "admin";
    case Role::manager:
      return "manager";
    case Role::member:
      return "member";
  }
  return "member";
}

std::string_view link_kind_word(LinkKind kind) {
  switch (kind) {
    case LinkKind::first_administrator:
      return "first_administrator";
    case LinkKind::invitation:
      return "invitation";
    case LinkKind::password_reset:
      return "password_reset";
  }
  return "invitation";
}

LinkKind link_kind_of(std::string_view word) {
  if (word == "first_administrator") return LinkKind::first_administrator;
  return word == "invitation" ? LinkKind::invitation : LinkKind::password_reset;
}

std::optional<UnixMillis> maybe_time(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

std::vector<std::string> groups_of(Connection& connection, std::string_view person) {
  auto query = connection.prepare(
      "with recursive around (id) as ("
      " select group_id from group_person where person = ?"
      " union select g.group_id from around join group_group g on g.child = around.id)"
      " select id from around order by id");
  query.bind_all(person);
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

void count_generation(Connection& connection, std::string_view organisation) {
  connection
      .prepare(
          "insert into identity_generation (organisation, generation) values (?, 1)"
          " on conflict (organisation) do update set generation = generation + 1")
      .bind_all(organisation)
      .run();
}

std::string prefix_query(std::span<const std::string_view> words) {
  std::string out;
  for (auto word : words) {
    if (!out.empty()) out.push_back(' ');
    out.append("\"").append(word).append("\"*");  // letters and digits only: nothing to escape
  }
  return out;
}

std::unexpected<Error> not_found(std::string what) { return fail(Code::not_found, std::move(what)); }
}  // namespace detail

IdentityStores::IdentityStores(Database& database, const std::string& organisation)
    : persons_(detail::make_person_store(database, organisation)),
      sessions_(detail::make_session_store(database, organisation)),
      keys_(detail::make_key_store(database, organisation)),
      groups_(detail::make_group_store(database, organisation)) {}
IdentityStores::~IdentityStores() = default;

identity::Stores IdentityStores::ports() { return {*persons_, *sessions_, *keys_, *groups_}; }

}  // namespace bastide::storage
