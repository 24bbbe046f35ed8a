// What is stored about people, groups, sessions, keys and one-time links.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "identity/principal.h"

namespace bastide::identity {

struct Person {
  std::string id{};     // per_…
  std::string email{};  // normalised
  std::string name{};
  Role role = Role::member;
  std::string language{};       // fr or en; empty: as the browser says
  std::string password_hash{};  // empty: none yet, by invitation
  bool disabled = false;
  std::optional<UnixMillis> notice_seen_at{};  // the AI notice
  UnixMillis created_at = 0;
};

/// What is set is changed.
struct PersonChanges {
  std::optional<std::string> name{};
  std::optional<Role> role{};
  std::optional<std::string> language{};
  std::optional<std::string> password_hash{};
  /// True also ends the person's sessions, revokes their keys and voids their links.
  std::optional<bool> disabled{};
  std::optional<UnixMillis> notice_seen_at{};
};

/// The cookie's token itself is never stored: `hash` is its SHA-256, 32 bytes.
struct Session {
  std::string id{};  // ses_…, for lists and revocation
  std::string hash{};
  std::string person{};
  UnixMillis created_at = 0;
  UnixMillis used_at = 0;
  UnixMillis ends_at = 0;  // whatever the use
  std::string client{};    // user agent, shortened
  std::string address{};
};

/// What a key is for and what it may do.
struct KeySettings {
  std::vector<std::string> scopes{};     // empty: all that the person may do
  std::string application{};             // its name; empty: the person's own key
  std::string assistant{};               // the only one that it may ask; empty: any
  std::vector<std::string> models{};     // that it may call; empty: any
  std::vector<std::string> addresses{};  // ranges from which it may be used; empty: any
  GuardPolicy guard = GuardPolicy::enforce;
  Priority priority = Priority::program;
  std::optional<UnixMillis> expires_at{};
  friend bool operator==(const KeySettings&, const KeySettings&) = default;
};

struct ApiKey {
  std::string id{};  // key_…
  std::string hash{};
  std::string person{};
  std::string name{};
  std::string prefix{};  // the secret's first characters, to recognise it by
  KeySettings settings{};
  UnixMillis created_at = 0;
  std::optional<UnixMillis> used_at{};
  std::string previous_hash{};  // of the secret before the last rotation, good until
  std::optional<UnixMillis> previous_until{};
};

struct Group {
  std::string id{};  // grp_…
  std::string name{};
  UnixMillis created_at = 0;
};

enum class LinkKind { first_administrator, invitation, password_reset };

struct Link {
  std::string hash{};  // SHA-256 of the token, 32 bytes
  LinkKind kind = LinkKind::invitation;
  std::string person{};  // empty for the first administrator
  UnixMillis created_at = 0;
  UnixMillis expires_at = 0;
};

/// A person with the ids of all groups, nested ones included, sorted: what a Principal is made of.
struct PersonInGroups {
  Person person;
  std::vector<std::string> groups{};
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next{};  // the cursor of the next page; empty at the end
};

/// Where a page begins and how long it is.
struct PageFrom {
  std::string after{};  // `next` of the page before; empty: the first
  std::size_t limit = 50;
};

}  // namespace bastide::identity
