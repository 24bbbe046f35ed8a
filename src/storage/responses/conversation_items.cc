#include "storage/responses/conversation_items.h"

#include "base/crypto.h"

namespace bastide::storage {

using responses::ConversationItem;

std::unexpected<Error> no_conversation() {
  return fail(Code::not_found, "There is no such conversation.", "no_conversation");
}

bool is_conversation(Connection& db, std::string_view id, std::string_view person) {
  auto query = db.prepare(
      "select 1 from response_conversation c join response_chain h on h.id = c.id where c.id = ? and "
      "h.person = ?");
  query.bind(1, id).bind(2, person);
  return query.step();
}

std::string content_of(std::string_view conversation, std::string_view item) {
  return std::string(conversation) + "/" + std::string(item);
}

std::vector<ConversationItem> seal_items(const std::string& key, std::string_view conversation,
                                         std::span<const ConversationItem> items) {
  std::vector<ConversationItem> out;
  out.reserve(items.size());
  for (const auto& item : items)
    out.push_back({item.id, seal(key, item.json, content_of(conversation, item.id)), item.label});
  return out;
}

void put_items(Connection& db, std::string_view conversation, std::span<const ConversationItem> sealed) {
  std::int64_t position = 0;
  {
    auto query = db.prepare(
        "select coalesce(max(position) + 1, 0) from response_conversation_item where conversation = ?");
    query.bind(1, conversation);
    query.step();
    position = query.integer(0);
  }
  for (const auto& item : sealed) {
    auto insert = db.prepare(
        "insert or replace into response_conversation_item (conversation, position, item, label, content)"
        " values (?, ?, ?, ?, ?)");
    insert.bind(1, conversation).bind(2, position++).bind(3, item.id).bind(4, item.label);
    insert.bind_blob(5, item.json).run();
  }
}

}  // namespace bastide::storage
