// Who is who: sign-in, sessions, API keys, people and groups.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/account.h"
#include "identity/key_table.h"
#include "identity/ports.h"
#include "identity/principal_cache.h"
#include "identity/throttle.h"
#include "identity/uses.h"

namespace bastide::identity {

/// From where somebody signs in.
struct Client {
  std::string address;           // IP, for limits and for the person's list of sessions
  std::string agent;             // User-Agent
  std::string previous_token{};  // the session cookie that came along, which the new one replaces
};

/// A session that was just begun or just recognised.
struct SignedIn {
  std::string token;  // the cookie's value; empty when the session was only recognised
  std::string session;
  std::string csrf;
  Principal who;
  Person person;  // without password_hash
  UnixMillis expires_at = 0;
};

struct NewLink {
  std::string person;  // empty for the first administrator
  std::string token;   // for /welcome#TOKEN
  UnixMillis expires_at = 0;
};

/// What the page of a one-time link shows before it is used.
struct LinkView {
  LinkKind kind = LinkKind::invitation;
  std::string email;  // empty for the first administrator, who chooses
  std::string name;
};

struct NewPerson {
  std::string email;
  std::string name;
  Role role = Role::member;
  std::optional<std::string> password{};  // none: an invitation link is made
  std::string language{};                 // fr, en, or empty: as the browser says
};

struct AddedPerson {
  std::string id;
  std::optional<NewLink> link;
};

struct MeChanges {
  std::optional<std::string> name{};
  std::optional<std::string> language{};
  std::optional<bool> notice_seen{};
  struct Password {
    std::string old_one;
    std::string new_one;
  };
  std::optional<Password> password{};
};

struct NewKey {
  std::string id;
  std::string secret;  // shown once, stored nowhere
};

struct SessionView {
  std::string id;
  UnixMillis created_at = 0;
  UnixMillis used_at = 0;
  std::string client;
  std::string address;
  bool current = false;
};

struct GroupView {
  std::string id;
  std::string name;
  /// "user:EMAIL" and "group:NAME"; empty for those who may not see members.
  std::vector<std::string> members;
};

struct Options {
  std::string organisation = "default";
  std::function<UnixMillis()> now = now_ms;
  std::function<Result<std::string>(std::string_view)> hash_password;       // empty: argon2id
  std::function<bool(std::string_view, std::string_view)> verify_password;  // hash, password
  std::ptrdiff_t hashes_at_once = 2;                                        // 64 MiB each
  Millis check_every{500};          // for changes made by other processes
  Millis write_uses_every{15'000};  // times of last use
  std::size_t cached_max = 20'000;  // principals in memory
};

/// Thread-safe. Methods block (on the store, and sign-in some 60 ms on argon2id): call them on a pool, save
/// `cached_key` and `cached_session`, which answer from memory in microseconds and belong on the loop.
/// What `actor` may not do is Code::forbidden.
class Identity {
 public:
  /// What `stores` refer to must outlive this. Starts a thread that notices changes of other processes.
  Identity(Stores stores, Options options);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  // --- who calls
  // ------------------------------------------------------------------------------------------------
  /// Nothing: ask `authenticate_key` on a pool, which may say no. `address`: from where the key is used; one
  /// that is limited to others is Code::forbidden, detail "key_address".
  [[nodiscard]] std::optional<Result<Principal>> cached_key(std::string_view secret,
                                                            std::string_view address);
  [[nodiscard]] std::optional<SignedIn> cached_session(std::string_view token);
  /// Code::unauthenticated for an unknown, revoked or expired one, in the same words.
  Result<Principal> authenticate_key(std::string_view secret, std::string_view address);
  /// All keys in memory, at most a second behind changes of other processes: for loops that find the caller
  /// of each call. Believe it while `memory_is_fresh`.
  [[nodiscard]] const KeyTable& key_table() const { return keys_; }
  /// Whether the store was asked for changes in the last seconds.
  [[nodiscard]] bool memory_is_fresh() const;
  Result<SignedIn> authenticate_session(std::string_view token);
  /// Whether `given` is the CSRF token of the session whose cookie is `token`. Pure.
  [[nodiscard]] static bool csrf_matches(std::string_view token, std::string_view given);
  /// Counts up with every change, here or by another process, that may make a Principal differ. Lock-free.
  [[nodiscard]] std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  /// The principal of the command line: may do all, and is no person. For commands that act as somebody use
  /// `act_as`.
  [[nodiscard]] Principal command_line() const;
  /// A person as principal, by e-mail, for commands on the machine itself. Code::not_found; Code::forbidden
  /// when disabled.
  Result<Principal> act_as(std::string_view email);

  // --- sign-in
  // ----------------------------------------------------------------------------------------------------
  /// Code::unauthenticated in the same words and time whether or not the account exists; Code::rate_limited
  /// while locked: see `sign_in_wait`.
  Result<SignedIn> sign_in(std::string_view email, std::string_view password, const Client& client);
  /// How long sign-in of this account or from this address is refused; zero when it is not.
  [[nodiscard]] std::chrono::seconds sign_in_wait(std::string_view email, std::string_view address);
  Result<void> sign_out(std::string_view token);
  Result<std::vector<SessionView>> sessions(const Principal& actor, std::string_view current_session);
  Result<void> end_session(const Principal& actor, std::string_view session);

