#include "knowledge/parse/charset.h"

#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <limits>
#include <memory>

#include "base/text.h"

namespace bastide::knowledge::parse::detail {
namespace {

std::string convert(std::string_view bytes, const char* charset, bool& known) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<UConverter, void (*)(UConverter*)> converter(ucnv_open(charset, &status), ucnv_close);
  known = U_SUCCESS(status) && converter;
  if (!known) return {};
  std::string out;
  // In parts, so that sizes stay within ICU's 32 bits.
  constexpr std::size_t part_max = 8 * 1024 * 1024;
  std::u16string buffer(64 * 1024, u'\0');
  for (std::size_t at = 0; at < bytes.size() || bytes.empty();) {
    auto part = bytes.substr(at, part_max);
    at += part.size();
    const auto* from = part.data();
    const auto* end = from + part.size();
    do {
      auto* to = buffer.data();
      status = U_ZERO_ERROR;
      ucnv_toUnicode(converter.get(), &to, buffer.data() + buffer.size(), &from, end, nullptr,
                     at >= bytes.size() ? 1 : 0, &status);
      icu::UnicodeString(false, buffer.data(), static_cast<int>(to - buffer.data())).toUTF8String(out);
    } while (status == U_BUFFER_OVERFLOW_ERROR);
    if (bytes.empty()) break;
  }
  return to_valid_utf8(out);
}

std::string detect(std::string_view bytes) {
  std::unique_ptr<uchardet, void (*)(uchardet_t)> detector(uchardet_new(), uchardet_delete);
  auto sample = bytes.substr(0, 256 * 1024);
  if (!detector || uchardet_handle_data(detector.get(), sample.data(), sample.size()) != 0) return {};
  uchardet_data_end(detector.get());
  return uchardet_get_charset(detector.get());
}

// UTF-16 without a mark: every other byte of Western text is zero.
const char* wide_without_mark(std::string_view bytes) {
  auto sample = bytes.substr(0, 4096);
  if (sample.size() < 8) return nullptr;
  std::size_t even = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i < sample.size(); ++i)
    if (sample[i] == 0) (i % 2 == 0 ? even : odd)++;
  if (odd > sample.size() * 3 / 10 && even <= sample.size() / 50) return "UTF-16LE";
  if (even > sample.size() * 3 / 10 && odd <= sample.size() / 50) return "UTF-16BE";
  return nullptr;
}

}  // namespace

std::string from_utf16le(std::string_view bytes) {
  auto known = false;
  return convert(bytes, "UTF-16LE", known);
}

std::string decode_as(std::string_view bytes, const std::string& name) {
  auto known = false;
  if (!name.empty() && !equal_ignoring_ascii_case(name, "utf-8")) {
    auto out = convert(bytes, name.c_str(), known);
    if (known) return out;
  }
  return decode(bytes);
}

std::string decode(std::string_view bytes, std::string_view declared) {
  auto known = false;
  if (bytes.starts_with("\xEF\xBB\xBF")) return to_valid_utf8(bytes.substr(3));
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return convert(bytes, "UTF-16", known);
  if (const auto* wide = wide_without_mark(bytes)) return convert(bytes, wide, known);
  if (is_utf8(bytes)) return std::string(bytes);
  for (const auto& name : {std::string(declared), detect(bytes), std::string("windows-1252")}) {
    if (name.empty() || equal_ignoring_ascii_case(name, "utf-8") ||
        equal_ignoring_ascii_case(name, "us-ascii"))
      continue;
    auto out = convert(bytes, name.c_str(), known);
    if (known) return out;
  }
  return to_valid_utf8(bytes);
}

}  // namespace bastide::knowledge::parse::detail
