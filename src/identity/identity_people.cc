#include "base/id.h"
#include "base/text.h"
#include "identity/detail.h"
#include "identity/identity.h"
#include "identity/normalise.h"
#include "identity/password_rules.h"

namespace bastide::identity {
using namespace detail;

namespace {
constexpr std::size_t name_code_points_max = 200;

Result<void> check_language(std::string_view language) {
  if (language.empty() || language == "fr" || language == "en") return {};
  return fail(Code::invalid, "The language is not one of those that there are.", "language", "Use fr or en.");
}

Person without_secret(Person person) {
  person.password_hash.clear();
  return person;
}
}  // namespace

Result<Person> Identity::me(const Principal& actor) {
  if (auto person = need_person(actor); !person) return pass(person);
  auto found = stores_.persons.find(actor.person);
  if (!found) return found;
  return without_secret(std::move(*found));
}

Result<Person> Identity::update_me(const Principal& actor, const MeChanges& changes,
                                   std::string_view current_token) {
  if (auto person = need_person(actor); !person) return pass(person);
  auto me = stores_.persons.find(actor.person);
  if (!me) return me;
  PersonChanges stored;
  if (changes.name) {
    auto name = normalise_name(*changes.name, name_code_points_max);
    if (!name) return pass(name);
    stored.name = *name;
  }
  if (changes.language) {
    if (auto fine = check_language(*changes.language); !fine) return pass(fine);
    stored.language = *changes.language;
  }
  if (changes.notice_seen.value_or(false) && !me->notice_seen_at) stored.notice_seen_at = options_.now();
  if (changes.password) {
    if (actor.via == Via::key)
      return fail(Code::forbidden, "A password is changed in a session, not with a key.", "via_key");
    if (auto left = throttle_.begin(me->email, ""); left.count() > 0)
      return fail(Code::rate_limited, "Too many attempts.", "locked", "Wait, then try again.");
    auto matches = verify_bounded(
        me->password_hash, normalise_password(changes.password->old_one.substr(0, password_bytes_max)));
    if (!matches) return pass(matches);
    if (!*matches)
      return fail(Code::invalid, "The old password is wrong.", "bad_old_password", "Type the present one.");
    throttle_.succeeded(me->email, "");
    auto hashed = hash_new_password(changes.password->new_one, me->email, stored.name.value_or(me->name));
    if (!hashed) return pass(hashed);
    stored.password_hash = *hashed;
  }
  auto updated = stores_.persons.update(actor.person, stored, options_.now());
  if (updated && stored.password_hash) {
    if (auto ended = stores_.sessions.end_all_but(actor.person, hash_of(current_token)); !ended)
      return pass(ended);
  }
  forget_all();
  if (!updated) return updated;
  return without_secret(std::move(*updated));
}

Result<Page<Person>> Identity::people(const Principal& actor, std::string_view query, const PageFrom& from) {
  if (!may(actor, Role::manager)) return forbidden();
  PersonFilter filter;
  if (query.contains('@'))
    filter.email_prefix = ascii_lower(trim(to_valid_utf8(query.substr(0, 254))));
  else
    filter.words = search_words(query.substr(0, 254));
  auto page = stores_.persons.list(filter, {from.after, page_size(from.limit)});
  if (!page) return page;
  // Whether there is one is what a list shows of a password.
  for (auto& person : page->items)
    if (!person.password_hash.empty()) person.password_hash = "set";
  return page;
}

Result<AddedPerson> Identity::add_person(const Principal& actor, const NewPerson& person) {
  bool allowed = may(actor, Role::admin) || (may(actor, Role::manager) && person.role == Role::member);
  if (!allowed) return forbidden();
  auto email = normalise_email(person.email);
  if (!email) return pass(email);
  auto name =
      normalise_name(person.name.empty() ? std::string_view(*email).substr(0, email->find('@')) : person.name,
                     name_code_points_max);
  if (!name) return pass(name);
  if (auto fine = check_language(person.language); !fine) return pass(fine);

  Person stored;
  stored.id = new_id("per");
  stored.email = *email;
  stored.name = *name;
  stored.role = person.role;
  stored.language = person.language;
  stored.created_at = options_.now();
  AddedPerson out{stored.id, std::nullopt};
  std::optional<Link> link;
  if (person.password) {
    auto hashed = hash_new_password(*person.password, *email, *name);
    if (!hashed) return pass(hashed);
    stored.password_hash = *hashed;
  } else {
    auto [shown, kept] = make_link(LinkKind::invitation, stored.id);
    out.link = shown;
    link = kept;
  }
  if (auto added = stores_.persons.add(stored, link); !added) return pass(added);
  return out;
}

Result<Person> Identity::update_person(const Principal& actor, std::string_view person,
                                       std::optional<Role> role, std::optional<bool> disabled) {
  if (!may(actor, Role::admin)) return forbidden();
  PersonChanges changes;
  changes.role = role;
  changes.disabled = disabled;
  auto updated = stores_.persons.update(person, changes, options_.now());
  forget_all();
  if (!updated) return updated;
  return without_secret(std::move(*updated));
}

Result<void> Identity::remove_person(const Principal& actor, std::string_view person) {
  if (!may(actor, Role::admin)) return forbidden();
  auto removed = stores_.persons.remove(person);
  forget_all();
  return removed;
}

Result<void> Identity::set_password(const Principal& actor, std::string_view email,
                                    std::string_view password) {
  if (actor.via != Via::command || !may(actor, Role::admin)) return forbidden();
  auto address = normalise_email(email);
  if (!address) return pass(address);
  auto person = stores_.persons.find_by_email(*address);
  if (!person) return pass(person);
  auto hashed = hash_new_password(password, person->email, person->name);
  if (!hashed) return pass(hashed);
  PersonChanges changes;
  changes.password_hash = *hashed;
  if (auto updated = stores_.persons.update(person->id, changes, options_.now()); !updated)
    return pass(updated);
  auto ended = stores_.sessions.end_all_but(person->id, "");
  forget_all();
  return ended;
}

}  // namespace bastide::identity
