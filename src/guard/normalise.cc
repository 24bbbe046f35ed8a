#include "guard/normalise.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "guard/bytes.h"
#include "guard/utf8.h"

namespace bastide::guard {
namespace {

struct Point {
  char32_t cp;
  std::uint32_t from, to;
};

constexpr std::size_t segment_max = 32;  // UAX 15, stream-safe text: longer runs of marks are cut

bool ignorable(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) ||
         c == 0xFEFF || (c >= 0xE0100 && c <= 0xE01EF) || c == 0xE0001 || c == 0xE007F;
}

char32_t plain(char32_t c) {
  switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201B:
    case 0x2032:
    case 0x02BC:
    case 0x60:
    case 0xB4:
      return c == 0x60 ? c : U'\'';
    case 0x201C:
    case 0x201D:
    case 0x201F:
    case 0x2033:
    case 0xAB:
    case 0xBB:
      return U'"';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
    case 0x2043:
    case 0xFE58:
    case 0xFE63:
    case 0xFF0D:
      return U'-';
    case 0xA0:
    case 0x1680:
    case 0x202F:
    case 0x205F:
    case 0x3000:
    case 0x85:
    case 0x2028:
    case 0x2029:
      return c == 0x85 || c == 0x2028 || c == 0x2029 ? U'\n' : U' ';
    default:
      break;
  }
  if (c >= 0x2000 && c <= 0x200A) return U' ';
  if (c >= 0x660 && u_charType(static_cast<UChar32>(c)) == U_DECIMAL_DIGIT_NUMBER)
    return U'0' + static_cast<char32_t>(u_charDigitValue(static_cast<UChar32>(c)));
  return c;
}

// Letters of Cyrillic and Greek that no eye tells from Latin (after Unicode's confusables.txt).
char32_t latin_twin(char32_t c) {
  switch (c) {
    case 0x410:
    case 0x391:
      return 'A';
    case 0x412:
    case 0x392:
      return 'B';
    case 0x421:
      return 'C';
    case 0x415:
    case 0x395:
      return 'E';
    case 0x41D:
    case 0x397:
      return 'H';
    case 0x406:
    case 0x399:
      return 'I';
    case 0x408:
      return 'J';
    case 0x41A:
    case 0x39A:
      return 'K';
    case 0x41C:
    case 0x39C:
      return 'M';
    case 0x39D:
      return 'N';
    case 0x41E:
    case 0x39F:
      return 'O';
    case 0x420:
    case 0x3A1:
      return 'P';
    case 0x405:
      return 'S';
    case 0x422:
    case 0x3A4:
      return 'T';
    case 0x425:
    case 0x3A7:
      return 'X';
    case 0x423:
    case 0x3A5:
      return 'Y';
    case 0x396:
      return 'Z';
    case 0x430:
    case 0x3B1:
      return 'a';
    case 0x441:
    case 0x3F2:
      return 'c';
    case 0x501:
      return 'd';
    case 0x435:
      return 'e';
    case 0x4BB:
      return 'h';
    case 0x456:
    case 0x3B9:
      return 'i';
    case 0x458:
      return 'j';
    case 0x43E:
    case 0x3BF:
      return 'o';
    case 0x440:
    case 0x3C1:
      return 'p';
    case 0x51B:
      return 'q';
    case 0x455:
      return 's';
    case 0x3BD:
    case 0x475:
      return 'v';
    case 0x51D:
      return 'w';
    case 0x445:
    case 0x3C7:
      return 'x';
    case 0x443:
    case 0x3B3:
      return 'y';
    default:
      return 0;
  }
}

void unmix_words(std::vector<Point>& points) {
  auto ascii_alnum = [](char32_t c) {
    return (c >= '0' && c <= '9') || ((c | 32U) >= 'a' && (c | 32U) <= 'z');
  };
  auto in_word = [&](char32_t c) {
    return ascii_alnum(c) || (c >= 0xC0 && c <= 0x52F) || c == '_' || c == '.' || c == '@' || c == '-';
  };
  for (std::size_t i = 0; i < points.size();) {
    if (!in_word(points[i].cp)) {
      ++i;
      continue;
    }
    std::size_t j = i;
    bool latin = false, twin = false, foreign = false;
    for (; j < points.size() && in_word(points[j].cp); ++j) {
      auto c = points[j].cp;
      if (ascii_alnum(c))
        latin = true;
      else if (c >= 0x370)
        (latin_twin(c) ? twin : foreign) = true;
    }
    if (latin && twin && !foreign)
      for (auto k = i; k < j; ++k)
        if (auto c = latin_twin(points[k].cp)) points[k].cp = c;
    i = j;
  }
}

