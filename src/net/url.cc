#include "net/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "net/framing.h"

namespace bastide::net::detail {
namespace {
std::unexpected<Error> bad_url(std::string message) {
  return fail(Code::invalid, std::move(message), "url",
              "Give an address such as https://host.example:8443/path.");
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}
bool is_ip6_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}
}  // namespace

std::string Url::key() const {
  if (!unix_socket.empty()) return "unix:" + unix_socket;
  return fmt::format("{}{}:{}", tls ? "s:" : "p:", host, port);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > 8 * 1024) return bad_url("The address is too long.");
  if (std::ranges::any_of(text, [](char c) { return c <= 0x20 || c >= 0x7f; }))
    return bad_url("The address holds a space or a character that must be percent-encoded.");
  text = text.substr(0, text.find('#'));
  Url url;
  auto scheme_end = text.find("://");
  auto scheme = text.substr(0, scheme_end);
  if (scheme_end != std::string_view::npos && equal_ignoring_ascii_case(scheme, "https"))
    url.tls = true;
  else if (scheme_end == std::string_view::npos || !equal_ignoring_ascii_case(scheme, "http"))
    return bad_url("The address does not begin with http:// or https://.");
  auto rest = text.substr(scheme_end + 3);

  if (!url.tls && rest.starts_with("unix:/")) {
    rest.remove_prefix(5);
    auto end = rest.find(':');
    url.unix_socket = rest.substr(0, end);
    url.authority = "localhost";
    url.target = end == std::string_view::npos ? "/" : rest.substr(end + 1);
    if (!url.target.starts_with('/')) return bad_url("The path after the Unix socket does not begin with /.");
    return url;
  }

  auto authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos)
    return bad_url("The address holds a user name, which is not supported.");
  std::string_view port_text;
  if (authority.starts_with('[')) {
    auto close = authority.find(']');
    if (close == std::string_view::npos) return bad_url("The IPv6 address has no closing bracket.");
    url.host = authority.substr(1, close - 1);
    auto after = authority.substr(close + 1);
    if (!after.empty() && !after.starts_with(':')) return bad_url("The address of the server is malformed.");
    if (!after.empty()) port_text = after.substr(1);
    if (url.host.empty() || !std::ranges::all_of(url.host, is_ip6_char))
      return bad_url("The IPv6 address is malformed.");
  } else {
    auto colon = authority.find(':');
    url.host = ascii_lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port_text = authority.substr(colon + 1);
    if (url.host.empty() || url.host.size() > 253 || !std::ranges::all_of(url.host, is_host_char))
      return bad_url("The name of the server is malformed.");
  }
  url.port = url.tls ? 443 : 80;
  if (!port_text.empty()) {
    auto port = parse_length(port_text);
    if (!port || *port == 0 || *port > 65535) return bad_url("The port is not a number from 1 to 65535.");
    url.port = static_cast<int>(*port);
  }
  url.authority = authority;
  url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return url;
}

}  // namespace bastide::net::detail
