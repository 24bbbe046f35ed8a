#include "storage/knowledge/sql.h"

#include "base/json.h"
#include "knowledge/index/analyzer.h"
#include "storage/knowledge/sqlite_library_store.h"

namespace bastide::storage::detail {

void bind_asker(Statement& statement, const knowledge::Asker& asker) {
  statement.bind_all(asker.organisation, asker.person, json_array(asker.readers), asker.manages_all ? 1 : 0,
                     asker.reads_all ? 1 : 0);
}

std::string json_array(const std::vector<std::string>& texts) {
  JsonWriter json;
  json.array();
  for (const auto& text : texts) json.value(text);
  return json.end().take();
}

std::string like_anywhere(std::string_view text) {
  std::string pattern = "%";
  for (char c : knowledge::index::folded(text)) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

std::unexpected<Error> no_collection() {
  return fail(Code::not_found, "There is no such collection, or it is not shared with you.",
              "no_such_collection", "Check the address, or ask the collection's owner to share it.");
}

std::unexpected<Error> no_document() {
  return fail(Code::not_found, "There is no such document, or it is not shared with you.", "no_such_document",
              "Check the address, or ask the document's owner to share it.");
}

void bump(Connection& connection, std::string_view organisation) {
  auto statement = connection.prepare(
      "insert into knowledge_epoch (organisation, epoch) values (?1, 1)"
      " on conflict (organisation) do update set epoch = epoch + 1");
  statement.bind_all(organisation);
  statement.run();
}

void purge_later(Connection& connection, std::string_view version) {
  auto voided = connection.prepare("delete from knowledge_job where version = ? and kind <> 'purge'");
  voided.bind_all(version);
  voided.run();
  add_job(connection, knowledge::JobKind::purge, version, 2, 0);
}

void add_job(Connection& connection, knowledge::JobKind kind, std::string_view version, int priority,
             std::int64_t not_before) {
  auto statement = connection.prepare(
      "insert into knowledge_job (kind, version, priority, not_before) values (?1, ?2, ?3, ?4)"
      " on conflict (version, kind) do update set priority = ?3, not_before = ?4, failures = 0, starts = 0,"
      " owner = null, lease_until = 0");
  statement.bind_all(job_kind_name(kind), version, priority, not_before);
  statement.run();
}

}  // namespace bastide::storage::detail
