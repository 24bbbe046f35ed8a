#include "storage/batches/batch_store.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "storage/batches/head.h"

namespace bastide::storage {
namespace {

using batches::Answer;
using batches::Batch;
using batches::BatchQuery;
using batches::Line;
using batches::State;
using batches::Verdict;

std::unexpected<Error> no_batch() { return fail(Code::not_found, "There is no such batch.", "no_batch"); }

/// What each seal is bound to.
std::string head_of(std::string_view id) { return std::string(id) + "/head"; }
std::string answer_of(std::string_view id, std::int64_t number) { return fmt::format("{}/{}", id, number); }

constexpr std::string_view columns =
    "id, person, door, created_at, state, cancelling_at, total, completed, failed, head";

Result<Batch> read(const Statement& row, const std::string& key) {
  Batch out;
  out.id = row.text(0);
  out.person = row.text(1);
  out.door = row.text(2);
  out.created_at = row.integer(3);
  out.state = static_cast<State>(row.integer(4));
  out.cancelling_at = row.integer(5);
  out.total = row.integer(6);
  out.completed = row.integer(7);
  out.failed = row.integer(8);
  auto head = open_sealed(key, row.view(9), head_of(out.id));
  if (!head) return pass(head);
  if (auto taken = batch_head::read(*head, out); !taken) return pass(taken);
  return out;
}

class SqliteBatches final : public batches::BatchStore {
 public:
  using KeyOf = std::function<Result<std::string>(std::string_view person)>;
  SqliteBatches(Database& database, KeyOf key_of) : database_(database), key_of_(std::move(key_of)) {}

  Result<void> add(const Batch& batch) override {
    auto head = seal_head(batch);
    if (!head) return pass(head);
    return database_.write([&](Connection& db) {
      auto insert = db.prepare(
          "insert into batch (id, person, door, created_at, state, cancelling_at, total, completed, failed,"
          " head) values (?, ?, ?, ?, ?, 0, ?, 0, 0, ?)");
      insert.bind(1, batch.id).bind(2, batch.person).bind(3, batch.door).bind(4, batch.created_at);
      insert.bind(5, static_cast<int>(batch.state)).bind(6, batch.total).bind_blob(7, *head).run();
    });
  }

  Result<Batch> find(std::string_view id, std::string_view person) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<Batch> {
      auto query = db.prepare(fmt::format("select {} from batch where id = ? and person = ?", columns));
      query.bind_all(id, person);
      if (!query.step()) return no_batch();
      return read(query, *key);
    });
  }

