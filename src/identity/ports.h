// What identity needs to have stored: four ports, which storage/identity implements. All methods are
// thread-safe and may block. A store belongs to one organisation and sees no other's rows. Every method that
// changes something is one transaction and durable when it returns, unless it says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/account.h"

namespace bastide::identity {

/// Empty fields let everything through.
struct PersonFilter {
  /// Of search_words: those persons whose name or e-mail has, for each of these words, one that begins with
  /// it.
  std::string words;
  std::string email_prefix;
};

class PersonStore {
 public:
  virtual ~PersonStore() = default;
  [[nodiscard]] virtual Result<bool> any() = 0;
  /// Code::conflict, detail "email_taken". `link` is stored with the person when given.
  virtual Result<void> add(const Person& person, const std::optional<Link>& link) = 0;
  /// Code::not_found when there is none.
  virtual Result<Person> find(std::string_view id) = 0;
  virtual Result<Person> find_by_email(std::string_view email) = 0;
  virtual Result<PersonInGroups> find_in_groups(std::string_view id) = 0;
  /// By e-mail.
  virtual Result<Page<Person>> list(const PersonFilter& filter, const PageFrom& from) = 0;
  /// Code::not_found; Code::conflict, detail "last_admin", when no enabled administrator with a password
  /// would be left.
  virtual Result<Person> update(std::string_view id, const PersonChanges& changes, UnixMillis now) = 0;
  /// Their sessions, keys, links and memberships go with them. Errors as of update.
  virtual Result<void> remove(std::string_view id) = 0;

  // One-time links.
  /// Replaces those of the same kind for the same person. Code::conflict, detail "people_exist", for a link
  /// of the first administrator when there is a person.
  virtual Result<void> add_link(const Link& link) = 0;
  /// Code::not_found when it is unknown or has expired at `now`.
  virtual Result<Link> find_link(std::string_view hash, UnixMillis now) = 0;
  /// Uses up the link of the first administrator and adds `person`. Code::not_found as find_link;
  /// Code::conflict, detail "people_exist", when somebody was quicker.
  virtual Result<void> redeem_first(std::string_view hash, const Person& person, UnixMillis now) = 0;
  /// Uses up an invitation or a reset: applies `changes` to its person, ends their sessions. Code::not_found.
  virtual Result<Person> redeem(std::string_view hash, const PersonChanges& changes, UnixMillis now) = 0;

  /// Counts up with every change, of this process or of another, that may make a Principal differ or void a
  /// session or a key. Quick: asked for each second.
  [[nodiscard]] virtual Result<std::int64_t> generation() = 0;
};

struct Use {
  std::string id;
  UnixMillis at = 0;
};

/// Failed sign-ins of one account name or address. None left: 0.
struct Failures {
  std::string key;  // a hash, or an address
  int count = 0;
  UnixMillis last_at = 0;
  UnixMillis locked_until = 0;
};

class SessionStore {
 public:
  struct Found {
    Session session;
    PersonInGroups who;
  };
  virtual ~SessionStore() = default;
  /// Also forgets sessions that ended before `now`, a few at a time, and all but the person's newest 50.
  virtual Result<void> add(const Session& session, UnixMillis now) = 0;
  /// Code::not_found; a disabled person's too. Expiry is the caller's to judge.
  virtual Result<Found> find(std::string_view hash) = 0;
  /// Newest use first.
  virtual Result<std::vector<Session>> of_person(std::string_view person) = 0;
  /// By hash; fine when it is not there.
  virtual Result<void> end(std::string_view hash) = 0;
  /// Code::not_found when the person has no session of that id.
  virtual Result<void> end_by_id(std::string_view person, std::string_view id) = 0;
  virtual Result<void> end_all_but(std::string_view person, std::string_view hash_kept) = 0;
  /// Times of last use, many at once; not fsynced.
  virtual Result<void> used(std::span<const Use> uses) = 0;
  /// Sets what is known of these keys, and forgets those last seen before `forget_before`; not fsynced.
  virtual Result<void> keep_failures(std::span<const Failures> failures, UnixMillis forget_before) = 0;
  /// Newest first, at most `limit`.
  virtual Result<std::vector<Failures>> failures(std::size_t limit) = 0;
};

class KeyStore {
 public:
  struct Found {
    ApiKey key;
    PersonInGroups who;
  };
  virtual ~KeyStore() = default;
  /// Code::conflict, detail "too_many_keys", when the person would have more than `keys_max`.
  virtual Result<void> add(const ApiKey& key, std::size_t keys_max) = 0;
  /// By the hash of its secret or of the one before. Code::not_found; revoked keys and disabled persons' too.
  virtual Result<Found> find(std::string_view hash) = 0;
  /// Those not revoked, newest first.
  virtual Result<Page<ApiKey>> of_person(std::string_view person, const PageFrom& from) = 0;
  /// Code::not_found. `person` empty: anybody's.
  virtual Result<void> revoke(std::string_view person, std::string_view id, UnixMillis now) = 0;
  virtual Result<void> used(std::span<const Use> uses) = 0;
  /// Every key that is not revoked, of persons who are not disabled.
  virtual Result<std::vector<Found>> usable() = 0;
  /// Counts up with every change that may make `usable` differ. Ends of sessions, which are many, do not.
  [[nodiscard]] virtual Result<std::int64_t> generation() = 0;
  /// Gives the key a new secret; the one it had opens until `previous_until`, the one before it no more.
  /// Code::not_found. `person` empty: anybody's.
  virtual Result<void> rotate(std::string_view person, std::string_view id, std::string_view hash,
                              std::string_view prefix, UnixMillis previous_until) = 0;
};

/// Ids of persons and groups that are members.
struct Members {
  std::vector<std::string> persons;
  std::vector<std::string> groups;
};

class GroupStore {
 public:
  virtual ~GroupStore() = default;
  /// Code::conflict, detail "name_taken" (names differ by more than case) or "cycle"; Code::not_found for a
  /// member.
  virtual Result<void> add(const Group& group, const Members& members) = 0;
  virtual Result<Group> find(std::string_view id) = 0;
  virtual Result<Group> find_by_name(std::string_view name) = 0;
  /// By name, without regard to case; `words` as in PersonFilter.
  virtual Result<Page<Group>> list(std::string_view words, const PageFrom& from) = 0;
  virtual Result<Members> members(std::string_view id) = 0;
  /// `members` replaces all. Errors as of add, and Code::not_found.
  virtual Result<void> update(std::string_view id, const std::optional<std::string>& name,
                              const std::optional<Members>& members) = 0;
  virtual Result<void> remove(std::string_view id) = 0;
};

/// The four together; what they refer to must outlive the user.
struct Stores {
  PersonStore& persons;
  SessionStore& sessions;
  KeyStore& keys;
  GroupStore& groups;
};

}  // namespace bastide::identity
