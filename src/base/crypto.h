// Hashes, random bytes, encodings and sealed boxes, on OpenSSL and libsodium. All functions are thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide {

using Sha256 = std::array<unsigned char, 32>;

/// SipHash-2-4 of 128 bits under a key that this process draws at its start and tells nobody: to know a text
/// again in its memory, at a fifth of sha256's cost.
using ShortHash = std::array<unsigned char, 16>;
[[nodiscard]] ShortHash short_hash(std::string_view bytes);
[[nodiscard]] Sha256 sha256(std::string_view bytes);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

/// SHA-256 in pieces. One thread at a time.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void update(std::string_view bytes);
  [[nodiscard]] Sha256 finish();

 private:
  void* context_;
};

[[nodiscard]] std::string hex(std::string_view bytes);
[[nodiscard]] std::string hex(const Sha256& digest);
[[nodiscard]] Result<std::string> unhex(std::string_view text);
/// Base 64 for URLs, without padding (RFC 4648, section 5).
[[nodiscard]] std::string base64url(std::string_view bytes);
/// Base 64 with padding (RFC 4648, section 4).
[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] Result<std::string> unbase64(std::string_view text);

void fill_random(void* into, std::size_t size_bytes);
[[nodiscard]] std::string random_bytes(std::size_t size_bytes);
/// A secret for a link, a key or a cookie: `size_bytes` of randomness as base64url.
[[nodiscard]] std::string random_token(std::size_t size_bytes = 32);

/// Compares in a time that depends on the lengths only.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

/// argon2id with libsodium's interactive limits (64 MiB, some 60 ms): call it off the loops.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);
[[nodiscard]] bool verify_password(std::string_view hash, std::string_view password);

/// XChaCha20-Poly1305 under a 32-byte key; `context` is authenticated but not stored. nonce || ciphertext.
[[nodiscard]] std::string seal(std::string_view key, std::string_view plain, std::string_view context);
[[nodiscard]] Result<std::string> open_sealed(std::string_view key, std::string_view sealed,
                                              std::string_view context);

}  // namespace bastide
