#include "models/schema/regex.h"

#include <fmt/format.h>
#include <unicode/uset.h>

#include <algorithm>
#include <array>
#include <utility>

#include "models/schema/automaton.h"

namespace bastide::models::schema {
namespace {

constexpr std::size_t pattern_max = 4096;
constexpr int depth_max = 64;
constexpr std::uint32_t times_max = 100'000;

const CodeSet digits{{'0', '9'}};
const CodeSet word{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CodeSet space{{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const CodeSet line_ends{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

bool is_ascii_letter(std::uint32_t c) { return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z'; }
bool is_digit(std::uint32_t c) { return c >= '0' && c <= '9'; }

int hex_value(std::uint32_t c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  const auto lower = c | 0x20U;
  return lower >= 'a' && lower <= 'f' ? static_cast<int>(lower - 'a' + 10) : -1;
}

/// By recursive descent; stops at the first problem.
class Parser {
 public:
  explicit Parser(std::string_view pattern) : text_(code_points(pattern)) {}

  std::expected<RegexWithLookahead, std::string> parse() {
    RegexWithLookahead out;
    if (text_.size() > pattern_max) return std::unexpected(fmt::format("it is longer than {}", pattern_max));
    if (peek() == '^') {
      ++at_;
      while (is_lookahead()) {
        const bool is_forbidden = text_[at_ + 2] == '!';
        at_ += 3;
        out.lookaheads.push_back({choice(1), is_forbidden});
        if (problem_.empty() && take() != ')') problem_ = "a parenthesis is not closed";
      }
      if (out.lookaheads.empty()) at_ = 0;
    }
    out.regex = choice(0);
    if (problem_.empty() && at_ < text_.size()) problem_ = "a parenthesis is not opened";
    if (!out.lookaheads.empty()) {
      if (out.regex.kind == Regex::Kind::choice) problem_ = "a lookahead beside \"|\" is not kept";
      Regex begun{Regex::Kind::sequence, {}, {}, 0, {}};
      begun.children.push_back({Regex::Kind::begin, {}, {}, 0, {}});
      begun.children.push_back(std::move(out.regex));
      out.regex = std::move(begun);
    }
    if (!problem_.empty()) return std::unexpected(problem_);
    return out;
  }

 private:
  [[nodiscard]] std::uint32_t peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0;
  }
  std::uint32_t take() { return at_ < text_.size() ? text_[at_++] : 0; }
  [[nodiscard]] bool is_lookahead() const {
    return peek() == '(' && peek(1) == '?' && (peek(2) == '=' || peek(2) == '!');
  }

  Regex choice(int depth) {
    Regex out{Regex::Kind::choice, {}, {}, 0, {}};
    if (depth > depth_max) problem_ = "it is nested too deep";
    while (problem_.empty()) {
      out.children.push_back(sequence(depth));
      if (at_ >= text_.size() || peek() != '|') break;
      ++at_;
    }
    if (out.children.size() == 1) return std::move(out.children.front());
    return out;
  }

  Regex sequence(int depth) {
    Regex out{Regex::Kind::sequence, {}, {}, 0, {}};
    while (problem_.empty() && at_ < text_.size() && peek() != '|' && peek() != ')') {
      auto next = term(depth);
      quantify(next);
      out.children.push_back(std::move(next));
    }
    return out;
  }

  Regex term(int depth) {
    const auto c = take();
    switch (c) {
      case '^':
        return {Regex::Kind::begin, {}, {}, 0, {}};
      case '$':
        return {Regex::Kind::end, {}, {}, 0, {}};
      case '.':
        return of(line_ends.complement());
      case '(':
        return group(depth);
      case '[':
        return of(bracket());
      case '*':
      case '+':
      case '?':
        problem_ = "there is nothing to repeat";
        return {};
      case '\\':
        if (peek() == 'b' || peek() == 'B')
          return {take() == 'b' ? Regex::Kind::boundary : Regex::Kind::no_boundary, {}, {}, 0, {}};
        return of(escape(false));
      default:
        return of(CodeSet{{c, c}});
    }
  }

  static Regex of(CodeSet set) { return {Regex::Kind::set, std::move(set), {}, 0, {}}; }

  Regex group(int depth) {
    if (peek() == '?') {
      const bool is_named = peek(1) == '<' && (is_ascii_letter(peek(2)) || peek(2) == '_' || peek(2) == '$');
      if (peek(1) == ':') {
        at_ += 2;
      } else if (is_named) {
        while (at_ < text_.size() && peek() != '>') ++at_;
        ++at_;
      } else {
        problem_ = peek(1) == '=' || peek(1) == '!' ? "a lookahead elsewhere than behind ^ is not kept"
                                                    : "this kind of group is not kept";
        return {};
      }
    }
    auto out = choice(depth + 1);
    if (problem_.empty() && take() != ')') problem_ = "a parenthesis is not closed";
    return out;
  }

  /// {3}, {3,} or {3,5}; anything else is text.
  bool counts(std::uint32_t& min, std::optional<std::uint32_t>& max) {
    std::size_t at = at_ + 1;
    const auto number = [&]() -> std::optional<std::uint32_t> {
      if (at >= text_.size() || !is_digit(text_[at])) return std::nullopt;
      std::uint32_t out = 0;
      for (; at < text_.size() && is_digit(text_[at]); ++at)
        out = std::min(times_max, out * 10 + (text_[at] - '0'));
      return out;
    };
    const auto least = number();
    if (!least) return false;
    min = *least;
    max = least;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      max = number();
    }
    if (at >= text_.size() || text_[at] != '}') return false;
    at_ = at + 1;
    return true;
  }

  void quantify(Regex& piece) {
    std::uint32_t min = 0;
    std::optional<std::uint32_t> max;
    const auto c = at_ < text_.size() ? peek() : 0;
    if (c == '*' || c == '+' || c == '?') {
      ++at_;
      min = c == '+' ? 1 : 0;
      if (c == '?') max = 1;
    } else if (c != '{' || !counts(min, max)) {
      return;
    }
    if (peek() == '?') ++at_;  // lazy: the same strings
    if (max && *max < min) problem_ = "a count ends before it begins";
    if (piece.kind >= Regex::Kind::begin) problem_ = "an anchor cannot be repeated";
    Regex out{Regex::Kind::repeat, {}, {}, min, max};
    out.children.push_back(std::move(piece));
    piece = std::move(out);
    if (peek() == '*' || peek() == '+' || peek() == '?')
      problem_ = "a repetition of a repetition is not kept";
  }

  CodeSet bracket() {
    CodeSet out;
    const bool is_negated = peek() == '^';
    if (is_negated) ++at_;
    while (problem_.empty()) {
      if (at_ >= text_.size()) {
        problem_ = "a bracket is not closed";
        break;
      }
      if (peek() == ']') {
        ++at_;
        break;
      }
      auto first = bracket_piece();
      if (peek() == '-' && at_ + 1 < text_.size() && peek(1) != ']') {
        ++at_;
        const auto last = bracket_piece();
        if (!problem_.empty()) break;
        const auto from = only(first);
        const auto to = only(last);
        if (!from || !to || *from > *to)
          problem_ = "a range in brackets makes no sense";
        else
          out.add(*from, *to);
      } else {
        out.add(first);
      }
    }
    return is_negated ? out.complement() : out.intersection(CodeSet::all());
  }

  static std::optional<std::uint32_t> only(const CodeSet& set) {
    const auto& ranges = set.ranges();
    const bool is_one = ranges.size() == 1 && ranges.front().first == ranges.front().last;
    return is_one ? std::optional(ranges.front().first) : std::nullopt;
  }

  CodeSet bracket_piece() {
    const auto c = take();
    return c == '\\' ? escape(true) : CodeSet{{c, c}};
  }

  std::optional<std::uint32_t> hex(std::size_t size) {
    std::uint32_t out = 0;
    for (std::size_t each = 0; each < size; ++each) {
      const int value = at_ + each < text_.size() ? hex_value(text_[at_ + each]) : -1;
      if (value < 0) return std::nullopt;
      out = out * 16 + static_cast<std::uint32_t>(value);
    }
    at_ += size;
    return out;
  }

  CodeSet escape(bool in_bracket) {
    if (at_ >= text_.size()) {
      problem_ = "it ends with a backslash";
      return {};
    }
    const auto c = take();
    switch (c) {
      case 'd':
        return digits;
      case 'D':
        return digits.complement();
      case 'w':
        return word;
      case 'W':
        return word.complement();
      case 's':
        return space;
      case 'S':
        return space.complement();
      case 't':
        return CodeSet{{'\t', '\t'}};
      case 'n':
        return CodeSet{{'\n', '\n'}};
      case 'v':
        return CodeSet{{'\v', '\v'}};
      case 'f':
        return CodeSet{{'\f', '\f'}};
      case 'r':
        return CodeSet{{'\r', '\r'}};
      case 'x':
        if (const auto value = hex(2)) return CodeSet{{*value, *value}};
        break;
      case 'u':
        return unicode();
      case 'p':
      case 'P':
        return property(c == 'P');
      case 'c':
        if (is_ascii_letter(peek())) {
          const auto value = take() % 32;
          return CodeSet{{value, value}};
        }
        break;
      case '0':
        if (!is_digit(peek())) return CodeSet{{0, 0}};
        break;
      case 'b':
        if (in_bracket) return CodeSet{{'\b', '\b'}};
        break;
      default:
        if (c >= 0x80 || !(is_ascii_letter(c) || is_digit(c))) return CodeSet{{c, c}};
        if (is_digit(c)) problem_ = "references to groups are not kept";
    }
    if (problem_.empty()) problem_ = fmt::format("\\{} is not kept", static_cast<char>(c));
    return {};
  }

  CodeSet unicode() {
    std::optional<std::uint32_t> value;
    if (peek() == '{') {
      std::uint32_t read = 0;
      std::size_t at = at_ + 1;
      for (; at < text_.size() && hex_value(text_[at]) >= 0 && read <= 0x10FFFF; ++at)
        read = read * 16 + static_cast<std::uint32_t>(hex_value(text_[at]));
      if (at < text_.size() && text_[at] == '}' && at > at_ + 1 && read <= 0x10FFFF) {
        value = read;
        at_ = at + 1;
      }
    } else {
      value = hex(4);
      const bool is_high = value && *value >= 0xD800 && *value < 0xDC00;
      if (is_high && peek() == '\\' && peek(1) == 'u') {
        at_ += 2;
        const auto low = hex(4);
        if (low && *low >= 0xDC00 && *low < 0xE000)
          value = 0x10000 + ((*value - 0xD800) << 10U) + (*low - 0xDC00);
      }
    }
    if (!value) {
      problem_ = "\\u needs four hexadecimal digits";
      return {};
    }
    return CodeSet{{*value, *value}};
  }

  CodeSet property(bool is_negated) {
    std::string name;
    if (take() == '{')
      while (at_ < text_.size() && peek() < 0x80 && peek() != '}' && name.size() < 64)
        name.push_back(static_cast<char>(take()));
    const bool is_plain = std::ranges::all_of(name, [](char c) {
      const auto u = static_cast<unsigned char>(c);
      return is_ascii_letter(u) || is_digit(u) || c == '_' || c == '=';
    });
    std::vector<CodeRange> ranges;
    if (take() == '}' && is_plain && !name.empty()) {
      const std::string pattern = "[\\p{" + name + "}]";
      const std::u16string wide(pattern.begin(), pattern.end());
      UErrorCode status = U_ZERO_ERROR;
      USet* set = uset_openPattern(wide.data(), static_cast<std::int32_t>(wide.size()), &status);
      for (std::int32_t each = 0; U_SUCCESS(status) && each < uset_getItemCount(set); ++each) {
        std::int32_t first = 0;
        std::int32_t last = 0;
        UErrorCode got = U_ZERO_ERROR;
        if (uset_getItem(set, each, &first, &last, nullptr, 0, &got) == 0)
          ranges.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
      }
      uset_close(set);
    }
    if (ranges.empty()) {
      problem_ = "\\p{...} names no property of Unicode";
      return {};
    }
    const auto out = CodeSet::of(std::move(ranges)).intersection(CodeSet::all());
    return is_negated ? out.complement() : out;
  }

  std::vector<std::uint32_t> text_;
  std::size_t at_ = 0;
  std::string problem_;
};

}  // namespace

const CodeSet& word_characters() { return word; }

std::expected<RegexWithLookahead, std::string> parse_regex(std::string_view pattern) {
  return Parser(pattern).parse();
}

}  // namespace bastide::models::schema
