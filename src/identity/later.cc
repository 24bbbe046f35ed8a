#include "identity/later.h"

namespace bastide::identity {

Error key_over() {
  return {Code::unauthenticated, "The key of this call has ended.", "key_over", "Use another key."};
}

Result<Principal> who_now(Identity& identity, const Asker& asker) {
  if (!asker.key.empty()) {
    const auto entry = identity.key_table().with_id(asker.key);
    if (!entry || entry->is_over(now_ms())) return std::unexpected(key_over());
    return entry->who;
  }
  auto who = identity.act_as(asker.email);
  if (!who) return pass(who);
  if (who->person != asker.person)
    return fail(Code::not_found, "This account is not there any more.", "no_person");
  who->via = Via::session;
  return who;
}

}  // namespace bastide::identity
