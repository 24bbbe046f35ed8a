// The audit log: receipts of exchanges and administrative events.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/pool.h"
#include "exchange/ports.h"
#include "governance/log_store.h"
#include "governance/signer.h"
#include "identity/person_keys.h"
#include "identity/principal.h"

namespace bastide::governance {

/// What an outsider needs to check that an entry is in the log that a checkpoint signs.
struct Proof {
  Entry entry;
  std::string salt;  // with the payload gives the commitment
  std::int64_t size = 0;
  Hash root{};
  std::vector<Hash> inclusion;
  std::string checkpoint;  // signed note
  std::string public_key;  // of the note
};

[[nodiscard]] std::string to_json(const Proof& proof);
/// The same fields into an object that is open.
void write_fields(JsonWriter& json, const Proof& proof);
/// SHA-256(salt || payload)
[[nodiscard]] Hash commit(std::string_view salt, std::string_view payload);

/// Thread-safe. All but the tasks block: call it on a pool. References must outlive it.
class Audit final : public exchange::Records {
 public:
  static constexpr std::string_view receipt_kind = "exchange";

  Audit(LogStore& store, identity::PersonKeys& keys, Signer signer, Pool& pool);

  Task<Result<void>> keep(std::string exchange, std::string person, std::string receipt_json) override;

  Task<Result<void>> note(std::string kind, std::string actor, std::string subject,
                          std::string json) override;

  /// An event such as ("sign_in", person, session, "{}"): durable on return. `kind` is a stable word in
  /// snake_case; ids, never content, in the others. `json` is an object.
  Result<void> append(std::string_view kind, std::string_view actor, std::string_view subject,
                      std::string_view json);

  /// For the person whose exchange it was, or an administrator, whose look at it is logged before it is
  /// given. Code::not_found for everybody else, with the same words.
  Result<std::string> receipt(std::string_view exchange, const identity::Principal& who);
  Result<Proof> proof(std::string_view exchange, const identity::Principal& who);
  Result<std::string> proof_json(std::string_view exchange, const identity::Principal& who);
  /// Of the newest event of this kind and subject, with what it says: whoever asks has the right to know.
  struct EventProof {
    Proof proof;
    std::string payload;
  };
  Result<EventProof> event_proof(std::string_view kind, std::string_view subject);

  /// Signs and keeps the log as it is now: at stop, and for keeping elsewhere.
  Result<Checkpoint> checkpoint();
  /// That the log of `size` entries begins with the one of `old_size`.
  Result<std::vector<Hash>> consistency(std::int64_t old_size, std::int64_t size);
  /// Erases what the log keeps of a person besides hashes; gives how many payloads. The key is identity's to
  /// destroy.
  Result<std::int64_t> forget(std::string_view person);

  [[nodiscard]] const Signer& signer() const { return signer_; }

 private:
  Result<void> append_entry(std::string_view kind, std::string_view actor, std::string_view subject,
                            std::string_view owner, std::string_view payload);
  struct Opened {
    Entry entry;
    std::string salt, payload;
  };
  Result<Opened> open_exchange(std::string_view exchange, const identity::Principal& who);
  Result<Opened> open_entry(Found found);
  Result<Proof> prove(Opened& opened);
  [[nodiscard]] Checkpoint sign(std::int64_t size, const Hash& root) const;

  LogStore& store_;
  identity::PersonKeys& keys_;
  const Signer signer_;
  Pool& pool_;
};

namespace detail {
inline constexpr std::size_t salt_bytes = 32;
/// The key that seals payloads of `owner`; the log's own where there is none.
Result<std::string> payload_key(std::string_view owner, identity::PersonKeys& keys, const Signer& signer);
/// What a sealed payload is bound to: moved to another entry it does not open.
std::string payload_context(const EntryBody& body);
}  // namespace detail

}  // namespace bastide::governance
