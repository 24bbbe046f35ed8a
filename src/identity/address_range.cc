#include "identity/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace bastide::identity {
namespace {

constexpr int bits_of_v6 = 128;
constexpr int bits_of_v4 = 32;
constexpr std::size_t text_bytes_max = 64;

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > text_bytes_max) return std::nullopt;
  const std::string ended(text);
  Address out{};
  if (inet_pton(AF_INET6, ended.c_str(), out.data()) == 1) return out;
  out = {};
  out[10] = out[11] = 0xff;
  if (inet_pton(AF_INET, ended.c_str(), out.data() + 12) == 1) return out;
  return std::nullopt;
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(Code::invalid,
                "\"" + std::string(text.substr(0, text_bytes_max)) + "\" is no range of addresses.",
                "address_range", "Write it as 192.0.2.0/24 or 2001:db8::/32.");
  };
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return wrong();
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const int most = v4 ? bits_of_v4 : bits_of_v6;
  int bits = most;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > most)
      return wrong();
  }
  AddressRange range;
  range.first_ = *address;
  range.bits_ = bits + (v4 ? bits_of_v6 - bits_of_v4 : 0);
  for (int bit = range.bits_; bit < bits_of_v6; ++bit)
    if (range.first_[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) return wrong();
  return range;
}

bool AddressRange::contains(const Address& address) const {
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (!std::equal(first_.begin(), first_.begin() + bits_ / 8, address.begin())) return false;
  if (bits_ % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits_ % 8));
  return (first_[whole] & mask) == (address[whole] & mask);
}

}  // namespace bastide::identity
