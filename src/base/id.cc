#include "base/id.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/crypto.h"
#include "base/time.h"

namespace bastide {
namespace {
constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t body_chars = 26;
constexpr std::size_t time_chars = 10;

// The last id of the process: within one millisecond the random part counts up, so that order is kept.
struct Last {
  std::mutex mutex;
  UnixMillis at = 0;
  std::array<unsigned char, 10> random{};
  // Asked of the kernel many at a time; each byte is used once.
  std::array<unsigned char, 640> reserve{};
  std::size_t used = reserve.size();

  void draw() {
    if (used == reserve.size()) {
      fill_random(reserve.data(), reserve.size());
      used = 0;
    }
    std::copy_n(reserve.begin() + static_cast<std::ptrdiff_t>(used), random.size(), random.begin());
    used += random.size();
  }
};

std::pair<UnixMillis, std::array<unsigned char, 10>> next() {
  static Last last;
  std::lock_guard lock(last.mutex);
  auto at = now_ms();
  if (at > last.at) {
    last.at = at;
    last.draw();
  } else {
    for (auto byte = last.random.rbegin(); byte != last.random.rend() && ++*byte == 0; ++byte) {
    }
  }
  return {last.at, last.random};
}
}  // namespace

std::string new_id(std::string_view prefix) {
  auto [at, random] = next();
  std::string id;
  id.reserve(prefix.size() + 1 + body_chars);
  id.append(prefix).push_back('_');
  for (int shift = 45; shift >= 0; shift -= 5)
    id.push_back(alphabet[static_cast<std::size_t>((at >> shift) & 31)]);
  unsigned bits = 0;
  unsigned held = 0;
  for (unsigned char byte : random) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      id.push_back(alphabet[(bits >> held) & 31]);
    }
  }
  return id;
}

bool is_id(std::string_view id, std::string_view prefix) {
  if (id.size() != prefix.size() + 1 + body_chars || !id.starts_with(prefix) || id[prefix.size()] != '_')
    return false;
  return std::ranges::all_of(id.substr(prefix.size() + 1),
                             [](char c) { return alphabet.find(c) != std::string_view::npos; });
}

std::optional<UnixMillis> time_of_id(std::string_view id) {
  const auto at = id.rfind('_');
  if (at == std::string_view::npos || id.size() != at + 1 + body_chars) return std::nullopt;
  UnixMillis time = 0;
  for (char c : id.substr(at + 1, time_chars)) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    time = time << 5 | static_cast<UnixMillis>(digit);
  }
  return time;
}

}  // namespace bastide
