// Who asks: what the other rooms know of a person.
#pragma once

#include <string>
#include <vector>

namespace bastide::identity {

enum class Role { member, manager, admin };
/// Through what the person came.
enum class Via { session, key, command };

/// What guards do about what they find in a call.
enum class GuardPolicy { off, observe, enforce };
/// Who waits for whom when all cannot be served at once.
enum class Priority { interactive, program, batch };

/// A snapshot taken when the call was authenticated.
struct Principal {
  std::string organisation = "default";
  std::string person;  // id
  std::string email;
  std::string name;
  Role role = Role::member;
  Via via = Via::session;
  std::string key;                  // id of the API key, when via a key
  std::vector<std::string> scopes;  // of the key; empty: all that the person may do
  std::string application;          // for which the key was made; empty: the person's own
  std::string assistant;            // the only one that the key may ask; empty: any
  std::vector<std::string> models;  // that the key may call; empty: any
  GuardPolicy guard = GuardPolicy::enforce;
  Priority priority = Priority::interactive;
  /// Ids of all groups that the person is in, nested ones included, sorted.
  std::vector<std::string> groups;

  [[nodiscard]] bool is_admin() const { return role == Role::admin; }
};

}  // namespace bastide::identity
