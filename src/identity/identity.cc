#include "identity/identity.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "identity/detail.h"
#include "identity/normalise.h"

namespace bastide::identity {
using namespace detail;

namespace detail {
bool may(const Principal& actor, Role at_least) {
  if (actor.role < at_least) return false;
  return actor.scopes.empty() || std::ranges::find(actor.scopes, "admin") != actor.scopes.end();
}
std::unexpected<Error> forbidden() {
  return fail(Code::forbidden, "This needs rights that you do not have.", "role", "Ask an administrator.");
}
Result<void> need_person(const Principal& actor) {
  if (actor.person.empty()) return fail(Code::forbidden, "This is for persons.", "no_person");
  return {};
}
std::size_t page_size(std::size_t asked) { return std::clamp<std::size_t>(asked, 1, page_max); }
}  // namespace detail

namespace {
Options complete(Options options) {
  if (!options.hash_password) options.hash_password = hash_password;
  if (!options.verify_password) options.verify_password = verify_password;
  return options;
}

/// The session's secret itself makes it, so that nothing is stored: HMAC of a constant under the token.
std::string csrf_of(std::string_view token) {
  auto digest = hmac_sha256(token, "bastide csrf 1");
  return base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool is_token(std::string_view text) {
  return text.size() == token_chars &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}
bool is_key(std::string_view text) {
  return text.starts_with(key_start) && is_token(text.substr(key_start.size()));
}

UnixMillis expiry(UnixMillis used_at, UnixMillis ends_at) {
  return std::min(used_at + session_idle.count(), ends_at);
}

std::unexpected<Error> unknown_key() {
  return fail(Code::unauthenticated, "This API key is unknown or was revoked.", "bad_key",
              "Make a new key under Settings, API keys.");
}
std::unexpected<Error> no_session() {
  return fail(Code::unauthenticated, "Nobody is signed in.", "no_session", "Sign in.");
}
}  // namespace

Identity::Identity(Stores stores, Options options)
    : stores_(stores),
      options_(complete(std::move(options))),
      throttle_(options_.now),
      cache_(options_.cached_max),
      hashing_(options_.hashes_at_once),
      checked_at_(Steady::now()) {
  generation_ = stores_.persons.generation().value_or(-1);
  watcher_ = std::thread([this] { watch(); });
}

Identity::~Identity() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  watcher_.join();
  write_uses();
}

void Identity::watch() {
  auto written_at = Steady::now();
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, options_.check_every, [this] { return stopping_; })) {
    lock.unlock();
    if (auto generation = stores_.persons.generation()) {
      if (*generation != generation_) forget_all();
      generation_ = *generation;
      checked_at_ = Steady::now();
    }
    if (Steady::now() - written_at >= options_.write_uses_every) {
      write_uses();
      written_at = Steady::now();
    }
    lock.lock();
  }
}

void Identity::write_uses() {
  auto write = [](Uses& uses, auto& store) {
    auto taken = uses.take();
    if (taken.empty()) return;
    if (auto done = store.used(taken); !done)
      log::warn("last_use_not_written", {{"code", code_name(done.error().code)}});
  };
  write(session_uses_, stores_.sessions);
  write(key_uses_, stores_.keys);
}

/// When the store cannot say whether something changed, memory is not believed.
bool Identity::memory_is_fresh() const {
  auto patience = std::max<Steady::duration>(options_.check_every * 5, std::chrono::seconds(5));
  return Steady::now() - checked_at_.load() < patience;
}

void Identity::forget_all() {
  cache_.clear();
  changes_.fetch_add(1, std::memory_order_release);
}

Principal Identity::principal_of(const PersonInGroups& who, Via via) const {
  Principal out;
  out.organisation = options_.organisation;
  out.person = who.person.id;
  out.email = who.person.email;
  out.name = who.person.name;
  out.role = who.person.role;
  out.via = via;
  out.groups = who.groups;
  return out;
}

std::optional<Principal> Identity::cached_key(std::string_view secret) {
  if (!is_key(secret) || !memory_is_fresh()) return std::nullopt;
  auto now = options_.now();
  auto entry = cache_.find(hash_of(secret), now);
  if (!entry) return std::nullopt;
  key_uses_.note(entry->id, now);
  return std::move(entry->who);
}

