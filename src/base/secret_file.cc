#include "base/secret_file.h"

#include <algorithm>
#include <fstream>

#include "base/text.h"

namespace bastide {

std::optional<std::string> read_secret_file(const std::string& path) {
  constexpr std::size_t bytes_max = 64 * 1024;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string bytes(bytes_max + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (bytes.size() > bytes_max) return std::nullopt;
  std::string secret(trim(bytes));
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  if (secret.empty() || std::ranges::any_of(secret, is_control)) return std::nullopt;
  return secret;
}

}  // namespace bastide
