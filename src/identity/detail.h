// What the sources of Identity share.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/account.h"
#include "identity/principal.h"

namespace bastide::identity::detail {

inline constexpr Millis session_idle = std::chrono::hours(24 * 14);
inline constexpr Millis session_max = std::chrono::hours(24 * 90);
inline constexpr Millis link_life = std::chrono::hours(24);
inline constexpr Millis invitation_life = std::chrono::hours(24 * 7);
inline constexpr std::string_view key_start = "bst_";
inline constexpr std::size_t token_chars = 43;  // 32 bytes in base64url
inline constexpr std::size_t page_max = 200;

[[nodiscard]] inline std::string hash_of(std::string_view secret) {
  auto digest = sha256(secret);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

[[nodiscard]] inline bool is_token(std::string_view text) {
  return text.size() == token_chars && std::ranges::all_of(text, [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}
[[nodiscard]] inline bool is_key(std::string_view text) {
  return text.starts_with(key_start) && is_token(text.substr(key_start.size()));
}

[[nodiscard]] Principal principal_of(const PersonInGroups& who, Via via, const std::string& organisation);

/// A key that is limited to scopes administers only when it names this one.
[[nodiscard]] bool may(const Principal& actor, Role at_least);
[[nodiscard]] std::unexpected<Error> forbidden();
/// Code::forbidden when `actor` is not a person (the command line).
[[nodiscard]] Result<void> need_person(const Principal& actor);
[[nodiscard]] std::size_t page_size(std::size_t asked);

}  // namespace bastide::identity::detail
