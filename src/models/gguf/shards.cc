#include "models/gguf/shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bastide::models::gguf {
namespace {

constexpr std::size_t digits = 5;

/// 0 for what is no number of so many digits.
int number(std::string_view text) {
  int out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return text.size() == digits && failed == std::errc() && end == text.data() + text.size() ? std::max(0, out)
                                                                                            : 0;
}

}  // namespace

std::string ShardName::at(int at) const {
  return fmt::format("{}-{:05}-of-{:05}{}", before, at + 1, count, after);
}

std::optional<ShardName> parse_shard_name(std::string_view name) {
  constexpr std::string_view middle = "-of-";
  const auto found = name.rfind(middle);
  if (found == std::string_view::npos || found < digits + 1 || name[found - digits - 1] != '-')
    return std::nullopt;
  const auto after = found + middle.size() + digits;
  if (after > name.size() || !name.substr(after).starts_with(".gguf")) return std::nullopt;
  const int index = number(name.substr(found - digits, digits));
  const int count = number(name.substr(found + middle.size(), digits));
  if (index < 1 || index > count || count < 2 || count > shards_max) return std::nullopt;
  return ShardName{std::string(name.substr(0, found - digits - 1)), std::string(name.substr(after)),
                   index - 1, count};
}

std::vector<std::string> shard_files(const std::string& first) {
  const auto name = parse_shard_name(first);
  if (!name) return {first};
  std::vector<std::string> out;
  for (int i = 0; i < name->count; ++i) out.push_back(name->at(i));
  return out;
}

}  // namespace bastide::models::gguf
