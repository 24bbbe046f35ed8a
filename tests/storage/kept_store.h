// A store on a database of its own, which a test may close and open again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "storage/sqlite/database.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {

/// The key that seals what a person left, for stores that ask for one.
inline Result<std::string> key_of_person(std::string_view person) { return std::string(32, person.back()); }

template <class Store>
class KeptStore {
 public:
  using Open = std::function<std::unique_ptr<Store>(Database&)>;
  explicit KeptStore(Open make) : make_(std::move(make)) { open(); }
  ~KeptStore() { close(); }
  KeptStore(const KeptStore&) = delete;
  KeptStore& operator=(const KeptStore&) = delete;

  /// Again: as after a restart.
  void open() {
    close();
    database = std::move(*Database::open(scratch / "test.db"));
    store = make_(*database);
  }
  void close() {
    store.reset();
    database.reset();
  }
  /// How many rows a table has.
  std::int64_t count(const std::string& table) {
    return database
        ->read([&](Connection& db) {
          auto query = db.prepare("select count(*) from " + table);
          query.step();
          return query.integer(0);
        })
        .value();
  }

  Scratch scratch;
  std::unique_ptr<Database> database;
  std::unique_ptr<Store> store;

 private:
  Open make_;
};

}  // namespace bastide::storage
