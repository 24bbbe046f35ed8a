// Sockets and addresses: listening, connecting, naming.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "net/loop_impl.h"

namespace bastide::net::detail {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int port() const;
  /// The IP address alone; an IPv4 address mapped into IPv6 is written as IPv4.
  [[nodiscard]] std::string ip() const;
  [[nodiscard]] bool is_loopback() const;
};

/// Blocks while a name is looked up; an address in figures is not looked up. Never empty.
[[nodiscard]] Result<std::vector<Address>> resolve(const std::string& host, int port);
/// Nothing when `host` is not an address in figures.
[[nodiscard]] std::optional<Address> literal_address(const std::string& host, int port);
[[nodiscard]] Result<Address> unix_address(const std::string& path);

/// `count` sockets listening on one port of their own, among which the kernel spreads the connections. A port
/// that anybody else listens on is Code::conflict "port_in_use", even when they would share it.
[[nodiscard]] Result<std::vector<Fd>> listen_group(const std::string& host, int port, std::size_t count);

/// What connections accepted on `fd` inherit: small writes leave at once, and a peer that acknowledges
/// nothing for `patience`, its machine being gone, is found out even while nothing is sent.
void set_accepted_options(int fd, Millis patience);
[[nodiscard]] int bound_port(int fd);
void set_no_delay(int fd);
/// For a connection within this machine: the control of congestion that costs least, as there is none. BBR,
/// where it is the system's choice, measures the path and paces every write.
void set_within_machine(int fd);

/// A non-blocking socket whose connection has begun; invalid with errno when that failed at once.
[[nodiscard]] Fd begin_connect(const Address& address);
/// The outcome once the socket is writable: 0 or an errno.
[[nodiscard]] int connect_outcome(int fd);

}  // namespace bastide::net::detail
