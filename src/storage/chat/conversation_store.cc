#include "storage/chat/conversation_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/crypto.h"
#include "base/text.h"
#include "storage/chat/fold.h"

namespace bastide::storage {
namespace {

using chat::Conversation;
using chat::ConversationPage;
using chat::MessageState;
using chat::Speaker;
using chat::StoredMessage;
using chat::StreamEvent;
using chat::StreamInfo;

constexpr std::size_t search_messages_max = 50'000;
constexpr std::size_t snippet_bytes = 140;
constexpr std::int64_t key_kept_ms = 24LL * 3600 * 1000;

constexpr std::string_view conversation_columns =
    "id, organisation, person, title, created_at, updated_at, leaf, label, settings";
constexpr std::string_view message_columns =
    "m.id, m.conversation, m.parent, m.speaker, m.state, m.created_at, m.exchange, m.stream, m.content, "
    "m.meta";

std::unexpected<Error> no_conversation() {
  return fail(Code::not_found, "There is no such conversation.", "no_conversation");
}

// Keysets are "updated_at.id".
std::pair<std::int64_t, std::string> parse_cursor(std::string_view after) {
  auto dot = after.find('.');
  if (dot == std::string_view::npos) return {std::numeric_limits<std::int64_t>::max(), "~"};
  std::int64_t at = 0;
  for (char c : after.substr(0, dot)) {
    if (c < '0' || c > '9' || at > (std::int64_t{1} << 55))
      return {std::numeric_limits<std::int64_t>::max(), "~"};
    at = at * 10 + (c - '0');
  }
  return {at, std::string(after.substr(dot + 1))};
}

std::string around(std::string_view text, std::size_t at) {
  auto from = at > snippet_bytes / 3 ? at - snippet_bytes / 3 : 0;
  while (from > 0 && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) --from;
  return std::string(utf8_prefix(text.substr(from), snippet_bytes));
}

class SqliteConversations final : public chat::ConversationStore {
 public:
  SqliteConversations(Database& database, KeyOf key_of) : database_(database), key_of_(std::move(key_of)) {}

  Result<void> create(const Conversation& c) override {
    auto key = key_of_(c.person);
    if (!key) return pass(key);
    return database_.write([&](Connection& db) {
      auto insert = db.prepare(
          "insert into conversation (id, organisation, person, title, created_at, updated_at, leaf, label, "
          "settings) "
          "values (?, ?, ?, ?, ?, ?, null, '', ?)");
      insert.bind(1, c.id).bind(2, c.organisation).bind(3, c.person);
      insert.bind_blob(4, seal(*key, c.title, c.id)).bind(5, c.created_at).bind(6, c.updated_at);
      insert.bind_blob(7, seal(*key, c.settings_json, c.id));
      insert.run();
    });
  }

  Result<Conversation> find(std::string_view id, std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<Conversation> {
      auto query = db.prepare(
          fmt::format("select {} from conversation where id = ? and person = ?", conversation_columns));
      query.bind(1, id).bind(2, person);
      if (!query.step()) return no_conversation();
      return read_conversation(query, *key);
    });
  }

