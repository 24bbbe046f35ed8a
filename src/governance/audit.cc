#include "governance/audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"

namespace bastide::governance {
namespace {

constexpr std::size_t payload_bytes_max = 8 * 1024 * 1024;

std::string bytes_of(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

std::unexpected<Error> no_such_exchange() {
  return fail(Code::not_found, "There is no such exchange.", "unknown_exchange", "Check the address.");
}

std::unexpected<Error> erased() {
  return fail(Code::not_found, "This receipt was erased.", "receipt_erased",
              "Its hash is still in the audit log.");
}

bool is_kind(std::string_view kind) {
  constexpr std::size_t bytes_max = 64;
  return !kind.empty() && kind.size() <= bytes_max && std::ranges::all_of(kind, [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-';
  });
}

bool is_short(std::string_view id) {
  constexpr std::size_t bytes_max = 256;
  return id.size() <= bytes_max;
}

}  // namespace

std::string canonical(const EntryBody& body) {
  JsonWriter json;
  json.object()
      .field("v", 1)
      .field("kind", body.kind)
      .field("at", body.at)
      .field("actor", body.actor)
      .field("subject", body.subject)
      .field("commitment", hex(body.commitment))
      .end();
  return json.take();
}

Hash commit(std::string_view salt, std::string_view payload) {
  Sha256Stream stream;
  stream.update(salt);
  stream.update(payload);
  return stream.finish();
}

namespace detail {

Result<std::string> payload_key(std::string_view owner, identity::PersonKeys& keys, const Signer& signer) {
  if (owner.empty()) return signer.derive_key("bastide log payloads");
  return keys.key_of(owner);
}

std::string payload_context(const EntryBody& body) {
  return fmt::format("log:{}:{}:{}", body.kind, body.subject, hex(body.commitment));
}

}  // namespace detail

Audit::Audit(LogStore& store, identity::PersonKeys& keys, Signer signer, Pool& pool)
    : store_(store), keys_(keys), signer_(std::move(signer)), pool_(pool) {}

Checkpoint Audit::sign(std::int64_t size, const Hash& root) const {
  const auto at = now_ms();
  return {size, at, signer_.sign_note(checkpoint_text({signer_.verifier().name(), size, root, rfc3339(at)}))};
}

Result<void> Audit::append_entry(std::string_view kind, std::string_view actor, std::string_view subject,
                                 std::string_view owner, std::string_view payload) {
  if (payload.size() > payload_bytes_max)
    return fail(Code::too_large, "The record of this is too large to be kept.", "payload_too_large");
  const auto salt = random_bytes(detail::salt_bytes);
  const EntryBody body{std::string(kind), now_ms(), std::string(actor), std::string(subject),
                       commit(salt, payload)};
  auto key = detail::payload_key(owner, keys_, signer_);
  if (!key) return pass(key);
  const Payload sealed{std::string(owner),
                       seal(*key, salt + std::string(payload), detail::payload_context(body))};
  auto position =
      store_.append(body, sealed, [this](std::int64_t size, const Hash& root) { return sign(size, root); });
  if (!position) return pass(position);
  return {};
}

Task<Result<void>> Audit::keep(std::string exchange, std::string person, std::string receipt_json) {
  auto work = [this, &exchange, &person, &receipt_json] {
    return append_entry(receipt_kind, person, exchange, person, receipt_json);
  };
  auto kept = co_await run_on(pool_, work);
  co_return kept;
}

Task<Result<void>> Audit::note(std::string kind, std::string actor, std::string subject, std::string json) {
  auto work = [this, &kind, &actor, &subject, &json] { return append(kind, actor, subject, json); };
  auto noted = co_await run_on(pool_, work);
  co_return noted;
}

Result<void> Audit::append(std::string_view kind, std::string_view actor, std::string_view subject,
                           std::string_view json) {
  if (!is_kind(kind) || kind == receipt_kind || !is_short(actor) || !is_short(subject))
    return fail(Code::invalid, "This is no event that the audit log keeps.", "bad_event");
  return append_entry(kind, actor, subject, {}, json);
}

Result<Audit::Opened> Audit::open_exchange(std::string_view exchange, const identity::Principal& who) {
  if (!is_short(exchange)) return no_such_exchange();
  auto found = store_.find(receipt_kind, exchange);
  if (!found) {
    if (found.error().code == Code::not_found) return no_such_exchange();
    return pass(found);
  }
  const bool is_own = !who.person.empty() && found->entry.body.actor == who.person;
  if (!is_own && !who.is_admin()) return no_such_exchange();
  auto out = open_entry(std::move(*found));
  if (out && !is_own)
    if (auto logged = append("receipt_read", who.person, exchange, "{}"); !logged) return pass(logged);
  return out;
}

Result<Audit::Opened> Audit::open_entry(Found found) {
  auto& entry = found.entry;
  if (!found.payload) return erased();
  auto key = detail::payload_key(found.payload->owner, keys_, signer_);
  if (!key) return key.error().detail == "key_destroyed" ? erased() : pass(key);
  auto opened = open_sealed(*key, found.payload->sealed, detail::payload_context(entry.body));
  if (!opened || opened->size() < detail::salt_bytes)
    return fail(Code::corrupt, "This receipt is damaged.", "receipt_damaged",
                "An administrator should run `bastide audit verify`.");
  Opened out{std::move(entry), opened->substr(0, detail::salt_bytes), opened->substr(detail::salt_bytes)};
  if (commit(out.salt, out.payload) != out.entry.body.commitment)
    return fail(Code::corrupt, "This receipt is not the one that was logged.", "receipt_damaged",
                "An administrator should run `bastide audit verify`.");
  return out;
}

Result<std::string> Audit::receipt(std::string_view exchange, const identity::Principal& who) {
  auto opened = open_exchange(exchange, who);
  if (!opened) return pass(opened);
  return std::move(opened->payload);
}

Result<Checkpoint> Audit::checkpoint() {
  auto size = store_.size();
  if (!size) return pass(size);
  auto root = root_of(store_, *size);
  if (!root) return pass(root);
  auto made = sign(*size, *root);
  if (auto kept = store_.add_checkpoint(made); !kept) return pass(kept);
  return made;
}

Result<Proof> Audit::proof(std::string_view exchange, const identity::Principal& who) {
  auto opened = open_exchange(exchange, who);
  if (!opened) return pass(opened);
  return prove(*opened);
}

Result<Audit::EventProof> Audit::event_proof(std::string_view kind, std::string_view subject) {
  auto found = store_.find(kind, subject);
  if (!found) return pass(found);
  auto opened = open_entry(std::move(*found));
  if (!opened) return pass(opened);
  auto proven = prove(*opened);
  if (!proven) return pass(proven);
  return EventProof{std::move(*proven), std::move(opened->payload)};
}

Result<Proof> Audit::prove(Opened& opened) {
  auto latest = store_.latest_checkpoint();
  if (!latest) return pass(latest);
  Checkpoint signed_head = latest->value_or(Checkpoint{});
  if (signed_head.size <= opened.entry.position) {
    auto made = checkpoint();
    if (!made) return pass(made);
    signed_head = std::move(*made);
  }
  auto root = root_of(store_, signed_head.size);
  if (!root) return pass(root);
  auto path = inclusion_proof(store_, opened.entry.position, signed_head.size);
  if (!path) return pass(path);
  return Proof{std::move(opened.entry), std::move(opened.salt),      signed_head.size,         *root,
               std::move(*path),        std::move(signed_head.note), signer_.verifier().text()};
}

Result<std::string> Audit::proof_json(std::string_view exchange, const identity::Principal& who) {
  auto found = proof(exchange, who);
  if (!found) return pass(found);
  return to_json(*found);
}

Result<std::vector<Hash>> Audit::consistency(std::int64_t old_size, std::int64_t size) {
  auto now = store_.size();
  if (!now) return pass(now);
  if (old_size <= 0 || old_size > size || size > *now)
    return fail(Code::invalid,
                fmt::format("The log has {} entries; give sizes from 1 to that, the older first.", *now),
                "bad_sizes");
  return consistency_proof(store_, old_size, size);
}

Result<std::int64_t> Audit::forget(std::string_view person) {
  if (person.empty()) return fail(Code::invalid, "Nobody was named.", "bad_person");
  return store_.forget(person);
}

std::string to_json(const Proof& proof) {
  JsonWriter json;
  json.object();
  write_fields(json, proof);
  return json.end().take();
}

void write_fields(JsonWriter& json, const Proof& proof) {
  json.field("entry", canonical(proof.entry.body))
      .field("salt", base64(proof.salt))
      .field("leaf_index", proof.entry.position)
      .field("leaf_hash", base64(bytes_of(proof.entry.leaf)))
      .field("tree_size", proof.size)
      .field("root_hash", base64(bytes_of(proof.root)))
      .key("inclusion")
      .array();
  for (const auto& hash : proof.inclusion) json.value(base64(bytes_of(hash)));
  json.end().field("checkpoint", proof.checkpoint).field("public_key", proof.public_key);
}

}  // namespace bastide::governance
