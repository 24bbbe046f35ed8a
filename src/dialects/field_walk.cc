#include "dialects/field_walk.h"

#include <immintrin.h>
#include <simdjson.h>

#include <bit>
#include <utility>

#include "base/id.h"

namespace bastide::dialects {
namespace {

constexpr std::size_t block = 32;
constexpr int depth_max = 500;

__m256i load(const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }
std::uint32_t bits(__m256i mask) { return static_cast<std::uint32_t>(_mm256_movemask_epi8(mask)); }
__m256i equal(__m256i bytes, char wanted) { return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(wanted)); }
// Of the bits of a block, those before the first of `stops`.
std::uint32_t before(std::uint32_t all, std::uint32_t stops) {
  return stops == 0 ? all : all & ((stops & (0U - stops)) - 1);
}

constexpr std::string_view file_prefix = "file";
constexpr std::size_t file_id_bytes = 31;  // "file_" and 26 letters
bool begins_as_file(std::string_view text) {
  return text.size() > file_id_bytes && text[0] == 'f' && text[file_prefix.size()] == '_';
}
bool is_file(std::string_view text) {
  return text[file_id_bytes] == '"' && is_id(text.substr(0, file_id_bytes), file_prefix);
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

}  // namespace

void FieldWalk::skip_blanks() {
  while (at_ < json_.size() && is_blank(json_[at_])) ++at_;
}

bool FieldWalk::skip_string() {
  const auto begin = ++at_;
  if (begins_as_file(json_.substr(begin))) names_file_ |= is_file(json_.substr(begin));
  while (at_ < json_.size()) {
    const auto bytes = load(json_.data() + at_);
    // Below 0x20 are control characters and, for a comparison with signs, the bytes from 0x80 on.
    const auto low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
    const auto special = bits(_mm256_or_si256(_mm256_or_si256(equal(bytes, '"'), equal(bytes, '\\')), low));
    if (special == 0) {
      at_ += block;
      continue;
    }
    const auto high = bits(bytes);
    const auto stops = special & ~high;
    if (before(high, stops) != 0) ascii_ = false;
    if (stops == 0) {
      at_ += block;
      continue;
    }
    at_ += static_cast<std::size_t>(std::countr_zero(stops));
    if (at_ >= json_.size()) return false;
    if (json_[at_] == '"') {
      if (at_ - begin >= long_bytes_min) long_.push_back(json_.substr(begin, at_ - begin));
      ++at_;
      return true;
    }
    if (json_[at_] != '\\') return false;
    at_ += 2;
  }
  return false;
}

bool FieldWalk::skip_nested() {
  int depth = 0;
  while (at_ < json_.size()) {
    const auto bytes = load(json_.data() + at_);
    const auto folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));  // [ as {, ] as }
    const auto stops =
        bits(_mm256_or_si256(_mm256_or_si256(equal(folded, '{'), equal(folded, '}')), equal(bytes, '"')));
    if (before(bits(bytes), stops) != 0) ascii_ = false;
    if (stops == 0) {
      at_ += block;
      continue;
    }
    at_ += static_cast<std::size_t>(std::countr_zero(stops));
    if (at_ >= json_.size()) return false;
    switch (json_[at_]) {
      case '"':
        if (!skip_string()) return false;
        continue;
      case '{':
      case '[':
        if (++depth > depth_max) return false;
        break;
      default:
        if (--depth == 0) {
          ++at_;
          return true;
        }
    }
    ++at_;
  }
  return false;
}

bool FieldWalk::skip_value() {
  if (at_ >= json_.size()) return false;
  if (json_[at_] == '"') return skip_string();
  if (json_[at_] == '{' || json_[at_] == '[') return skip_nested();
  const auto begin = at_;
  while (at_ < json_.size() && is_plain(json_[at_])) ++at_;
  return at_ > begin;
}

std::vector<std::string_view> FieldWalk::long_strings_of(std::string_view json) {
  FieldWalk walk(json);
  (void)walk.skip_value();
  return std::move(walk.long_);
}

FieldWalk::Step FieldWalk::finish() {
  ++at_;
  skip_blanks();
  if (at_ != json_.size()) return Step::unsure;
  return ascii_ || simdjson::validate_utf8(json_.data(), json_.size()) ? Step::end : Step::unsure;
}

FieldWalk::Step FieldWalk::next() {
  skip_blanks();
  if (at_ >= json_.size()) return Step::unsure;
  if (!begun_) {
    begun_ = true;
    if (json_[at_] != '{') return Step::unsure;
    ++at_;
    skip_blanks();
    if (at_ < json_.size() && json_[at_] == '}') return finish();
  } else {
    if (json_[at_] == '}') return finish();
    if (json_[at_] != ',') return Step::unsure;
    ++at_;
    skip_blanks();
  }
  if (at_ >= json_.size() || json_[at_] != '"') return Step::unsure;
  const auto key_at = at_;
  if (!skip_string()) return Step::unsure;
  key_ = json_.substr(key_at + 1, at_ - key_at - 2);
  if (key_.find('\\') != std::string_view::npos) return Step::unsure;
  skip_blanks();
  if (at_ >= json_.size() || json_[at_] != ':') return Step::unsure;
  ++at_;
  skip_blanks();
  long_.clear();
  const auto value_at = at_;
  if (!skip_value()) return Step::unsure;
  value_ = json_.substr(value_at, at_ - value_at);
  return Step::field;
}

}  // namespace bastide::dialects
