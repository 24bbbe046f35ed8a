#include "storage/responses/response_conversation_store.h"

#include "base/crypto.h"
#include "storage/responses/conversation_items.h"

namespace bastide::storage {
namespace {

using responses::ChainBounds;
using responses::ConversationItem;
using responses::StoredConversation;

std::unexpected<Error> no_item() { return fail(Code::not_found, "There is no such item.", "no_item"); }
std::unexpected<Error> too_long() {
  return fail(Code::too_large, "The conversation is too long.", "conversation_too_long");
}

std::string metadata_of(std::string_view id) { return std::string(id) + "/metadata"; }

class SqliteConversations final : public responses::ConversationStore {
 public:
  using KeyOf = std::function<Result<std::string>(std::string_view person)>;
  SqliteConversations(Database& database, KeyOf key_of) : database_(database), key_of_(std::move(key_of)) {}

  Result<void> create(const StoredConversation& c, std::span<const ConversationItem> items) override {
    auto key = key_of_(c.person);
    if (!key) return pass(key);
    const auto metadata = seal(*key, c.metadata_json, metadata_of(c.id));
    const auto sealed = seal_items(*key, c.id, items);
    return database_.write([&](Connection& db) {
      db.prepare("insert into response_chain (id, person, used_at) values (?, ?, ?)")
          .bind_all(c.id, c.person, c.created_at)
          .run();
      auto insert =
          db.prepare("insert into response_conversation (id, created_at, metadata) values (?, ?, ?)");
      insert.bind(1, c.id).bind(2, c.created_at).bind_blob(3, metadata).run();
      put_items(db, c.id, sealed);
    });
  }

  Result<StoredConversation> find(std::string_view id, std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<StoredConversation> {
      auto query = db.prepare(
          "select c.created_at, c.metadata from response_conversation c join response_chain h on h.id = c.id"
          " where c.id = ? and h.person = ?");
      query.bind(1, id).bind(2, person);
      if (!query.step()) return no_conversation();
      auto metadata = open_sealed(*key, query.view(1), metadata_of(id));
      if (!metadata) return pass(metadata);
      return StoredConversation{std::string(id), std::string(person), query.integer(0), std::move(*metadata)};
    });
  }

  Result<void> set_metadata(std::string_view id, std::string_view person,
                            std::string_view metadata_json) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    const auto metadata = seal(*key, metadata_json, metadata_of(id));
    return database_.write([&](Connection& db) -> Result<void> {
      if (!is_conversation(db, id, person)) return no_conversation();
      auto update = db.prepare("update response_conversation set metadata = ? where id = ?");
      update.bind_blob(1, metadata).bind(2, id).run();
      return {};
    });
  }

  Result<void> remove(std::string_view id, std::string_view person) override {
    return database_.write([&](Connection& db) -> Result<void> {
      if (!is_conversation(db, id, person)) return no_conversation();
      db.prepare("delete from response_chain where id = ?").bind(1, id).run();
      return {};
    });
  }

  Result<std::vector<ConversationItem>> items(std::string_view id, std::string_view person,
                                              ChainBounds bounds) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<std::vector<ConversationItem>> {
      if (!is_conversation(db, id, person)) return no_conversation();
      auto query = db.prepare(
          "select item, label, content from response_conversation_item where conversation = ? order by "
          "position");
      query.bind(1, id);
      std::vector<ConversationItem> out;
      std::size_t bytes = 0;
      while (query.step()) {
        bytes += query.view(2).size();
        if (out.size() == bounds.responses_max || bytes > bounds.bytes_max) return too_long();
        auto item = read(query, *key, id);
        if (!item) return pass(item);
        out.push_back(std::move(*item));
      }
      return out;
    });
  }

  Result<void> append(std::string_view id, std::string_view person, std::span<const ConversationItem> items,
                      std::size_t items_max) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    const auto sealed = seal_items(*key, id, items);
    return database_.write([&](Connection& db) -> Result<void> {
      if (!is_conversation(db, id, person)) return no_conversation();
      if (static_cast<std::size_t>(count_of(db, id)) + items.size() > items_max) return too_long();
      for (const auto& item : items)
        if (holds(db, id, item.id))
          return fail(Code::invalid, "An item of this id is in the conversation.", "duplicate_item",
                      "Leave its id out.");
      put_items(db, id, sealed);
      db.prepare("update response_chain set used_at = ? where id = ?").bind_all(now_ms(), id).run();
      return {};
    });
  }

  Result<void> remove_item(std::string_view id, std::string_view person, std::string_view item) override {
    return database_.write([&](Connection& db) -> Result<void> {
      if (!is_conversation(db, id, person)) return no_conversation();
      db.prepare("delete from response_conversation_item where conversation = ? and item = ?")
          .bind_all(id, item)
          .run();
      if (db.changes() == 0) return no_item();
      return {};
    });
  }

  Result<ConversationItem> item_of(std::string_view id, std::string_view person,
                                   std::string_view item) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<ConversationItem> {
      if (!is_conversation(db, id, person)) return no_conversation();
      auto query = db.prepare(
          "select item, label, content from response_conversation_item where item = ? and conversation = ?");
      query.bind(1, item).bind(2, id);
      if (!query.step()) return no_item();
      return read(query, *key, id);
    });
  }

  Result<ConversationItem> holding(std::string_view item, std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<ConversationItem> {
      auto query = db.prepare(
          "select i.item, i.label, i.content, i.conversation from response_conversation_item i"
          " join response_chain h on h.id = i.conversation where i.item = ? and h.person = ?"
          " order by h.used_at desc limit 1");
      query.bind(1, item).bind(2, person);
      if (!query.step()) return no_item();
      return read(query, *key, query.text(3));
    });
  }

 private:
  static Result<ConversationItem> read(const Statement& row, const std::string& key,
                                       std::string_view conversation) {
    ConversationItem out{row.text(0), {}, row.text(1)};
    auto json = open_sealed(key, row.view(2), content_of(conversation, out.id));
    if (!json) return pass(json);
    out.json = std::move(*json);
    return out;
  }

  static std::int64_t count_of(Connection& db, std::string_view id) {
    auto query = db.prepare("select count(*) from response_conversation_item where conversation = ?");
    query.bind(1, id);
    query.step();
    return query.integer(0);
  }

  static bool holds(Connection& db, std::string_view id, std::string_view item) {
    auto query = db.prepare("select 1 from response_conversation_item where item = ? and conversation = ?");
    query.bind(1, item).bind(2, id);
    return query.step();
  }

  Database& database_;
  KeyOf key_of_;
};

}  // namespace

std::unique_ptr<responses::ConversationStore> open_response_conversation_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of) {
  return std::make_unique<SqliteConversations>(database, std::move(key_of));
}

}  // namespace bastide::storage
