// Ed25519 signatures over checkpoints and marks, in the form of signed notes (C2SP signed-note,
// tlog-checkpoint), which others' tools read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "governance/merkle.h"

namespace bastide::governance {

/// Who signed, for those who check: "NAME+HASH+KEY". A value.
class Verifier {
 public:
  static Result<Verifier> parse(std::string_view text);
  Verifier(std::string name, std::string key);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;
  /// The note's text, with its last line break, when it bears this key's signature. Code::corrupt else.
  [[nodiscard]] Result<std::string> open_note(std::string_view note) const;
  /// The first four bytes of SHA-256(name || 0x0A || 0x01 || key).
  [[nodiscard]] std::string key_hash() const;

 private:
  std::string name_;
  std::string key_;  // 32 bytes
};

/// Immutable after construction; thread-safe.
class Signer {
 public:
  /// Reads the key file, or makes one (0600, durable when this returns). Safe when two processes start at
  /// once.
  static Result<Signer> open(const std::string& path);
  /// `seed` is 32 bytes.
  Signer(std::string name, std::string_view seed);

  [[nodiscard]] const Verifier& verifier() const { return verifier_; }
  /// 64 bytes.
  [[nodiscard]] std::string sign(std::string_view message) const;
  /// `text` ends with a line break.
  [[nodiscard]] std::string sign_note(std::string_view text) const;
  /// A 32-byte key for `purpose`, derived from this one.
  [[nodiscard]] std::string derive_key(std::string_view purpose) const;

 private:
  Verifier verifier_;
  std::string secret_;
};

/// What a checkpoint states: the first `size` entries have this root.
struct CheckpointText {
  std::string origin;
  std::int64_t size = 0;
  Hash root{};
  std::string at;  // RFC 3339
};

[[nodiscard]] std::string checkpoint_text(const CheckpointText& checkpoint);
[[nodiscard]] Result<CheckpointText> parse_checkpoint(std::string_view text);

}  // namespace bastide::governance
