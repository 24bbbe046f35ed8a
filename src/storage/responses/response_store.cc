#include "storage/responses/response_store.h"

#include <algorithm>

#include "base/crypto.h"

namespace bastide::storage {
namespace {

using responses::ChainBounds;
using responses::StoredResponse;

std::unexpected<Error> no_response() {
  return fail(Code::not_found, "There is no such response.", "no_response");
}

// What each seal is bound to: one payload cannot take another's place.
std::string items_of(std::string_view id) { return std::string(id) + "/items"; }
std::string response_of(std::string_view id) { return std::string(id) + "/response"; }

class SqliteResponses final : public responses::ResponseStore {
 public:
  using KeyOf = std::function<Result<std::string>(std::string_view person)>;
  SqliteResponses(Database& database, KeyOf key_of) : database_(database), key_of_(std::move(key_of)) {}

  Result<void> add(const StoredResponse& r) override {
    auto key = key_of_(r.person);
    if (!key) return pass(key);
    const auto items = seal(*key, r.items_json, items_of(r.id));
    const auto response = seal(*key, r.response_json, response_of(r.id));
    return database_.write([&](Connection& db) {
      db.prepare(
            "insert into response_chain (id, person, used_at) values (?, ?, ?)"
            " on conflict (id) do update set used_at = excluded.used_at")
          .bind_all(r.chain, r.person, r.created_at)
          .run();
      auto insert = db.prepare(
          "insert into response (id, chain, previous, person, created_at, label, items, response)"
          " values (?, ?, ?, ?, ?, ?, ?, ?)");
      insert.bind(1, r.id).bind(2, r.chain).bind(3, r.previous).bind(4, r.person);
      insert.bind(5, r.created_at).bind(6, r.label).bind_blob(7, items).bind_blob(8, response).run();
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
            "?1)")
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

 private:
  static Statement select(Connection& db, std::string_view id, std::string_view person) {
    auto query = db.prepare(
        "select id, chain, previous, person, created_at, label, items, response from response"
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
