#include "net/socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace bastide::net::detail {
namespace {
constexpr int backlog = 4096;

std::unexpected<Error> listen_error(const std::string& host, int port, int error) {
  auto where = fmt::format("{}:{}", host, port);
  switch (error) {
    case EADDRINUSE:
      return fail(Code::conflict, fmt::format("Another program already listens on {}.", where), "port_in_use",
                  "Stop that program, or choose another port.");
    case EACCES:
    case EPERM:
      return fail(Code::forbidden, fmt::format("This user may not listen on {}.", where), "port_not_allowed",
                  "Choose a port above 1023, or allow this program to use low ports.");
    case EADDRNOTAVAIL:
      return fail(Code::invalid, fmt::format("This machine has no address {}.", host), "address_not_here",
                  "Listen on an address of this machine, 127.0.0.1 or 0.0.0.0.");
    default:
      return fail(Code::unavailable,
                  fmt::format("Listening on {} failed: {}.", where, std::generic_category().message(error)),
                  "listen");
  }
}

// 0 or an errno. `shared` lets later sockets join; the first of a group asks for the port alone.
int bind_and_listen(Fd& fd, const Address& address, bool shared) {
  fd = Fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size) != 0) return errno;
  if (::listen(fd.get(), backlog) != 0) return errno;
  return 0;
}
}  // namespace

int Address::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  return 0;
}

std::string Address::ip() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, text.data(), text.size());
  } else if (family() == AF_INET6) {
    const auto& ip6 = reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&ip6))
      ::inet_ntop(AF_INET, ip6.s6_addr + 12, text.data(), text.size());
    else
      ::inet_ntop(AF_INET6, &ip6, text.data(), text.size());
  }
  return text.data();
}

bool Address::is_loopback() const {
  constexpr std::uint32_t net = 127;
  const auto is_ours = [](std::uint32_t ip4) { return ntohl(ip4) >> 24U == net; };
  if (family() == AF_INET) return is_ours(reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr.s_addr);
  if (family() != AF_INET6) return false;
  const auto& ip6 = reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr;
  std::uint32_t last = 0;
  std::memcpy(&last, ip6.s6_addr + 12, sizeof last);
  return IN6_IS_ADDR_LOOPBACK(&ip6) || (IN6_IS_ADDR_V4MAPPED(&ip6) && is_ours(last));
}

std::optional<Address> literal_address(const std::string& host, int port) {
  Address address;
  auto* ip4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &ip4->sin_addr) == 1) {
    ip4->sin_family = AF_INET;
    ip4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(sockaddr_in);
    return address;
  }
  auto* ip6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, host.c_str(), &ip6->sin6_addr) == 1) {
    ip6->sin6_family = AF_INET6;
    ip6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return std::nullopt;
}

Result<std::vector<Address>> resolve(const std::string& host, int port) {
  if (auto literal = literal_address(host, port)) return std::vector{*literal};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0)
    return fail(Code::upstream,
                fmt::format("The address of {} was not found: {}.", host, ::gai_strerror(error)), "dns",
                "Check the name, and that this machine can reach its name server.");
  std::vector<Address> all;
  for (auto* one = found; one && all.size() < 16; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    Address address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    all.push_back(address);
  }
  ::freeaddrinfo(found);
  if (all.empty()) return fail(Code::upstream, fmt::format("{} has no address.", host), "dns");
  return all;
}

Result<Address> unix_address(const std::string& path) {
  Address address;
  auto* local = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.empty() || path.size() >= sizeof local->sun_path)
    return fail(Code::invalid, "The path of the Unix socket is empty or too long.", "url");
  local->sun_family = AF_UNIX;
  std::memcpy(local->sun_path, path.c_str(), path.size() + 1);
  address.size = sizeof(sockaddr_un);
  return address;
}

Result<std::vector<Fd>> listen_group(const std::string& host, int port, std::size_t count) {
  auto addresses = resolve(host, port);
  if (!addresses)
    return fail(Code::invalid, fmt::format("The address {} to listen on is not known.", host),
                "address_not_here", "Listen on an address of this machine, 127.0.0.1 or 0.0.0.0.");
  auto address = addresses->front();
  std::vector<Fd> group(count);
  // SO_REUSEPORT would let a second process share the port silently. So the first socket takes the port
  // without it, which fails when anybody else listens there, and is opened to sharing only then; a second
  // process fails in the same way at its own first socket.
  if (int error = bind_and_listen(group[0], address, false)) return listen_error(host, port, error);
  int on = 1;
  ::setsockopt(group[0].get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  address.size = sizeof address.storage;
  ::getsockname(group[0].get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  for (std::size_t i = 1; i < count; ++i)
    if (int error = bind_and_listen(group[i], address, true))
      return listen_error(host, address.port(), error);
  return group;
}

int bound_port(int fd) {
  Address address;
  address.size = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address.port();
}

void set_no_delay(int fd) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void set_within_machine(int fd) {
  static constexpr std::string_view reno = "reno";  // every kernel has it
  ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, reno.data(), reno.size());
}

void set_accepted_options(int fd, Millis patience) {
  set_no_delay(fd);
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  int idle_s = 60;
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  auto patience_ms = static_cast<unsigned>(std::max<Millis::rep>(patience.count(), 1));
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

Fd begin_connect(const Address& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fd;
  if (address.family() != AF_UNIX) set_no_delay(fd.get());
  if (address.is_loopback()) set_within_machine(fd.get());
  if (::connect(fd.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
    int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

int connect_outcome(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace bastide::net::detail