// Appends NFKC of points [i, j) of `raw`, which begin and end at normalisation boundaries.
void compose(const UNormalizer2* nfkc, const std::vector<Point>& raw, std::size_t i, std::size_t j,
             std::vector<Point>& out) {
  std::array<UChar, 2 * segment_max + 2> source{};
  std::array<UChar, 1024> target{};
  std::int32_t source_size = 0;
  for (auto k = i; k < j; ++k) U16_APPEND_UNSAFE(source.data(), source_size, static_cast<UChar32>(raw[k].cp));
  UErrorCode status = U_ZERO_ERROR;
  auto size = unorm2_normalize(nfkc, source.data(), source_size, target.data(),
                               static_cast<std::int32_t>(target.size()), &status);
  if (U_FAILURE(status)) {
    out.insert(out.end(), raw.begin() + static_cast<std::ptrdiff_t>(i),
               raw.begin() + static_cast<std::ptrdiff_t>(j));
    return;
  }
  for (std::int32_t k = 0; k < size;) {
    UChar32 c = 0;
    U16_NEXT_UNSAFE(target.data(), k, c);
    out.push_back({plain(static_cast<char32_t>(c)), raw[i].from, raw[j - 1].to});
  }
}

/// What single characters become, of the blocks that Latin writing uses: Latin and signs to U+02FF, and
/// U+2000 to U+2FFF. Other text is composed character by character.
class Forms {
 public:
  struct Form {
    std::uint8_t size = 0;  // of `text`, or one of the below
    std::array<char, 7> text{};
  };
  static constexpr std::uint8_t same = 255, unknown = 254;

  static const Forms& get() {
    static const Forms forms;
    return forms;
  }
  /// Of the character whose first byte is at `at`; gives its size in `bytes`.
  [[nodiscard]] const Form& at(std::string_view text, std::size_t at, std::size_t& bytes) const {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead >= 0xC2 && lead < 0xCC) {
      bytes = 2;
      return low_[static_cast<std::size_t>((lead & 0x1FU) << 6U | tail(text[at + 1])) - 0x80];
    }
    if (lead == 0xE2) {
      bytes = 3;
      return high_[static_cast<std::size_t>(tail(text[at + 1])) << 6U | tail(text[at + 2])];
    }
    return other_;
  }

 private:
  Forms() {
    UErrorCode status = U_ZERO_ERROR;
    const auto* nfkc = unorm2_getNFKCInstance(&status);
    const auto make = [&](char32_t c) -> Form {
      if (U_FAILURE(status) || !unorm2_hasBoundaryBefore(nfkc, static_cast<UChar32>(c))) return {unknown};
      if (ignorable(c)) return {};
      std::vector<Point> out;
      compose(nfkc, {{c, 0, 1}}, 0, 1, out);
      std::string text, own;
      for (const auto& point : out) {
        if (point.cp >= 0x370 && point.cp < 0x530) return {unknown};  // may have a Latin twin
        append_code_point(text, point.cp);
      }
      append_code_point(own, c);
      Form form;
      if (text == own) return {same};
      if (text.size() > form.text.size()) return {unknown};
      form.size = static_cast<std::uint8_t>(text.size());
      std::ranges::copy(text, form.text.begin());
      return form;
    };
    for (std::size_t i = 0; i < low_.size(); ++i) low_[i] = make(static_cast<char32_t>(0x80 + i));
    for (std::size_t i = 0; i < high_.size(); ++i) high_[i] = make(static_cast<char32_t>(0x2000 + i));
  }
  static unsigned tail(char byte) { return static_cast<unsigned char>(byte) & 0x3FU; }

  std::array<Form, 0x300 - 0x80> low_;
  std::array<Form, 0x1000> high_;
  Form other_{unknown};
};

