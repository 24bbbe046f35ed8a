#include "knowledge/parse/clean.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace bastide::knowledge::parse::detail {
namespace {

bool invisible(UChar32 c) {
  if (c == 0xAD || c == 0xFEFF || c == 0x200B || c == 0x2060 || c == 0x180E) return true;
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0 && c != 0x85) ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         (c >= 0xE000 && c <= 0xF8FF);
}

bool line_end(UChar32 c) { return c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029; }

bool space(UChar32 c) {
  return c == ' ' || c == '\t' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

class Output {
 public:
  Output(Spaces spaces, std::size_t size) : spaces_(spaces) { out_.reserve(size); }
  void add_space(UChar32 c) {
    if (spaces_ == Spaces::keep)
      out_ += c == '\t' ? '\t' : ' ';
    else
      pending_space_ = true;
  }
  void add_line_end() {
    if (spaces_ == Spaces::collapse) {
      pending_space_ = true;
      return;
    }
    while (!out_.empty() && (out_.back() == ' ' || out_.back() == '\t')) out_.pop_back();
    pending_space_ = false;
    out_ += '\n';
  }
  void add(std::string_view bytes) {
    if (pending_space_ && !out_.empty() && out_.back() != '\n') out_ += ' ';
    pending_space_ = false;
    out_ += bytes;
  }
  std::string take() {
    auto end = out_.find_last_not_of(" \t\n");
    out_.resize(end == std::string::npos ? 0 : end + 1);
    auto start = out_.find_first_not_of('\n');
    if (start != std::string::npos && start > 0) out_.erase(0, start);
    return std::move(out_);
  }

 private:
  Spaces spaces_;
  std::string out_;
  bool pending_space_ = false;
};

std::string to_nfc(std::string text, UChar32 highest) {
  if (highest < 0x300) return text;  // nothing below the combining marks is composed
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status) || nfc->isNormalizedUTF8(text, status)) return text;
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  nfc->normalizeUTF8(0, text, sink, nullptr, status);
  return U_FAILURE(status) ? text : out;
}

}  // namespace

std::string clean(std::string_view text, Spaces spaces) {
  std::string repaired;
  if (!is_utf8(text)) {
    repaired = to_valid_utf8(text);
    text = repaired;
  }
  Output out(spaces, text.size());
  UChar32 highest = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto start = at;
    UChar32 c = static_cast<unsigned char>(text[at]);
    if (c < 0x80)
      ++at;
    else {
      std::int32_t offset = 0;
      auto rest = text.substr(at, 4);
      auto length = static_cast<std::int32_t>(rest.size());
      const auto* bytes = rest.data();
      U8_NEXT(bytes, offset, length, c);
      at += static_cast<std::size_t>(offset);
    }
    if (c == '\r') {
      if (at < text.size() && text[at] == '\n') continue;
      c = '\n';
    }
    if (c == '\f' || c == '\v') c = '\n';
    if (line_end(c))
      out.add_line_end();
    else if (space(c))
      out.add_space(c);
    else if (!invisible(c)) {
      highest = std::max(highest, c);
      out.add(text.substr(start, at - start));
    }
  }
  return to_nfc(out.take(), highest);
}

std::string clean_cell(std::string_view text) {
  auto out = clean(text);
  for (std::size_t at = 0; (at = out.find('|', at)) != std::string::npos; at += 2) out.insert(at, "\\");
  return out;
}

}  // namespace bastide::knowledge::parse::detail
