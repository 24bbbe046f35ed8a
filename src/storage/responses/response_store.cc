#include "storage/responses/response_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "storage/responses/conversation_items.h"

namespace bastide::storage {
namespace {

using responses::ChainBounds;
using responses::State;
using responses::StoredResponse;
using responses::StreamFrame;

std::unexpected<Error> no_response() {
  return fail(Code::not_found, "There is no such response.", "no_response");
}

// What each seal is bound to: one payload cannot take another's place.
std::string items_of(std::string_view id) { return std::string(id) + "/items"; }
std::string response_of(std::string_view id) { return std::string(id) + "/response"; }
std::string call_of(std::string_view id) { return std::string(id) + "/call"; }
std::string frame_of(std::string_view id, std::int64_t number) {
  return fmt::format("{}/frame/{}", id, number);
}

class SqliteResponses final : public responses::ResponseStore {
 public:
  using KeyOf = std::function<Result<std::string>(std::string_view person)>;
  SqliteResponses(Database& database, KeyOf key_of) : database_(database), key_of_(std::move(key_of)) {}

  Result<void> add(const StoredResponse& r, std::span<const StreamFrame> frames) override {
    auto key = key_of_(r.person);
    if (!key) return pass(key);
    const auto items = seal(*key, r.items_json, items_of(r.id));
    const auto response = seal(*key, r.response_json, response_of(r.id));
    const auto call = r.call_json.empty() ? std::string() : seal(*key, r.call_json, call_of(r.id));
    const auto sealed = seal_all(*key, r.id, frames);
    const auto said = seal_items(*key, r.chain, r.said);
    return database_.write([&](Connection& db) -> Result<void> {
      if (is_in_conversation(r) && !is_conversation(db, r.chain, r.person)) return no_conversation();
      db.prepare(
            "insert into response_chain (id, person, used_at) values (?, ?, ?)"
            " on conflict (id) do update set used_at = excluded.used_at")
          .bind_all(r.chain, r.person, r.created_at)
          .run();
      auto insert = db.prepare(
          "insert into response (id, chain, previous, person, created_at, label, items, response, state,"
          " background, call) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      insert.bind(1, r.id).bind(2, r.chain).bind(3, r.previous).bind(4, r.person);
      insert.bind(5, r.created_at).bind(6, r.label).bind_blob(7, items).bind_blob(8, response);
      insert.bind(9, static_cast<int>(r.state)).bind(10, r.in_background ? 1 : 0);
      call.empty() ? insert.bind_null(11) : insert.bind_blob(11, call);
      insert.run();
      name_items(db, r);
      put(db, r.id, sealed);
      put_items(db, r.chain, said);
      return {};
    });
  }

  Result<StoredResponse> find(std::string_view id, std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<StoredResponse> {
      auto query = select(db, id, person);
      if (!query.step()) return no_response();
      return read(query, *key);
    });
  }

  Result<std::vector<StoredResponse>> chain(std::string_view id, std::string_view person,
                                            ChainBounds bounds) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<std::vector<StoredResponse>> {
      std::vector<StoredResponse> out;
      std::size_t bytes = 0;
      for (std::string next(id); !next.empty(); next = out.back().previous) {
        auto query = select(db, next, person);
        if (!query.step()) return no_response();
        bytes += query.view(6).size() + query.view(7).size();
        if (out.size() == bounds.responses_max || bytes > bounds.bytes_max)
          return fail(Code::too_large, "The conversation is too long.", "conversation_too_long");
        auto response = read(query, *key);
        if (!response) return pass(response);
        out.push_back(std::move(*response));
      }
      std::ranges::reverse(out);
      return out;
    });
  }

  Result<StoredResponse> holding(std::string_view item, std::string_view person) override {
    auto id = database_.read([&](Connection& db) -> Result<std::string> {
      auto query = db.prepare(
          "select r.id from response_item i join response r on r.id = i.response"
          " where i.item = ? and r.person = ? order by r.created_at desc, r.id desc limit 1");
      query.bind(1, item).bind(2, person);
      if (!query.step()) return fail(Code::not_found, "There is no such item.", "no_item");
      return query.text(0);
    });
    if (!id) return pass(id);
    return find(*id, person);
  }

  Result<Removed> remove(std::string_view id, std::string_view person) override {
    return database_.write([&](Connection& db) -> Result<Removed> {
      Removed out;
      {
        auto query = db.prepare("delete from response where id = ? and person = ? returning chain");
        query.bind(1, id).bind(2, person);
        if (!query.step()) return no_response();
        out.chain = query.text(0);
        query.run();
      }
      db.prepare(
            "delete from response_chain where id = ?1 and not exists (select 1 from response where chain = "
            "?1)"
            " and not exists (select 1 from response_conversation where id = ?1)")
          .bind(1, out.chain)
          .run();
      out.was_last = db.changes() > 0;
      return out;
    });
  }

  Result<std::int64_t> remove_all(std::string_view person) override {
    return database_.write([&](Connection& db) {
      auto count = db.prepare("select count(*) from response where person = ?");
      count.bind(1, person);
      count.step();
      const auto responses = count.integer(0);
      db.prepare("delete from response_chain where person = ?").bind(1, person).run();
      return responses;
    });
  }

  Result<std::vector<std::string>> sweep(UnixMillis before, std::size_t limit) override {
    return database_.write([&](Connection& db) {
      std::vector<std::string> chains;
      {
        auto query = db.prepare("select id from response_chain where used_at < ? order by used_at limit ?");
        query.bind(1, before).bind(2, limit);
        while (query.step()) chains.push_back(query.text(0));
      }
      for (const auto& chain : chains)
        db.prepare("delete from response_chain where id = ?").bind(1, chain).run();
      return chains;
    });
  }

