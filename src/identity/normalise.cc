#include "identity/normalise.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace bastide::identity {
namespace {
icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

icu::UnicodeString normalised(const icu::Normalizer2* with, const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  auto out = with->normalize(text, status);
  return U_FAILURE(status) ? text : out;
}

icu::UnicodeString nfc(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* with = icu::Normalizer2::getNFCInstance(status);
  return U_FAILURE(status) ? from_utf8(text) : normalised(with, from_utf8(text));
}

std::unexpected<Error> bad_email() {
  return fail(Code::invalid, "This is not an e-mail address.", "email", "Write it as name@example.org.");
}

bool is_domain(std::string_view domain) {
  for (auto label : split(domain, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](unsigned char c) { return c >= 0x80 || std::isalnum(c) || c == '-'; }))
      return false;
  }
  return true;
}

bool is_local_part(std::string_view local) {
  static constexpr std::string_view signs = ".!#$%&'*+/=?^_`{|}~-";
  return !local.empty() && local.size() <= 64 && std::ranges::all_of(local, [](unsigned char c) {
    return c >= 0x80 || std::isalnum(c) || signs.contains(static_cast<char>(c));
  });
}
}  // namespace

Result<std::string> normalise_email(std::string_view email) {
  email = trim(email);
  if (email.size() > 254 || !is_utf8(email)) return bad_email();
  auto text = to_utf8(nfc(email).toLower(icu::Locale::getRoot()));
  auto at = text.find('@');
  if (at == std::string::npos || text.size() > 254) return bad_email();
  if (!is_local_part(std::string_view(text).substr(0, at)) ||
      !is_domain(std::string_view(text).substr(at + 1)))
    return bad_email();
  return text;
}

Result<std::string> normalise_name(std::string_view name, std::size_t code_points_max) {
  name = trim(name);
  if (name.empty()) return fail(Code::invalid, "The name is empty.", "name", "Write a name.");
  if (!is_utf8(name)) return fail(Code::invalid, "The name is not valid UTF-8.", "name");
  if (name.size() > code_points_max * 4 || count_code_points(name) > code_points_max)
    return fail(Code::invalid, "The name is too long.", "name",
                "Use at most " + std::to_string(code_points_max) + " characters.");
  auto text = nfc(name);
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    auto kind = u_charType(text.char32At(i));
    if (kind == U_CONTROL_CHAR || kind == U_LINE_SEPARATOR || kind == U_PARAGRAPH_SEPARATOR ||
        kind == U_UNASSIGNED)
      return fail(Code::invalid, "The name has characters that cannot be shown.", "name", "Leave them out.");
  }
  return to_utf8(text);
}

std::string normalise_password(std::string_view password) { return to_utf8(nfc(password)); }

std::string fold(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfkd = icu::Normalizer2::getNFKDInstance(status);
  auto apart = U_FAILURE(status) ? from_utf8(text) : normalised(nfkd, from_utf8(text));
  icu::UnicodeString bare;
  for (std::int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    auto c = apart.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) bare.append(c);
  }
  return to_utf8(bare.foldCase());
}

std::string search_words(std::string_view text) {
  auto folded = from_utf8(fold(text));
  icu::UnicodeString out;
  for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    auto c = folded.char32At(i);
    if (u_isalnum(c))
      out.append(c);
    else if (!out.isEmpty() && out.charAt(out.length() - 1) != u' ')
      out.append(u' ');
  }
  return to_utf8(out.trim());
}

}  // namespace bastide::identity
