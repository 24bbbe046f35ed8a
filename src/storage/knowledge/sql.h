// Who may read what, as SQL. The asker's parameters are always ?1 organisation, ?2 person, ?3 readers as a
// JSON array, ?4 manages all, ?5 reads all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage::detail {

/// `c` is knowledge_collection.
inline constexpr std::string_view collection_readable =
    "(c.owner = ?2 or ?5 or exists (select 1 from knowledge_collection_reader cr where cr.collection = c.id"
    " and cr.reader in (select value from json_each(?3))))";

/// `d` is knowledge_document, `n` its newest version, `v` its current one (outer joined); the collection is
/// readable. Whom the newest version shuts out no longer reads the current one.
inline constexpr std::string_view document_readable =
    "(c.owner = ?2 or ?5 or d.created_by = ?2 or ("
    "(n.restricted = 0 or exists (select 1 from knowledge_version_reader vr where vr.version = n.id"
    " and vr.reader in (select value from json_each(?3))))"
    " and (d.current is null or d.current = d.newest or v.restricted = 0 or exists (select 1 from"
    " knowledge_version_reader vr where vr.version = v.id and vr.reader in (select value from "
    "json_each(?3))))))";

/// Binds ?1 to ?5.
void bind_asker(Statement& statement, const knowledge::Asker& asker);
[[nodiscard]] std::string json_array(const std::vector<std::string>& texts);
/// A pattern for `like ... escape '\'` that finds `text`, folded, anywhere.
[[nodiscard]] std::string like_anywhere(std::string_view text);

/// Code::not_found in the words that all things unreadable share.
[[nodiscard]] std::unexpected<Error> no_collection();
[[nodiscard]] std::unexpected<Error> no_document();

/// The organisation's epoch grows.
void bump(Connection& connection, std::string_view organisation);
/// Makes a purge job for `version`; its other jobs are void.
void purge_later(Connection& connection, std::string_view version);
/// Adds a job or makes the one that is there due again.
void add_job(Connection& connection, knowledge::JobKind kind, std::string_view version, int priority,
             std::int64_t not_before);

}  // namespace bastide::storage::detail
