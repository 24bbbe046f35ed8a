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
Principal principal_of(const PersonInGroups& who, Via via, const std::string& organisation) {
  Principal out;
  out.organisation = organisation;
  out.person = who.person.id;
  out.email = who.person.email;
  out.name = who.person.name;
  out.role = who.person.role;
  out.via = via;
  out.groups = who.groups;
  return out;
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
  follow_keys();
  constexpr std::size_t failures_max = 50'000;
  if (auto stored = stores_.sessions.failures(failures_max)) throttle_.restore(*stored);
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
  write_failures();
}

void Identity::watch() {
  auto written_at = Steady::now();
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, options_.check_every, [this] { return stopping_; })) {
    lock.unlock();
    if (auto generation = stores_.persons.generation()) {
      if (*generation != generation_) {
        cache_.clear();
        changes_.fetch_add(1, std::memory_order_release);
      }
      follow_keys();
      generation_ = *generation;
      checked_at_ = Steady::now();
    }
    write_failures();
    if (Steady::now() - written_at >= options_.write_uses_every) {
      write_uses();
      written_at = Steady::now();
    }
    lock.lock();
  }
}

void Identity::write_uses() {
  auto write = [](std::vector<Use> taken, auto& store) {
    if (taken.empty()) return;
    if (auto done = store.used(taken); !done)
      log::warn("last_use_not_written", {{"code", code_name(done.error().code)}});
  };
  write(session_uses_.take(), stores_.sessions);
  write(keys_.take_uses(), stores_.keys);
}

/// Each round, as a restart may come at any time and must forgive nobody.
void Identity::write_failures() {
  constexpr Millis forgotten_after = std::chrono::hours(24 * 7);  // longer than any is counted
  const auto changes = throttle_.take_changes();
  if (changes.empty()) return;
  if (auto kept = stores_.sessions.keep_failures(changes, options_.now() - forgotten_after.count()); !kept)
    log::warn("sign_in_failures_not_written", {{"code", code_name(kept.error().code)}});
}

/// When the store cannot say whether something changed, memory is not believed.
bool Identity::memory_is_fresh() const {
  auto patience = std::max<Steady::duration>(options_.check_every * 5, std::chrono::seconds(5));
  return coarse_now() - checked_at_.load() < patience;
}

void Identity::forget_all() {
  cache_.clear();
  load_keys();
  changes_.fetch_add(1, std::memory_order_release);
}

Result<Principal> Identity::speak(const KeyEntry& entry, std::string_view address, UnixMillis now) {
  if (entry.is_over(now)) return unknown_key();
  if (!entry.allows_address(address))
    return fail(Code::forbidden, "This API key may not be used from here.", "key_address",
                "Use it from the network it was made for, or make a key for this one.");
  return entry.who;
}

std::optional<Result<Principal>> Identity::cached_key(std::string_view secret, std::string_view address) {
  if (!memory_is_fresh()) return std::nullopt;
  const auto now = options_.now();
  const auto entry = keys_.find(secret, now);
  if (!entry) return std::nullopt;
  return speak(*entry, address, now);
}

Result<Principal> Identity::authenticate_key(std::string_view secret, std::string_view address) {
  if (!is_key(secret)) return unknown_key();
  if (auto known = cached_key(secret, address)) return std::move(*known);
  // Another process may have made it this second.
  auto found = stores_.keys.find(hash_of(secret));
  if (!found && found.error().code == Code::not_found) return unknown_key();
  if (!found) return pass(found);
  const bool replaced = found->key.hash != hash_of(secret);
  if (replaced && options_.now() >= found->key.previous_until.value_or(0)) return unknown_key();
  load_keys();
  const auto now = options_.now();
  const auto entry = keys_.find(secret, now);
  if (!entry) return unknown_key();
  return speak(*entry, address, now);
}

void Identity::follow_keys() {
  const auto generation = stores_.keys.generation();
  if (!generation || *generation == keys_generation_) return;
  if (load_keys()) keys_generation_ = *generation;
}

/// A table that cannot be read leaves the one before, until memory is not believed any more.
bool Identity::load_keys() {
  std::lock_guard lock(loading_keys_);
  auto keys = stores_.keys.usable();
  if (!keys) {
    log::warn("keys_not_read", {{"code", code_name(keys.error().code)}});
    return false;
  }
  keys_.replace(std::move(*keys), options_.organisation);
  return true;
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
               .who = principal_of(found->who, Via::session, options_.organisation),
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
  return principal_of(*who, Via::command, options_.organisation);
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
               .who = principal_of(*who, Via::session, options_.organisation),
               .person = who->person,
               .expires_at = expiry(now, session.ends_at)};
  cache_.put(
      session.hash,
      {.id = session.id, .who = out.who, .person = out.person, .used_at = now, .ends_at = session.ends_at},
      epoch);
  return out;
}

}  // namespace bastide::identity