  Result<std::vector<Batch>> list(std::string_view person, const BatchQuery& asked) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<std::vector<Batch>> {
      auto query = db.prepare(
          fmt::format("select {} from batch where person = ?1 and door = ?2 and (?3 = '' or id < ?3)"
                      " order by id desc limit ?4 offset ?5",
                      columns));
      query.bind_all(person, asked.door, asked.after, asked.limit, asked.skip);
      std::vector<Batch> out;
      while (query.step()) {
        auto batch = read(query, *key);
        if (!batch) return pass(batch);
        out.push_back(std::move(*batch));
      }
      return out;
    });
  }

  Result<std::int64_t> count(std::string_view person, std::string_view door) override {
    return database_.read([&](Connection& db) {
      auto query = db.prepare("select count(*) from batch where person = ? and door = ?");
      query.bind_all(person, door);
      query.step();
      return query.integer(0);
    });
  }

  Result<std::vector<std::pair<std::string, std::string>>> unfinished() override {
    return database_.read([](Connection& db) {
      auto query = db.prepare("select id, person from batch where state < 3 order by created_at, id");
      std::vector<std::pair<std::string, std::string>> out;
      while (query.step()) out.emplace_back(query.text(0), query.text(1));
      return out;
    });
  }

  Result<void> set_cancelling(std::string_view id, std::string_view person, UnixMillis at) override {
    return database_.write([&](Connection& db) -> Result<void> {
      db.prepare("update batch set cancelling_at = ? where id = ? and person = ? and cancelling_at = 0")
          .bind_all(at, id, person)
          .run();
      return {};
    });
  }

  Result<void> update(const Batch& batch) override { return put(batch, {}, Lines::stay); }

  Result<void> begin(const Batch& batch, std::span<const Line> lines) override {
    return put(batch, lines, Lines::stay);
  }

  Result<void> finish(const Batch& batch) override { return put(batch, {}, Lines::go); }

  Result<std::vector<Line>> waiting(std::string_view id, std::int64_t after, std::size_t limit) override {
    return database_.read([&](Connection& db) {
      auto query = db.prepare(
          "select number, place, bytes from batch_line where batch = ? and state = 0 and number > ?"
          " order by number limit ?");
      query.bind_all(id, after, limit);
      std::vector<Line> out;
      while (query.step()) out.push_back({query.integer(0), query.integer(1), query.integer(2)});
      return out;
    });
  }

  Result<void> answer(std::string_view id, std::string_view person, const Answer& answer) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    const auto sealed = seal(*key, answer.json, answer_of(id, answer.number));
    return database_.write([&](Connection& db) -> Result<void> {
      auto update = db.prepare(
          "update batch_line set state = ?, answer = ? where batch = ? and number = ? and state = 0");
      update.bind(1, static_cast<int>(answer.verdict)).bind_blob(2, sealed).bind(3, id);
      update.bind(4, answer.number).run();
      if (db.changes() == 0) return {};
      const bool fine = answer.verdict == Verdict::answered;
      db.prepare("update batch set completed = completed + ?, failed = failed + ? where id = ?")
          .bind_all(fine ? 1 : 0, fine ? 0 : 1, id)
          .run();
      return {};
    });
  }

  Result<std::vector<Answer>> answers(std::string_view id, std::string_view person, std::int64_t after,
                                      std::size_t bytes_max) override {
    auto key = key_of_(person);
    if (!key) return pass(key);
    return database_.read([&](Connection& db) -> Result<std::vector<Answer>> {
      auto query = db.prepare(
          "select number, state, answer from batch_line where batch = ? and state > 0 and number > ?"
          " order by number");
      query.bind_all(id, after);
      std::vector<Answer> out;
      std::size_t bytes = 0;
      while (bytes < bytes_max && query.step()) {
        bytes += query.view(2).size();
        if (!out.empty() && bytes > bytes_max) break;
        const auto number = query.integer(0);
        auto json = open_sealed(*key, query.view(2), answer_of(id, number));
        if (!json) return pass(json);
        out.push_back({number, static_cast<Verdict>(query.integer(1)), std::move(*json)});
      }
      return out;
    });
  }

  Result<void> remove(std::string_view id, std::string_view person) override {
    return database_.write([&](Connection& db) -> Result<void> {
      db.prepare("delete from batch where id = ? and person = ?").bind_all(id, person).run();
      if (db.changes() == 0) return no_batch();
      return {};
    });
  }

  Result<std::int64_t> remove_all(std::string_view person) override {
    return database_.write([&](Connection& db) {
      db.prepare("delete from batch where person = ?").bind_all(person).run();
      return db.changes();
    });
  }

  Result<std::size_t> sweep(UnixMillis before, std::size_t limit) override {
    return database_.write([&](Connection& db) {
      db.prepare(
            "delete from batch where id in (select id from batch where state >= 3 and created_at < ? limit "
            "?)")
          .bind_all(before, limit)
          .run();
      return static_cast<std::size_t>(db.changes());
    });
  }

 private:
  enum class Lines : std::uint8_t { stay, go };

  Result<std::string> seal_head(const Batch& batch) {
    auto key = key_of_(batch.person);
    if (!key) return pass(key);
    return seal(*key, batch_head::write(batch), head_of(batch.id));
  }

  Result<void> put(const Batch& batch, std::span<const Line> added, Lines kept) {
    auto head = seal_head(batch);
    if (!head) return pass(head);
    return database_.write([&](Connection& db) -> Result<void> {
      auto update = db.prepare("update batch set state = ?, total = ?, head = ? where id = ? and person = ?");
      update.bind(1, static_cast<int>(batch.state)).bind(2, batch.total).bind_blob(3, *head);
      update.bind(4, batch.id).bind(5, batch.person).run();
      if (db.changes() == 0) return no_batch();
      for (const auto& line : added)
        db.prepare("insert into batch_line (batch, number, place, bytes, state) values (?, ?, ?, ?, 0)")
            .bind_all(batch.id, line.number, line.place, line.bytes)
            .run();
      if (kept == Lines::go) db.prepare("delete from batch_line where batch = ?").bind_all(batch.id).run();
      return {};
    });
  }

  Database& database_;
  const KeyOf key_of_;
};

}  // namespace

std::unique_ptr<batches::BatchStore> open_batch_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of) {
  return std::make_unique<SqliteBatches>(database, std::move(key_of));
}

}  // namespace bastide::storage