// False, with `out` half filled, when a character needs more than a look at it alone.
bool normalise_alone(std::string_view utf8, Normal& out) {
  const auto& forms = Forms::get();
  std::size_t copied = 0;  // bytes of the original up to here are in `out`
  const auto copy_to = [&](std::size_t at) {
    if (at == copied) return;
    out.runs.push_back({static_cast<std::uint32_t>(out.text.size()), static_cast<std::uint32_t>(copied), 0});
    out.text.append(utf8, copied, at - copied);
  };
  for (std::size_t at = 0;;) {
    at = bytes::ascii_end(utf8, at);
    if (at == utf8.size()) break;
    std::size_t size = 0;
    const auto& form = forms.at(utf8, at, size);
    if (form.size == Forms::unknown) return false;
    if (form.size != Forms::same) {
      copy_to(at);
      copied = at + size;
      if (form.size > 0) {
        out.runs.push_back({static_cast<std::uint32_t>(out.text.size()), static_cast<std::uint32_t>(at),
                            static_cast<std::uint32_t>(copied)});
        out.text.append(form.text.data(), form.size);
      }
    }
    at += size;
  }
  if (copied == 0) {
    out.text.assign(utf8);
    return true;
  }
  copy_to(utf8.size());
  return true;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

namespace detail {
void normalise_fully(std::string_view utf8, Normal& out) {
  out.hidden = 0;
  std::vector<Point> raw;
  raw.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    auto from = static_cast<std::uint32_t>(at);
    char32_t c = next_code_point(utf8, at);
    if (ignorable(c)) continue;
    if (c >= 0xE0020 && c <= 0xE007E) {
      c -= 0xE0000;
      ++out.hidden;
    }
    raw.push_back({c, from, static_cast<std::uint32_t>(at)});
  }

  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* nfkc = unorm2_getNFKCInstance(&status);
  std::vector<Point> points;
  points.reserve(raw.size() + 16);
  for (std::size_t i = 0; i < raw.size();) {
    char32_t c = raw[i].cp;
    bool alone = i + 1 == raw.size() || raw[i + 1].cp < 0x300;
    // Latin letters of these blocks are their own NFKC form unless a mark follows.
    bool inert = c < 0x80 || (c >= 0xC0 && c <= 0x131) || c == 0x152 || c == 0x153;
    if (alone && (inert || U_FAILURE(status))) {
      points.push_back({plain(c), raw[i].from, raw[i].to});
      ++i;
      continue;
    }
    std::size_t j = i + 1;
    while (j < raw.size() && j - i < segment_max &&
           !unorm2_hasBoundaryBefore(nfkc, static_cast<UChar32>(raw[j].cp)))
      ++j;
    compose(nfkc, raw, i, j, points);
    i = j;
  }
  unmix_words(points);

  out.text.clear();
  out.runs.clear();
  for (const auto& point : points) {
    const auto begin = out.text.size();
    append_code_point(out.text, point.cp);
    const auto own = std::string_view(out.text).substr(begin);
    const bool same = own == utf8.substr(point.from, point.to - point.from);
    if (!out.runs.empty()) {
      const auto& last = out.runs.back();
      if (same && last.to == 0 && last.from + (begin - last.begin) == point.from) continue;
      if (!same && last.to == point.to && last.from == point.from) continue;
    }
    out.runs.push_back({static_cast<std::uint32_t>(begin), point.from, same ? 0 : point.to});
  }
}
}  // namespace detail

const Normal::Run& Normal::run_at(std::size_t at) const {
  return *std::prev(std::ranges::upper_bound(runs, at, std::less<>{}, &Run::begin));
}

std::size_t Normal::original_begin(std::size_t begin) const {
  const auto run = runs.empty() ? Run{} : run_at(begin);
  if (run.to != 0) return run.from;
  while (begin > run.begin && continues(text[begin])) --begin;
  return run.from + (begin - run.begin);
}

std::size_t Normal::original_end(std::size_t end) const {
  const auto run = runs.empty() ? Run{} : run_at(end - 1);
  if (run.to != 0) return run.to;
  while (end < text.size() && continues(text[end])) ++end;
  return run.from + (end - run.begin);
}

void normalise(std::string_view utf8, Normal& out) {
  assert(utf8.size() < (1ULL << 31U));
  out.hidden = 0;
  out.text.clear();
  out.runs.clear();
  out.text.reserve(utf8.size() + utf8.size() / 16 + bytes::readable_slack);
  if (!normalise_alone(utf8, out)) detail::normalise_fully(utf8, out);
  // What is read behind the text is the same each time.
  const auto size = out.text.size();
  out.text.append(bytes::readable_slack, '\0');
  out.text.resize(size);
}

}  // namespace bastide::guard