  // --- first start and one-time links
  // -------------------------------------------------------------------------------
  [[nodiscard]] Result<bool> setup_needed();
  /// A new link for the first administrator, which voids the one before; nothing when there is a person. Call
  /// at each start.
  Result<std::optional<NewLink>> first_administrator_link();
  /// Code::not_found when it is unknown, used or expired.
  Result<LinkView> link(std::string_view token);
  /// Uses a link up and signs in. `email` counts for the first administrator only; an empty `name` keeps the
  /// one there is.
  Result<SignedIn> use_link(std::string_view token, std::string_view email, std::string_view name,
                            std::string_view password, const Client& client);
  /// For somebody who forgot the password: admin.
  Result<NewLink> reset_link(const Principal& actor, std::string_view person);

  // --- people
  // -------------------------------------------------------------------------------------------------------
  Result<Person> me(const Principal& actor);
  /// A new password ends the other sessions. `current_token`: the session that stays.
  Result<Person> update_me(const Principal& actor, const MeChanges& changes, std::string_view current_token);
  /// Admin and manager.
  Result<Page<Person>> people(const Principal& actor, std::string_view query, const PageFrom& from);
  /// Admin; managers may add members.
  Result<AddedPerson> add_person(const Principal& actor, const NewPerson& person);
  /// Admin.
  Result<Person> update_person(const Principal& actor, std::string_view person, std::optional<Role> role,
                               std::optional<bool> disabled);

  /// Admin: the account and what lets it in. What is kept of the person elsewhere is to be erased first:
  /// while that goes on, the account is best disabled.
  Result<void> remove_person(const Principal& actor, std::string_view person);

  /// At once, without a link: the command line.
  Result<void> set_password(const Principal& actor, std::string_view email, std::string_view password);

  // --- groups: everybody sees names, admin and manager members and changes
  // ------------------------------------------
  Result<Page<GroupView>> groups(const Principal& actor, std::string_view query, const PageFrom& from);
  Result<GroupView> group(const Principal& actor, std::string_view id);
  /// Members are "user:EMAIL" or "group:NAME". Gives the id.
  Result<std::string> add_group(const Principal& actor, std::string_view name,
                                const std::vector<std::string>& members);
  Result<void> update_group(const Principal& actor, std::string_view id,
                            const std::optional<std::string>& name,
                            const std::optional<std::vector<std::string>>& members);
  Result<void> remove_group(const Principal& actor, std::string_view id);

  // --- API keys
  // -----------------------------------------------------------------------------------------------------
  Result<Page<ApiKey>> keys(const Principal& actor, const PageFrom& from);  // one's own; `hash` is left out
  /// For oneself, or with Via::command for `person`. A key with scopes may not make keys.
  /// Without guards, or with less than they enforce: admin.
  Result<NewKey> add_key(const Principal& actor, std::string_view person, std::string_view name,
                         KeySettings settings);
  /// A new secret for the same key; the one it had opens for `overlap` more, at most 90 days. One's own; an
  /// admin anybody's.
  Result<NewKey> rotate_key(const Principal& actor, std::string_view id, std::chrono::seconds overlap);
  /// What a person, group or key is called, for reports; empty when it is gone. Blocks. `kind`: "person",
  /// "group" or "key".
  [[nodiscard]] std::string name_of(std::string_view kind, const std::string& id);
  /// One's own; an admin anybody's.
  Result<void> revoke_key(const Principal& actor, std::string_view id);

  // --- readers: who may read a collection
  // -----------------------------------------------------------------------------
  /// "user:EMAIL", "group:NAME" or "everyone" as a stable id: "p:per_…", "g:grp_…", "everyone".
  Result<std::string> reader_id(std::string_view text);
  /// The other way. Code::not_found for one that was deleted.
  Result<std::string> reader_text(std::string_view id);

 private:
  // Sign-in.
  Result<std::string> hash_bounded(std::string_view password);
  Result<bool> verify_bounded(std::string_view hash, std::string_view password);
  Result<std::string> hash_new_password(std::string_view password, std::string_view email,
                                        std::string_view name);
  Result<SignedIn> begin_session(std::string_view person, const Client& client);
  static Result<Principal> speak(const KeyEntry& entry, std::string_view address, UnixMillis now);
  bool load_keys();
  void follow_keys();
  [[nodiscard]] std::pair<NewLink, Link> make_link(LinkKind kind, const std::string& person) const;
  // Groups.
  Result<Members> resolve_members(const std::vector<std::string>& members);
  Result<std::vector<std::string>> member_texts(std::string_view group);
  // Memory.
  void forget_all();
  void watch();
  void write_uses();
  void write_failures();

  Stores stores_;
  const Options options_;
  Throttle throttle_;
  PrincipalCache cache_;
  Uses session_uses_;
  KeyTable keys_;
  std::mutex loading_keys_;  // so that no older reading takes the place of a newer
  std::counting_semaphore<> hashing_;
  std::atomic<Steady::time_point> checked_at_;  // when the generation was last known
  std::atomic<std::uint64_t> changes_{0};
  std::int64_t generation_ = 0;        // of the watching thread
  std::int64_t keys_generation_ = -1;  // of the keys it has read
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread watcher_;
};

/// All reader ids that `who` matches: "everyone", the person, each group. Sorted.
[[nodiscard]] std::vector<std::string> readers_of(const Principal& who);

}  // namespace bastide::identity