  Result<ConversationPage> list(std::string_view person, std::string_view after, std::size_t limit) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<ConversationPage> {
      auto [at, id] = parse_cursor(after);
      auto query =
          db.prepare(fmt::format("select {} from conversation where person = ? and (updated_at, id) < (?, ?) "
                                 "order by updated_at desc, id desc limit ?",
                                 conversation_columns));
      query.bind(1, person).bind(2, at).bind(3, id).bind(4, limit + 1);
      ConversationPage page;
      while (query.step()) {
        if (page.conversations.size() == limit) {
          page.next = cursor(page.conversations.back());
          break;
        }
        auto conversation = read_conversation(query, *key);
        if (!conversation) return pass(conversation);
        page.conversations.push_back(std::move(*conversation));
        page.snippets.emplace_back();
      }
      return page;
    });
  }

  // Sealed text has no index: a person's own messages are opened and read, newest conversations first. 20,000
  // messages of 1 KB take some tens of milliseconds.
  Result<ConversationPage> search(std::string_view person, std::string_view words, std::string_view after,
                                  std::size_t limit) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    std::vector<std::string> needles;
    for (auto word : split(words, ' '))
      if (auto folded = fold(word); !folded.empty()) needles.push_back(std::move(folded));
    if (needles.empty()) return list(person, after, limit);
    return database_.read([&](Connection& db) -> Result<ConversationPage> {
      auto [at, id] = parse_cursor(after);
      auto conversations =
          db.prepare(fmt::format("select {} from conversation where person = ? and (updated_at, id) < (?, ?) "
                                 "order by updated_at desc, id desc",
                                 conversation_columns));
      conversations.bind(1, person).bind(2, at).bind(3, id);
      ConversationPage page;
      std::size_t opened = 0;
      while (conversations.step() && opened < search_messages_max) {
        auto conversation = read_conversation(conversations, *key);
        if (!conversation) return pass(conversation);
        std::string snippet;
        auto found = holds(db, *conversation, *key, needles, snippet, opened);
        if (!found) return pass(found);
        if (!*found) continue;
        if (page.conversations.size() == limit) {
          page.next = cursor(page.conversations.back());
          break;
        }
        page.conversations.push_back(std::move(*conversation));
        page.snippets.push_back(std::move(snippet));
      }
      return page;
    });
  }

  Result<void> update(std::string_view id, std::string_view person, std::optional<std::string> title,
                      std::optional<std::string> leaf) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.write([&](Connection& db) -> Result<void> {
      if (leaf) {
        auto known = db.prepare("select 1 from message where id = ? and conversation = ?");
        known.bind(1, *leaf).bind(2, id);
        if (!known.step())
          return fail(Code::not_found, "There is no such message in this conversation.", "no_message");
      }
      auto update = db.prepare(
          "update conversation set title = coalesce(?, title), leaf = coalesce(?, leaf) where id = ? and "
          "person = ?");
      title ? update.bind_blob(1, seal(*key, *title, id)) : update.bind_null(1);
      leaf ? update.bind(2, *leaf) : update.bind_null(2);
      update.bind(3, id).bind(4, person).run();
      if (db.changes() == 0) return no_conversation();
      return {};
    });
  }

  Result<void> remove(std::string_view id, std::string_view person) override {
    return database_.write([&](Connection& db) -> Result<void> {
      auto owned = db.prepare("select 1 from conversation where id = ? and person = ?");
      owned.bind(1, id).bind(2, person);
      if (!owned.step()) return no_conversation();
      db.prepare(
            "delete from stream_event where stream in (select stream from message where conversation = ?)")
          .bind(1, id)
          .run();
      db.prepare("delete from conversation where id = ?").bind(1, id).run();
      return {};
    });
  }

  Result<std::int64_t> remove_all(std::string_view person) override {
    return database_.write([&](Connection& db) {
      db.prepare("delete from stream_event where stream in (select id from stream where person = ?)")
          .bind_all(person)
          .run();
      db.prepare("delete from conversation where person = ?").bind_all(person).run();
      return db.changes();
    });
  }

  Result<std::vector<StoredMessage>> messages(std::string_view conversation,
                                              std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<std::vector<StoredMessage>> {
      auto query =
          db.prepare(fmt::format("select {} from message m join conversation c on c.id = m.conversation "
                                 "where m.conversation = ? and c.person = ? order by m.id",
                                 message_columns));
      query.bind(1, conversation).bind(2, person);
      std::vector<StoredMessage> out;
      while (query.step()) {
        auto message = read_message(query, *key);
        if (!message) return pass(message);
        out.push_back(std::move(*message));
      }
      return out;
    });
  }

  Result<StoredMessage> message(std::string_view id, std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<StoredMessage> {
      auto query =
          db.prepare(fmt::format("select {} from message m join conversation c on c.id = m.conversation "
                                 "where m.id = ? and c.person = ?",
                                 message_columns));
      query.bind(1, id).bind(2, person);
      if (!query.step()) return fail(Code::not_found, "There is no such message.", "no_message");
      return read_message(query, *key);
    });
  }

  Result<void> add_turn(std::string_view person, const Turn& turn) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.write([&](Connection& db) -> Result<void> {
      const auto& answer = turn.answer;
      auto update = db.prepare(
          "update conversation set updated_at = ?, leaf = ?, title = coalesce(?, title), settings = ? where "
          "id = ? and person = ?");
      update.bind(1, answer.created_at).bind(2, answer.id);
      turn.title ? update.bind_blob(3, seal(*key, *turn.title, answer.conversation)) : update.bind_null(3);
      update.bind_blob(4, seal(*key, turn.settings_json, answer.conversation));
      update.bind(5, answer.conversation).bind(6, person).run();
      if (db.changes() == 0) return no_conversation();
      if (turn.question) insert_message(db, *turn.question, *key);
      insert_message(db, answer, *key);
      db.prepare("insert into stream (id, message, person) values (?, ?, ?)")
          .bind_all(answer.stream, answer.id, person)
          .run();
      return turn.key ? insert_key(db, person, turn) : Result<void>();
    });
  }

  Result<std::optional<KeptTurn>> turn_of_key(std::string_view person, std::string_view key) override {
    return database_.read([&](Connection& db) -> std::optional<KeptTurn> {
      auto query = db.prepare(
          "select k.request, k.question, m.id, m.conversation, m.exchange, m.stream from turn_key k"
          " join message m on m.id = k.message where k.person = ? and k.key = ?");
      query.bind(1, person).bind_blob(2, key);
      if (!query.step()) return std::nullopt;
      KeptTurn kept{query.text(0), query.text(1), {}};
      kept.answer.id = query.text(2);
      kept.answer.conversation = query.text(3);
      kept.answer.exchange = query.text(4);
      kept.answer.stream = query.text(5);
      return kept;
    });
  }

  Result<void> append_events(std::span<const StreamEvent> events) override {
    return database_.write(
        [&](Connection& db) -> Result<void> {
          std::unordered_map<std::string, std::string> keys;  // by stream
          for (const auto& event : events) {
            auto key = keys.find(event.stream);
            if (key == keys.end()) {
              auto owner = owner_of(db, event.stream);
              if (!owner) continue;  // its conversation was deleted meanwhile
              auto made = key_of_(*owner);
              if (!made) return pass(made);
              key = keys.emplace(event.stream, std::move(*made)).first;
            }
            insert_event(db, event, key->second);
          }
          return {};
        },
        Durability::buffered);
  }

  Result<void> finish(const StoredMessage& answer, const StreamEvent& last, std::string_view label) override {
    return database_.write([&](Connection& db) -> Result<void> {
      auto owner = owner_of(db, answer.stream);
      if (!owner) return no_conversation();
      auto key = key_of_(*owner);
      if (!key) return pass(key);
      auto update = db.prepare("update message set state = ?, content = ?, meta = ? where id = ?");
      update.bind(1, static_cast<int>(answer.state)).bind_blob(2, seal(*key, answer.content, answer.id));
      update.bind_blob(3, seal(*key, answer.meta_json, answer.id)).bind(4, answer.id).run();
      insert_event(db, last, *key);
      db.prepare("update stream set ended_at = ? where id = ?").bind_all(now_ms(), answer.stream).run();
      if (!label.empty())
        db.prepare("update conversation set label = ?, updated_at = ? where id = ?")
            .bind_all(label, now_ms(), answer.conversation)
            .run();
      return {};
    });
  }

  Result<StreamInfo> stream(std::string_view id) override {
    return database_.read([&](Connection& db) -> Result<StreamInfo> {
      auto query = db.prepare("select id, message, person, ended_at from stream where id = ?");
      query.bind(1, id);
      if (!query.step()) return fail(Code::not_found, "There is no such stream.", "no_stream");
      return StreamInfo{query.text(0), query.text(1), query.text(2), !query.is_null(3)};
    });
  }

  Result<std::vector<StreamEvent>> events(std::string_view stream, std::uint64_t after,
                                          std::size_t limit) override {
    return database_.read([&](Connection& db) -> Result<std::vector<StreamEvent>> {
      std::vector<StreamEvent> out;
      auto owner = owner_of(db, stream);
      if (!owner) return out;
      auto key = key_of_(*owner);
      if (!key) return pass(key);
      auto query = db.prepare(
          "select seq, name, data from stream_event where stream = ? and seq > ? order by seq limit ?");
      query.bind(1, stream).bind(2, after).bind(3, limit);
      while (query.step()) {
        auto data = open_sealed(*key, query.view(2), stream);
        if (!data) return pass(data);
        out.push_back({std::string(stream), static_cast<std::uint64_t>(query.integer(0)), query.text(1),
                       std::move(*data)});
      }
      return out;
    });
  }

  Result<std::vector<StoredMessage>> running() override {
    return database_.read([&](Connection& db) -> Result<std::vector<StoredMessage>> {
      auto query = db.prepare(
          fmt::format("select {}, c.person from message m join conversation c on c.id = m.conversation "
                      "where m.state = 1",
                      message_columns));
      std::vector<StoredMessage> out;
      while (query.step()) {
        auto key = key_of_(query.view(10));
        if (!key) return pass(key);
        auto message = read_message(query, *key);
        if (!message) return pass(message);
        out.push_back(std::move(*message));
      }
      return out;
    });
  }

  Result<void> purge_events(UnixMillis before) override {
    return database_.write([&](Connection& db) {
      db.prepare("delete from stream_event where stream in (select id from stream where ended_at < ?)")
          .bind(1, before)
          .run();
    });
  }

 private:
  static Result<void> insert_key(Connection& db, std::string_view person, const Turn& turn) {
    const auto now = turn.answer.created_at;
    db.prepare("delete from turn_key where person = ? and created_at < ?")
        .bind_all(person, now - key_kept_ms)
        .run();
    auto insert = db.prepare(
        "insert into turn_key (person, key, request, message, question, created_at) values (?, ?, ?, ?, ?, ?)"
        " on conflict do nothing");
    insert.bind(1, person).bind_blob(2, turn.key->key).bind_blob(3, turn.key->request);
    insert.bind(4, turn.answer.id).bind(5, turn.question ? turn.question->id : std::string());
    insert.bind(6, now).run();
    if (db.changes() == 0) return fail(Code::conflict, "This was asked already.", "turn_exists");
    return {};
  }

  static std::string cursor(const Conversation& c) { return fmt::format("{}.{}", c.updated_at, c.id); }

  static std::optional<std::string> owner_of(Connection& db, std::string_view stream) {
    auto query = db.prepare("select person from stream where id = ?");
    query.bind(1, stream);
    if (!query.step()) return std::nullopt;
    return query.text(0);
  }

  static Result<Conversation> read_conversation(const Statement& row, const std::string& key) {
    auto id = row.text(0);
    auto title = open_sealed(key, row.view(3), id);
    if (!title) return pass(title);
    auto settings = open_sealed(key, row.view(8), id);
    if (!settings) return pass(settings);
    return Conversation{
        id,          row.text(1), row.text(2),         std::move(*title), row.integer(4), row.integer(5),
        row.text(6), row.text(7), std::move(*settings)};
  }

  static Result<StoredMessage> read_message(const Statement& row, const std::string& key) {
    StoredMessage out;
    out.id = row.text(0);
    out.conversation = row.text(1);
    out.parent = row.text(2);
    out.speaker = static_cast<Speaker>(row.integer(3));
    out.state = static_cast<MessageState>(row.integer(4));
    out.created_at = row.integer(5);
    out.exchange = row.text(6);
    out.stream = row.text(7);
    auto content = open_sealed(key, row.view(8), out.id);
    if (!content) return pass(content);
    auto meta = open_sealed(key, row.view(9), out.id);
    if (!meta) return pass(meta);
    out.content = std::move(*content);
    out.meta_json = std::move(*meta);
    return out;
  }

  static void insert_message(Connection& db, const StoredMessage& m, const std::string& key) {
    auto insert = db.prepare(
        "insert into message (id, conversation, parent, speaker, state, created_at, exchange, stream, "
        "content, meta) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, m.id).bind(2, m.conversation);
    m.parent.empty() ? insert.bind_null(3) : insert.bind(3, m.parent);
    insert.bind(4, static_cast<int>(m.speaker)).bind(5, static_cast<int>(m.state)).bind(6, m.created_at);
    insert.bind(7, m.exchange).bind(8, m.stream);
    insert.bind_blob(9, seal(key, m.content, m.id)).bind_blob(10, seal(key, m.meta_json, m.id)).run();
  }

  static void insert_event(Connection& db, const StreamEvent& event, const std::string& key) {
    auto insert = db.prepare("insert into stream_event (stream, seq, name, data) values (?, ?, ?, ?)");
    insert.bind(1, event.stream).bind(2, event.seq).bind(3, event.name);
    insert.bind_blob(4, seal(key, event.data_json, event.stream)).run();
  }

  // Whether title and messages together hold all needles; `snippet` is the place of the first in the newest
  // message.
  static Result<bool> holds(Connection& db, const Conversation& conversation, const std::string& key,
                            const std::vector<std::string>& needles, std::string& snippet,
                            std::size_t& opened) {
    std::vector<bool> seen(needles.size());
    auto look = [&](std::string_view text) {
      auto folded = fold(text);
      for (std::size_t i = 0; i < needles.size(); ++i) {
        auto at = folded.find(needles[i]);
        if (at == std::string::npos) continue;
        seen[i] = true;
        if (snippet.empty())
          snippet = around(text, byte_of_code_point(text, count_code_points(folded.substr(0, at))));
      }
    };
    auto query = db.prepare(
        fmt::format("select {} from message m where m.conversation = ? order by m.id desc", message_columns));
    query.bind(1, conversation.id);
    while (query.step()) {
      auto message = read_message(query, key);
      if (!message) return pass(message);
      ++opened;
      look(message->content);
      if (std::ranges::all_of(seen, std::identity{})) return true;
    }
    look(conversation.title);
    return std::ranges::all_of(seen, std::identity{});
  }

  Database& database_;
  KeyOf key_of_;
};
}  // namespace

std::unique_ptr<chat::ConversationStore> open_conversation_store(Database& database, KeyOf key_of) {
  return std::make_unique<SqliteConversations>(database, std::move(key_of));
}

}  // namespace bastide::storage
