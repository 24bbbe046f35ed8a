// Who asks when what somebody asked for earlier runs now.
#pragma once

#include <string>

#include "identity/identity.h"

namespace bastide::identity {

/// What is kept of who asked.
struct Asker {
  std::string person;  // id
  std::string key;     // id of the API key; empty: by session
  std::string email;
};

/// The same as a principal of this moment. Code::unauthenticated, detail key_over, when the key has ended;
/// Code::forbidden when the account is disabled, Code::not_found when it is gone. Blocks.
[[nodiscard]] Result<Principal> who_now(Identity& identity, const Asker& asker);
/// What a caller is told whose key has ended.
[[nodiscard]] Error key_over();

}  // namespace bastide::identity
