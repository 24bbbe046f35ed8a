#include <fmt/format.h>

#include "base/id.h"
#include "base/log.h"
#include "identity/detail.h"
#include "identity/identity.h"
#include "identity/normalise.h"
#include "identity/password_rules.h"

namespace bastide::identity {
using namespace detail;

namespace {
/// Verified against when there is no such account, so that the answer takes the same time. Of nothing: its
/// salt is a text, its hash zeros; the limits are those of base's hash_password.
constexpr std::string_view decoy_hash =
    "$argon2id$v=19$m=65536,t=2,p=1$YmFzdGlkZS1kZWNveS0xMg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

constexpr Millis hash_wait_max = std::chrono::seconds(10);

std::unexpected<Error> too_many_hashes() {
  return fail(Code::overloaded, "Too many people sign in at once.", "sign_in_queue",
              "Try again in a moment.");
}
std::unexpected<Error> bad_link() {
  return fail(Code::not_found, "This link is not valid: it was used, replaced or has expired.", "bad_link",
              "Ask for a new one; the first administrator's is printed at each start of the server.");
}

/// Gives its turn back at the end.
class Turn {
 public:
  explicit Turn(std::counting_semaphore<>& turns)
      : turns_(turns), held_(turns.try_acquire_for(hash_wait_max)) {}
  ~Turn() {
    if (held_) turns_.release();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  std::counting_semaphore<>& turns_;
  bool held_;
};
}  // namespace

Result<std::string> Identity::hash_bounded(std::string_view password) {
  Turn turn(hashing_);
  if (!turn.held()) return too_many_hashes();
  return options_.hash_password(password);
}

Result<bool> Identity::verify_bounded(std::string_view hash, std::string_view password) {
  Turn turn(hashing_);
  if (!turn.held()) return too_many_hashes();
  return options_.verify_password(hash, password);
}

Result<std::string> Identity::hash_new_password(std::string_view password, std::string_view email,
                                                std::string_view name) {
  if (password.size() > password_bytes_max)
    return fail(Code::invalid, "The password is too long.", "password_long");
  auto normal = normalise_password(password);
  if (auto fine = check_password(normal, email, name); !fine) return pass(fine);
  return hash_bounded(normal);
}

Result<SignedIn> Identity::sign_in(std::string_view email, std::string_view password, const Client& client) {
  auto wrong = [] {
    return fail(Code::unauthenticated, "The e-mail or the password is wrong.", "bad_credentials",
                "Check both; an administrator can make a link to set a new password.");
  };
  auto address = normalise_email(email);
  // What cannot be an address is no account either, and is treated as any other that does not exist.
  auto account = address ? *address : std::string(email.substr(0, 254));
  if (auto left = throttle_.begin(account, client.address); left.count() > 0)
    return std::unexpected(Error{Code::rate_limited,
                                 fmt::format("Too many attempts. Try again in {} seconds.", left.count()),
                                 "locked", "Wait, then try again.", left.count()});
  std::string hash;
  std::string person;
  if (address) {
    auto found = stores_.persons.find_by_email(*address);
    if (!found && found.error().code != Code::not_found) return pass(found);
    if (found && !found->disabled) {
      hash = found->password_hash;
      person = found->id;
    }
  }
  auto given = password.size() > password_bytes_max ? std::string() : normalise_password(password);
  auto matches = verify_bounded(hash.empty() ? decoy_hash : std::string_view(hash), given);
  if (!matches) return pass(matches);
  if (!*matches || hash.empty()) {
    log::info("sign_in_refused", {{"address", client.address}});
    return wrong();
  }
  throttle_.succeeded(account, client.address);
  return begin_session(person, client);
}

std::chrono::seconds Identity::sign_in_wait(std::string_view email, std::string_view address) {
  auto account = normalise_email(email);
  return throttle_.wait(account ? *account : std::string(email.substr(0, 254)), address);
}

Result<void> Identity::sign_out(std::string_view token) {
  auto hash = hash_of(token);
  auto ended = stores_.sessions.end(hash);
  cache_.drop(hash);
  return ended;
}

Result<std::vector<SessionView>> Identity::sessions(const Principal& actor,
                                                    std::string_view current_session) {
  if (auto person = need_person(actor); !person) return pass(person);
  auto stored = stores_.sessions.of_person(actor.person);
  if (!stored) return pass(stored);
  std::vector<SessionView> out;
  auto now = options_.now();
  for (auto& session : *stored) {
    if (now >= std::min(session.used_at + session_idle.count(), session.ends_at)) continue;
    out.push_back({session.id, session.created_at, session.used_at, session.client, session.address,
                   session.id == current_session});
  }
  return out;
}

Result<void> Identity::end_session(const Principal& actor, std::string_view session) {
  if (auto person = need_person(actor); !person) return person;
  auto ended = stores_.sessions.end_by_id(actor.person, session);
  forget_all();
  return ended;
}

// --- first start and one-time links
// --------------------------------------------------------------------------------

Result<bool> Identity::setup_needed() {
  auto any = stores_.persons.any();
  if (!any) return pass(any);
  return !*any;
}

std::pair<NewLink, Link> Identity::make_link(LinkKind kind, const std::string& person) const {
  auto token = random_token(32);
  auto now = options_.now();
  auto life = kind == LinkKind::invitation ? invitation_life : link_life;
  Link stored{hash_of(token), kind, person, now, now + life.count()};
  return {{person, token, stored.expires_at}, stored};
}

Result<std::optional<NewLink>> Identity::first_administrator_link() {
  auto needed = setup_needed();
  if (!needed) return pass(needed);
  if (!*needed) return std::nullopt;
  auto [link, stored] = make_link(LinkKind::first_administrator, "");
  auto added = stores_.persons.add_link(stored);
  if (!added && added.error().code == Code::conflict) return std::nullopt;  // somebody was quicker
  if (!added) return pass(added);
  return link;
}

Result<LinkView> Identity::link(std::string_view token) {
  auto found = stores_.persons.find_link(hash_of(token), options_.now());
  if (!found && found.error().code == Code::not_found) return bad_link();
  if (!found) return pass(found);
  LinkView out{found->kind, {}, {}};
  if (found->kind == LinkKind::first_administrator) return out;
  auto person = stores_.persons.find(found->person);
  if (!person) return pass(person);
  out.email = person->email;
  out.name = person->name;
  return out;
}

Result<SignedIn> Identity::use_link(std::string_view token, std::string_view email, std::string_view name,
                                    std::string_view password, const Client& client) {
  auto hash = hash_of(token);
  auto view = link(token);
  if (!view) return pass(view);
  bool first = view->kind == LinkKind::first_administrator;
  auto address = first ? normalise_email(email) : Result<std::string>(view->email);
  if (!address) return pass(address);
  auto called = !first && name.empty() ? Result<std::string>(view->name) : normalise_name(name, 200);
  if (!called) return pass(called);
  auto hashed = hash_new_password(password, *address, *called);
  if (!hashed) return pass(hashed);

  Result<void> redeemed;
  std::string id;
  if (first) {
    Person person;
    person.id = id = new_id("per");
    person.email = *address;
    person.name = *called;
    person.role = Role::admin;
    person.password_hash = *hashed;
    person.created_at = options_.now();
    redeemed = stores_.persons.redeem_first(hash, person, options_.now());
  } else {
    PersonChanges changes;
    changes.name = *called;
    changes.password_hash = *hashed;
    auto person = stores_.persons.redeem(hash, changes, options_.now());
    if (!person) redeemed = pass(person);
    if (person) id = person->id;
  }
  forget_all();
  if (!redeemed && redeemed.error().code == Code::not_found) return bad_link();
  if (!redeemed) return pass(redeemed);
  return begin_session(id, client);
}

Result<NewLink> Identity::reset_link(const Principal& actor, std::string_view person) {
  if (!may(actor, Role::admin)) return forbidden();
  auto found = stores_.persons.find(person);
  if (!found) return pass(found);
  if (found->disabled)
    return fail(Code::conflict, "This account is disabled.", "disabled", "Enable it first.");
  auto [link, stored] =
      make_link(found->password_hash.empty() ? LinkKind::invitation : LinkKind::password_reset, found->id);
  if (auto added = stores_.persons.add_link(stored); !added) return pass(added);
  return link;
}

}  // namespace bastide::identity
