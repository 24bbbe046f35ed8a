#include <list>
#include <mutex>
#include <unordered_map>

#include "base/crypto.h"
#include "base/time.h"
#include "storage/identity/sqlite_stores.h"

namespace bastide::storage {
namespace {
constexpr std::size_t key_bytes = 32;
constexpr std::size_t remembered_max = 20'000;
constexpr std::string_view no_key = "no_key";

/// The name of the row's owner is authenticated: a wrapped key moved to another row does not open.
std::string context_of(std::string_view person) { return "person key of " + std::string(person); }

class SqlitePersonKeys final : public identity::PersonKeys {
 public:
  SqlitePersonKeys(Database& database, std::string master_key, std::string organisation)
      : database_(database), master_key_(std::move(master_key)), organisation_(std::move(organisation)) {}

  Result<std::string> key_of(std::string_view person) override {
    std::uint64_t before = 0;
    {
      std::lock_guard lock(mutex_);
      if (auto known = remembered_.find(std::string(person)); known != remembered_.end())
        return known->second;
      before = destroyed_;
    }
    auto key = stored(person);
    if (!key && key.error().detail == no_key) key = make(person);
    if (!key) return key;
    std::lock_guard lock(mutex_);
    if (before != destroyed_) return key;
    if (remembered_.size() >= remembered_max) remembered_.clear();
    remembered_[std::string(person)] = *key;
    return key;
  }

  Result<void> destroy(std::string_view person) override {
    auto done = database_.write([&](Connection& c) {
      // Overwritten first: a deleted row may lie in a free page for long.
      c.prepare(
           "update person_key set wrapped = zeroblob(length(wrapped)) where person = ? and organisation = ?")
          .bind_all(person, organisation_)
          .run();
      // An empty one stays, so that none is made again.
      c.prepare(
           "insert into person_key (person, organisation, wrapped, created_at) values (?, ?, zeroblob(0), ?)"
           " on conflict do update set wrapped = excluded.wrapped")
          .bind_all(person, organisation_, now_ms())
          .run();
    });
    std::lock_guard lock(mutex_);
    ++destroyed_;
    remembered_.erase(std::string(person));
    return done;
  }

  /// Whether the master key opens what is stored.
  Result<void> check() {
    auto person = database_.read([&](Connection& c) {
      auto query =
          c.prepare("select person from person_key where organisation = ? and length(wrapped) > 0 limit 1");
      query.bind_all(organisation_);
      return query.step() ? query.text(0) : std::string();
    });
    if (!person) return pass(person);
    if (person->empty()) return {};
    if (stored(*person)) return {};
    return fail(Code::corrupt, "The master key is not the one that this data folder was written with.",
                "wrong_master_key", "Restore keys/master.key from the backup that the data came with.");
  }

 private:
  Result<std::string> stored(std::string_view person) {
    auto wrapped = database_.read([&](Connection& c) -> Result<std::string> {
      auto query = c.prepare("select wrapped from person_key where person = ? and organisation = ?");
      query.bind_all(person, organisation_);
      if (!query.step())
        return fail(Code::not_found, "There is no key for this person.", std::string(no_key));
      if (query.view(0).empty())
        return fail(Code::not_found, "This person was removed, and what was theirs was erased.",
                    "key_destroyed");
      return query.text(0);
    });
    if (!wrapped) return wrapped;
    return open_sealed(master_key_, *wrapped, context_of(person));
  }

  Result<std::string> make(std::string_view person) {
    auto wrapped = seal(master_key_, random_bytes(key_bytes), context_of(person));
    auto kept = database_.write([&](Connection& c) {
      auto statement = c.prepare(
          "insert into person_key (person, organisation, wrapped, created_at) values (?, ?, ?, ?) on "
          "conflict do nothing");
      statement.bind(1, person).bind(2, organisation_).bind_blob(3, wrapped).bind(4, now_ms()).run();
    });
    if (!kept) return pass(kept);
    return stored(person);  // another may have been quicker: the one that is stored counts
  }

  Database& database_;
  const std::string master_key_;
  const std::string organisation_;
  std::mutex mutex_;
  std::uint64_t destroyed_ = 0;
  std::unordered_map<std::string, std::string> remembered_;
};
}  // namespace

Result<std::unique_ptr<identity::PersonKeys>> open_person_keys(Database& database, std::string master_key,
                                                               std::string organisation) {
  auto keys = std::make_unique<SqlitePersonKeys>(database, std::move(master_key), std::move(organisation));
  if (auto fits = keys->check(); !fits) return pass(fits);
  return keys;
}

}  // namespace bastide::storage
