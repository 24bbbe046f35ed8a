// Ranges of network addresses, IPv4 and IPv6.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace bastide::identity {

/// 16 bytes; an IPv4 address as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
using Address = std::array<std::uint8_t, 16>;

/// Nothing for what is no address. "[::1]" and zones ("fe80::1%eth0") are none.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// CIDR (RFC 4632): "192.0.2.0/24", "2001:db8::/32"; a bare address is a range of one. A value.
class AddressRange {
 public:
  /// Code::invalid; also for bits set beyond the prefix, which is nearly always a slip.
  static Result<AddressRange> parse(std::string_view text);
  [[nodiscard]] bool contains(const Address& address) const;

 private:
  Address first_{};
  int bits_ = 0;  // of 128
};

}  // namespace bastide::identity
