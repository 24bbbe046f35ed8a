#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "identity/detail.h"
#include "identity/identity.h"
#include "identity/normalise.h"

namespace bastide::identity {
using namespace detail;

namespace {
constexpr std::size_t keys_max = 100;  // of one person
constexpr std::size_t scopes_max = 32;
constexpr std::size_t prefix_chars = 10;
constexpr std::size_t list_max = 100;  // of models, of address ranges

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

/// An id, or the name of an application: one line without what would need quoting.
bool is_plain(std::string_view text) {
  return text.size() <= 100 && to_valid_utf8(text) == text && std::ranges::none_of(text, [](unsigned char c) {
           return c < ' ' || c == 0x7f || c == '"' || c == '\\';
         });
}

Result<KeySettings> check(KeySettings settings, UnixMillis now) {
  auto scopes = check_scopes(std::move(settings.scopes));
  if (!scopes) return pass(scopes);
  settings.scopes = std::move(*scopes);
  const auto is_word = [](const std::string& text) {
    return !text.empty() && is_plain(text) && text.find(' ') == std::string::npos;
  };
  if (!is_plain(settings.application) || !is_plain(settings.assistant) || settings.models.size() > list_max ||
      !std::ranges::all_of(settings.models, is_word))
    return fail(Code::invalid, "The application, the assistant or a model is not a plain name.",
                "key_settings", "Use names of at most 100 characters, and at most 100 models.");
  if (settings.addresses.size() > list_max)
    return fail(Code::invalid, "These are too many ranges of addresses.", "address_range",
                "Give at most 100.");
  for (const auto& text : settings.addresses)
    if (auto range = AddressRange::parse(text); !range) return pass(range);
  if (settings.expires_at && *settings.expires_at <= now)
    return fail(Code::invalid, "The key would have expired already.", "key_expiry", "Give a later time.");
  return settings;
}
}  // namespace

Result<Page<ApiKey>> Identity::keys(const Principal& actor, const PageFrom& from) {
  if (auto person = need_person(actor); !person) return pass(person);
  auto page = stores_.keys.of_person(actor.person, {from.after, page_size(from.limit)});
  if (!page) return page;
  for (auto& key : page->items) {
    key.hash.clear();
    key.previous_hash.clear();
  }
  return page;
}

Result<NewKey> Identity::add_key(const Principal& actor, std::string_view person, std::string_view name,
                                 KeySettings settings) {
  if (!actor.scopes.empty())
    return fail(Code::forbidden, "A key that is limited to scopes may not make keys.", "scoped_key");
  if (actor.via != Via::command && person != actor.person) return forbidden();
  if (settings.guard != GuardPolicy::enforce && !may(actor, Role::admin)) return forbidden();
  auto owner = stores_.persons.find(person);
  if (!owner) return pass(owner);
  if (owner->disabled)
    return fail(Code::conflict, "This account is disabled.", "disabled", "Enable it first.");
  auto called = normalise_name(name, 100);
  if (!called) return pass(called);
  auto checked = check(std::move(settings), options_.now());
  if (!checked) return pass(checked);

  auto secret = std::string(key_start) + random_token(32);
  ApiKey key;
  key.id = new_id("key");
  key.hash = hash_of(secret);
  key.person = owner->id;
  key.name = *called;
  key.prefix = secret.substr(0, prefix_chars);
  key.settings = std::move(*checked);
  key.created_at = options_.now();
  if (auto added = stores_.keys.add(key, keys_max); !added) return pass(added);
  load_keys();
  return NewKey{key.id, secret};
}

Result<NewKey> Identity::rotate_key(const Principal& actor, std::string_view id,
                                    std::chrono::seconds overlap) {
  constexpr std::chrono::seconds overlap_max = std::chrono::days(90);
  if (!actor.scopes.empty())
    return fail(Code::forbidden, "A key that is limited to scopes may not make keys.", "scoped_key");
  if (overlap.count() < 0 || overlap > overlap_max)
    return fail(Code::invalid, "The old secret may stay for 90 days at most.", "key_overlap",
                "Give a shorter time.");
  const bool anybodys = may(actor, Role::admin);
  if (!anybodys && actor.person.empty()) return forbidden();
  auto secret = std::string(key_start) + random_token(32);
  const auto until = options_.now() + std::chrono::duration_cast<Millis>(overlap).count();
  auto rotated = stores_.keys.rotate(anybodys ? std::string_view() : actor.person, id, hash_of(secret),
                                     secret.substr(0, prefix_chars), until);
  if (!rotated) return pass(rotated);
  forget_all();
  return NewKey{std::string(id), secret};
}

std::string Identity::name_of(std::string_view kind, const std::string& id) {
  if (kind == "person") {
    auto person = stores_.persons.find(id);
    if (!person) return {};
    return person->name.empty() ? person->email : person->name;
  }
  if (kind == "group") {
    auto group = stores_.groups.find(id);
    return group ? group->name : std::string();
  }
  const auto key = kind == "key" ? keys_.with_id(id) : nullptr;
  return key ? key->key.name : std::string();
}

Result<void> Identity::revoke_key(const Principal& actor, std::string_view id) {
  bool anybodys = may(actor, Role::admin);
  if (!anybodys && actor.person.empty()) return forbidden();
  auto revoked = stores_.keys.revoke(anybodys ? std::string_view() : actor.person, id, options_.now());
  forget_all();
  return revoked;
}

}  // namespace bastide::identity