Result<Principal> Identity::authenticate_key(std::string_view secret) {
  if (!is_key(secret)) return unknown_key();
  if (auto known = cached_key(secret)) return std::move(*known);
  auto hash = hash_of(secret);
  auto epoch = cache_.epoch();
  auto found = stores_.keys.find(hash);
  if (!found && found.error().code == Code::not_found) return unknown_key();
  if (!found) return pass(found);
  auto who = principal_of(found->who, Via::key);
  who.key = found->key.id;
  who.scopes = found->key.scopes;
  auto now = options_.now();
  cache_.put(hash, {.id = found->key.id, .who = who, .person = {}, .used_at = now, .ends_at = 0}, epoch);
  key_uses_.note(found->key.id, now);
  return who;
}

std::optional<SignedIn> Identity::cached_session(std::string_view token) {
  if (!is_token(token) || !memory_is_fresh()) return std::nullopt;
  auto now = options_.now();
  auto hash = hash_of(token);
  auto entry = cache_.find(hash, now);
  if (!entry) return std::nullopt;
  if (now >= expiry(entry->used_at, entry->ends_at)) {
    cache_.drop(hash);  // looking at it has counted as use
    return std::nullopt;
  }
  if (now / 60'000 != entry->used_at / 60'000) session_uses_.note(entry->id, now);
  return SignedIn{.token = {},
                  .session = std::move(entry->id),
                  .csrf = csrf_of(token),
                  .who = std::move(entry->who),
                  .person = std::move(entry->person),
                  .expires_at = expiry(now, entry->ends_at)};
}

Result<SignedIn> Identity::authenticate_session(std::string_view token) {
  if (!is_token(token)) return no_session();
  auto hash = hash_of(token);
  auto epoch = cache_.epoch();
  auto found = stores_.sessions.find(hash);
  if (!found && found.error().code == Code::not_found) return no_session();
  if (!found) return pass(found);
  auto now = options_.now();
  const auto& session = found->session;
  if (now >= expiry(session.used_at, session.ends_at)) {
    cache_.drop(hash);
    if (auto ended = stores_.sessions.end(hash); !ended) return pass(ended);
    return fail(Code::unauthenticated, "The session has expired.", "session_expired", "Sign in again.");
  }
  found->who.person.password_hash.clear();
  SignedIn out{.token = {},
               .session = session.id,
               .csrf = csrf_of(token),
               .who = principal_of(found->who, Via::session),
               .person = found->who.person,
               .expires_at = expiry(now, session.ends_at)};
  cache_.put(
      hash,
      {.id = session.id, .who = out.who, .person = out.person, .used_at = now, .ends_at = session.ends_at},
      epoch);
  session_uses_.note(session.id, now);
  return out;
}

bool Identity::csrf_matches(std::string_view token, std::string_view given) {
  return is_token(token) && same_secret(csrf_of(token), given);
}

Principal Identity::command_line() const {
  Principal out;
  out.organisation = options_.organisation;
  out.name = "command line";
  out.role = Role::admin;
  out.via = Via::command;
  return out;
}

Result<Principal> Identity::act_as(std::string_view email) {
  auto address = normalise_email(email);
  if (!address) return pass(address);
  auto person = stores_.persons.find_by_email(*address);
  if (!person) return pass(person);
  if (person->disabled) return fail(Code::forbidden, "This account is disabled.", "disabled");
  auto who = stores_.persons.find_in_groups(person->id);
  if (!who) return pass(who);
  return principal_of(*who, Via::command);
}

Result<SignedIn> Identity::begin_session(std::string_view person, const Client& client) {
  auto epoch = cache_.epoch();
  auto who = stores_.persons.find_in_groups(person);
  if (!who) return pass(who);
  auto now = options_.now();
  auto token = random_token(32);
  Session session;
  session.id = new_id("ses");
  session.hash = hash_of(token);
  session.person = who->person.id;
  session.created_at = session.used_at = now;
  session.ends_at = now + session_max.count();
  session.client = to_valid_utf8(utf8_prefix(client.agent, 200));
  session.address = to_valid_utf8(utf8_prefix(client.address, 64));
  if (auto added = stores_.sessions.add(session, now); !added) return pass(added);
  if (!client.previous_token.empty()) {
    // The old cookie is worth nothing from here on, also to whoever may have copied it.
    cache_.drop(hash_of(client.previous_token));
    if (auto ended = stores_.sessions.end(hash_of(client.previous_token)); !ended) return pass(ended);
  }
  who->person.password_hash.clear();
  SignedIn out{.token = token,
               .session = session.id,
               .csrf = csrf_of(token),
               .who = principal_of(*who, Via::session),
               .person = who->person,
               .expires_at = expiry(now, session.ends_at)};
  cache_.put(
      session.hash,
      {.id = session.id, .who = out.who, .person = out.person, .used_at = now, .ends_at = session.ends_at},
      epoch);
  return out;
}

}  // namespace bastide::identity
