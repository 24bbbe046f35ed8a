#include <algorithm>

#include "base/id.h"
#include "identity/detail.h"
#include "identity/identity.h"
#include "identity/normalise.h"

namespace bastide::identity {
using namespace detail;

namespace {
constexpr std::size_t keys_max = 100;  // of one person
constexpr std::size_t scopes_max = 32;
constexpr std::size_t prefix_chars = 10;

Result<std::vector<std::string>> check_scopes(std::vector<std::string> scopes) {
  auto is_scope = [](std::string_view scope) {
    return !scope.empty() && scope.size() <= 64 && std::ranges::all_of(scope, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ':' || c == '.' || c == '-';
    });
  };
  if (scopes.size() > scopes_max || !std::ranges::all_of(scopes, is_scope))
    return fail(Code::invalid, "The scopes are not words.", "scopes",
                "Use at most 32 words of a-z, 0-9, _ : . and -.");
  std::ranges::sort(scopes);
  scopes.erase(std::ranges::unique(scopes).begin(), scopes.end());
  return scopes;
}
}  // namespace

Result<Page<ApiKey>> Identity::keys(const Principal& actor, const PageFrom& from) {
  if (auto person = need_person(actor); !person) return pass(person);
  auto page = stores_.keys.of_person(actor.person, {from.after, page_size(from.limit)});
  if (!page) return page;
  for (auto& key : page->items) key.hash.clear();
  return page;
}

Result<NewKey> Identity::add_key(const Principal& actor, std::string_view person, std::string_view name,
                                 const std::vector<std::string>& scopes) {
  if (!actor.scopes.empty())
    return fail(Code::forbidden, "A key that is limited to scopes may not make keys.", "scoped_key");
  if (actor.via != Via::command && person != actor.person) return forbidden();
  auto owner = stores_.persons.find(person);
  if (!owner) return pass(owner);
  if (owner->disabled)
    return fail(Code::conflict, "This account is disabled.", "disabled", "Enable it first.");
  auto called = normalise_name(name, 100);
  if (!called) return pass(called);
  auto wanted = check_scopes(scopes);
  if (!wanted) return pass(wanted);

  auto secret = std::string(key_start) + random_token(32);
  ApiKey key;
  key.id = new_id("key");
  key.hash = hash_of(secret);
  key.person = owner->id;
  key.name = *called;
  key.prefix = secret.substr(0, prefix_chars);
  key.scopes = *wanted;
  key.created_at = options_.now();
  if (auto added = stores_.keys.add(key, keys_max); !added) return pass(added);
  return NewKey{key.id, secret};
}

Result<void> Identity::revoke_key(const Principal& actor, std::string_view id) {
  bool anybodys = may(actor, Role::admin);
  if (!anybodys && actor.person.empty()) return forbidden();
  auto revoked = stores_.keys.revoke(anybodys ? std::string_view() : actor.person, id, options_.now());
  forget_all();
  return revoked;
}

}  // namespace bastide::identity