  Result<void> set_running(std::string_view id, std::string_view person,
                           std::string_view response_json) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    const auto response = seal(*key, response_json, response_of(id));
    return database_.write([&](Connection& db) -> Result<void> {
      auto update = db.prepare("update response set state = ?, response = ? where id = ? and person = ?");
      update.bind(1, static_cast<int>(State::running)).bind_blob(2, response).bind(3, id).bind(4, person);
      update.run();
      if (db.changes() == 0) return no_response();
      return {};
    });
  }

  Result<void> finish(const StoredResponse& r, std::span<const StreamFrame> frames) override {
    auto key = key_of_(r.person);
    if (!key) return pass(key);
    const auto response = seal(*key, r.response_json, response_of(r.id));
    const auto sealed = seal_all(*key, r.id, frames);
    const auto said = seal_items(*key, r.chain, r.said);
    return database_.write([&](Connection& db) -> Result<void> {
      auto update = db.prepare(
          "update response set state = 0, response = ?, label = ?, call = null where id = ? and person = ?");
      update.bind_blob(1, response).bind(2, r.label).bind(3, r.id).bind(4, r.person).run();
      if (db.changes() == 0) return no_response();
      name_items(db, r);
      put(db, r.id, sealed);
      put_items(db, r.chain, said);
      return {};
    });
  }

  Result<void> append(std::string_view id, std::string_view person,
                      std::span<const StreamFrame> frames) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    const auto sealed = seal_all(*key, id, frames);
    return database_.write(
        [&](Connection& db) -> Result<void> {
          if (!is_there(db, id, person)) return no_response();
          put(db, id, sealed);
          return {};
        },
        Durability::buffered);
  }

  Result<std::vector<StreamFrame>> frames(std::string_view id, std::string_view person, std::int64_t after,
                                          std::size_t limit) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<std::vector<StreamFrame>> {
      if (!is_there(db, id, person)) return no_response();
      auto query = db.prepare(
          "select number, frame from response_event where response = ? and number > ? order by number limit "
          "?");
      query.bind(1, id).bind(2, after).bind(3, limit);
      std::vector<StreamFrame> out;
      while (query.step()) {
        const auto number = query.integer(0);
        auto text = open_sealed(*key, query.view(1), frame_of(id, number));
        if (!text) return pass(text);
        out.push_back({number, std::move(*text)});
      }
      return out;
    });
  }

  Result<std::int64_t> next_number(std::string_view id, std::string_view person) override {
    return database_.read([&](Connection& db) -> Result<std::int64_t> {
      if (!is_there(db, id, person)) return no_response();
      auto query = db.prepare("select coalesce(max(number) + 1, 0) from response_event where response = ?");
      query.bind(1, id);
      query.step();
      return query.integer(0);
    });
  }

  Result<std::vector<Waiting>> waiting() override {
    return database_.read([](Connection& db) {
      auto query = db.prepare("select id, person from response where state <> 0 order by created_at, id");
      std::vector<Waiting> out;
      while (query.step()) out.push_back({query.text(0), query.text(1)});
      return out;
    });
  }

 private:
  static void name_items(Connection& db, const StoredResponse& r) {
    for (const auto& item : r.item_ids)
      db.prepare("insert into response_item (item, response) values (?, ?) on conflict do nothing")
          .bind_all(item, r.id)
          .run();
  }

  static bool is_there(Connection& db, std::string_view id, std::string_view person) {
    auto query = db.prepare("select 1 from response where id = ? and person = ?");
    query.bind(1, id).bind(2, person);
    return query.step();
  }

  static std::vector<StreamFrame> seal_all(const std::string& key, std::string_view id,
                                           std::span<const StreamFrame> frames) {
    std::vector<StreamFrame> out;
    out.reserve(frames.size());
    for (const auto& frame : frames)
      out.push_back({frame.number, seal(key, frame.text, frame_of(id, frame.number))});
    return out;
  }

  static void put(Connection& db, std::string_view id, const std::vector<StreamFrame>& sealed) {
    for (const auto& frame : sealed) {
      auto insert = db.prepare("insert into response_event (response, number, frame) values (?, ?, ?)");
      insert.bind(1, id).bind(2, frame.number).bind_blob(3, frame.text).run();
    }
  }

  static Statement select(Connection& db, std::string_view id, std::string_view person) {
    auto query = db.prepare(
        "select id, chain, previous, person, created_at, label, items, response, state, background, call"
        " from response"
        " where id = ? and person = ?");
    query.bind(1, id).bind(2, person);
    return query;
  }

  static Result<StoredResponse> read(const Statement& row, const std::string& key) {
    StoredResponse out;
    out.id = row.text(0);
    out.chain = row.text(1);
    out.previous = row.text(2);
    out.person = row.text(3);
    out.created_at = row.integer(4);
    out.label = row.text(5);
    auto items = open_sealed(key, row.view(6), items_of(out.id));
    if (!items) return pass(items);
    auto response = open_sealed(key, row.view(7), response_of(out.id));
    if (!response) return pass(response);
    out.items_json = std::move(*items);
    out.response_json = std::move(*response);
    out.state = static_cast<State>(row.integer(8));
    out.in_background = row.integer(9) != 0;
    if (row.is_null(10)) return out;
    auto call = open_sealed(key, row.view(10), call_of(out.id));
    if (!call) return pass(call);
    out.call_json = std::move(*call);
    return out;
  }

  Database& database_;
  KeyOf key_of_;
};

}  // namespace

std::unique_ptr<responses::ResponseStore> open_response_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of) {
  return std::make_unique<SqliteResponses>(database, std::move(key_of));
}

}  // namespace bastide::storage
