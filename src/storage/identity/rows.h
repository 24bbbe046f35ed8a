// Rows of the identity tables, shared by its stores.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/ports.h"
#include "storage/sqlite/database.h"

namespace bastide::storage::detail {

/// The columns that person_at reads, of the table person named p.
inline constexpr std::string_view person_columns =
    "p.id, p.email, p.name, p.role, p.language, p.password_hash, p.disabled_at, p.notice_seen_at, "
    "p.created_at";

[[nodiscard]] identity::Person person_at(const Statement& row, int column);
[[nodiscard]] std::string_view role_word(identity::Role role);
[[nodiscard]] std::string_view link_kind_word(identity::LinkKind kind);
[[nodiscard]] identity::LinkKind link_kind_of(std::string_view word);
[[nodiscard]] std::optional<UnixMillis> maybe_time(const Statement& row, int column);

/// Ids of all groups around the person, sorted. UNION makes it end on cycles too.
[[nodiscard]] std::vector<std::string> groups_of(Connection& connection, std::string_view person);

/// What other processes keep in memory is void from the commit on.
void count_generation(Connection& connection, std::string_view organisation);

/// An FTS5 query for rows that have, for each word, one that begins with it. `words` are of
/// identity::search_words.
[[nodiscard]] std::string prefix_query(std::span<const std::string_view> words);

[[nodiscard]] std::unexpected<Error> not_found(std::string what);

std::unique_ptr<identity::PersonStore> make_person_store(Database& database, std::string organisation);
std::unique_ptr<identity::SessionStore> make_session_store(Database& database, std::string organisation);
std::unique_ptr<identity::KeyStore> make_key_store(Database& database, std::string organisation);
std::unique_ptr<identity::GroupStore> make_group_store(Database& database, std::string organisation);

}  // namespace bastide::storage::detail
