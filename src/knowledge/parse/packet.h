// What the server and its nursery say to each other over a socket pair: packets with open descriptors in
// them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "knowledge/parse/fd.h"

namespace bastide::knowledge::parse::detail {

inline constexpr std::size_t packet_fds_max = 3;
inline constexpr std::size_t packet_bytes_max = 64 * 1024;

struct Packet {
  std::string bytes;
  std::array<Fd, packet_fds_max> fds;  // those that came stand first
};

/// Two connected ends that keep packets whole, closed on exec; nullopt when the process has no descriptors
/// left.
[[nodiscard]] std::optional<std::array<Fd, 2>> packet_pair();

/// Never blocks and raises no signal. False when the other end is gone or has not read for too long.
[[nodiscard]] bool send_packet(int socket, std::string_view bytes, std::span<const int> fds = {});

/// Blocks until there is one; nullopt when the other end is gone. Descriptors are closed on exec.
[[nodiscard]] std::optional<Packet> receive_packet(int socket);

}  // namespace bastide::knowledge::parse::detail
