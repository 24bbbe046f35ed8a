// Checks of e-mail and IP addresses.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "guard/checks.h"
#include "guard/rules.h"

namespace bastide::guard::checks {
namespace {
bool ascii_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
bool ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool local_part(char c) {
  return ascii_letter(c) || ascii_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("._%+'-&~!#$*=?^{}|").find(c) != std::string_view::npos;
}
bool ascii_hex(char c) { return ascii_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }
}  // namespace

// The pattern begins at the "@": the local part stands before. RFC 5321 lengths; the domain's last label is
// letters (or an internationalised name).
bool email(const Scan& scan, Span& span) {
  constexpr std::size_t local_max = 64;
  auto at = span.begin;
  while (span.begin > 0 && at - span.begin <= local_max && local_part(scan.text[span.begin - 1]))
    --span.begin;
  auto all = scan.text.substr(span.begin, span.end - span.begin);
  auto at_sign = all.find('@');
  auto local = all.substr(0, at_sign);
  while (!local.empty() && (local[0] == '.' || local[0] == '\'' || local[0] == '-' || local[0] == '%')) {
    local.remove_prefix(1);
    ++span.begin;
  }
  auto domain = all.substr(at_sign + 1);
  while (!domain.empty() && (domain.back() == '-' || domain.back() == '.')) {
    domain.remove_suffix(1);
    --span.end;
  }
  if (local.empty() || local.size() > 64 || local.back() == '.' || domain.size() > 253 || domain[0] == '-')
    return false;
  // A sentence that goes on without a space: "a@b.fr.Merci" ends at the last label that can end a domain.
  auto dot = domain.rfind('.');
  if (dot == std::string_view::npos) return false;
  auto last = domain.substr(dot + 1);
  if (last.size() < 2 || last.size() > 63) return false;
  bool high = std::ranges::any_of(last, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (!high && !last.starts_with("xn--") && !std::ranges::all_of(last, ascii_letter)) return false;
  // user:password@host is a credential, which has a rule of its own.
  return !(span.begin >= 3 && scan.text.substr(span.begin - 3, 3) == "://");
}

// "name [at] example [dot] org": the pattern begins at the bracket.
bool email_spelled(const Scan& scan, Span& span) {
  auto begin = span.begin;
  if (begin > 0 && scan.text[begin - 1] == ' ') --begin;
  auto end = begin;
  while (begin > 0 && end - begin <= 64 &&
         (ascii_letter(scan.text[begin - 1]) || ascii_digit(scan.text[begin - 1]) ||
          scan.text[begin - 1] == '.' || scan.text[begin - 1] == '_' || scan.text[begin - 1] == '-'))
    --begin;
  span.begin = begin;
  return end - begin >= 2;
}

bool ipv4(const Scan& scan, Span& span) {
  std::string text(scan.text.substr(span.begin, span.end - span.begin));
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return false;
  auto raw = ntohl(address.s_addr);
  // This host, masks and "any" name nobody.
  if ((raw >> 24U) == 127 || raw == 0 || (raw >> 24U) == 255) return false;
  if (span.begin > 0 && (scan.text[span.begin - 1] == '.' || scan.text[span.begin - 1] == '-')) return false;
  if (span.end + 1 < scan.text.size() && scan.text[span.end] == '.' && ascii_digit(scan.text[span.end + 1]))
    return false;
  // "version 1.2.3.4"
  auto token = scan.token_at(span.begin);
  for (std::size_t back = 1; back <= 2 && back <= token; ++back)
    for (auto word : {"version", "v", "release", "build", "ver", "section", "chapitre", "article"})
      if (scan.is(token - back, word)) return false;
  return true;
}

// The pattern finds two groups; the whole is what hexadecimal digits and colons reach (RFC 4291).
bool ipv6(const Scan& scan, Span& span) {
  auto text = scan.text;
  auto part = [](char c) { return ascii_hex(c) || c == ':' || c == '.'; };
  std::size_t begin = span.begin, end = span.end;
  constexpr std::size_t size_max = 45;
  while (begin > 0 && part(text[begin - 1]) && end - begin < size_max) --begin;
  while (end < text.size() && part(text[end]) && end - begin < size_max) ++end;
  while (end > begin &&
         (text[end - 1] == '.' || (text[end - 1] == ':' && !text.substr(begin, end - begin).ends_with("::"))))
    --end;
  if (end - begin < 4 || !scan.stands_alone(begin, end)) return false;
  std::array<char, 64> copy{};
  std::memcpy(copy.data(), text.data() + begin, end - begin);
  in6_addr address{};
  if (inet_pton(AF_INET6, copy.data(), &address) != 1) return false;
  auto body = text.substr(begin, end - begin);
  auto colons = std::ranges::count(body, ':');
  bool digits = std::ranges::any_of(body, ascii_digit);
  if (body == "::1" || (!digits && colons < 3)) return false;  // this host; words of code such as "add::face"
  span = {begin, end};
  return true;
}

}  // namespace bastide::guard::checks
