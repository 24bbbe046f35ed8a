// Words and numbers of a normalised text, each looked up once in the lexicon.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "guard/hit.h"
#include "guard/lexicon/lexicon.h"

namespace bastide::guard {

enum class Shape : std::uint8_t {
  lower,    // colline
  capital,  // Colline, Jean-Pierre, McDonald
  upper,    // COLLINE, two letters or more
  initial,  // C
  mixed,    // camelCase
  number,   // 42
  code,     // letters and digits, or with "_"
};

struct Token {
  std::uint32_t begin = 0, end = 0;  // bytes
  word::Kinds kinds = 0;
  Shape shape = Shape::lower;
  bool accented = false;
  bool sentence_start = false;
  bool quiet = false;  // in a line of code or of a log, where capitals say little
};

/// A normalised text on its way through the detectors, with what they found. One thread at a time; its memory
/// is used again for the next text.
struct Scan {
  std::string_view text;  // bytes::readable_slack bytes behind it may be read
  const Lexicon* lexicon = nullptr;
  std::vector<Token> tokens;
  /// Those that a detector may begin at: all but everyday words in lower case.
  std::vector<std::uint32_t> notable;
  word::Kinds seen = 0;  // of all tokens together
  std::vector<Hit> hits;
  std::vector<std::size_t> done;  // per pattern rule, the byte up to which it has matched

  [[nodiscard]] std::string_view word(std::size_t i) const {
    return text.substr(tokens[i].begin, tokens[i].end - tokens[i].begin);
  }
  /// What stands between token `i` and the next; up to the end of the text for the last.
  [[nodiscard]] std::string_view gap(std::size_t i) const {
    auto end = i + 1 < tokens.size() ? tokens[i + 1].begin : static_cast<std::uint32_t>(text.size());
    return text.substr(tokens[i].end, end - tokens[i].end);
  }
  [[nodiscard]] bool has(std::size_t i, word::Kinds kinds) const {
    return i < tokens.size() && (tokens[i].kinds & kinds) != 0;
  }
  /// First token that ends after byte `at`.
  [[nodiscard]] std::size_t token_at(std::size_t at) const;
  /// Whether one of the `before` tokens before byte `begin`, or of the `after` tokens from byte `end`, is of
  /// `kinds`.
  [[nodiscard]] bool near(word::Kinds kinds, std::size_t begin, std::size_t end, std::size_t before,
                          std::size_t after) const;
  /// No letter, digit or "_" touches [begin, end) from outside.
  [[nodiscard]] bool stands_alone(std::size_t begin, std::size_t end) const;
  /// ASCII text of token `i` compared without case.
  [[nodiscard]] bool is(std::size_t i, std::string_view lower) const {
    return i < tokens.size() && tokens[i].end - tokens[i].begin == lower.size() &&
           equal_ignoring_ascii_case(word(i), lower);
  }
  [[nodiscard]] bool is_any(std::size_t i, std::initializer_list<std::string_view> words) const {
    for (auto one : words)
      if (is(i, one)) return true;
    return false;
  }

  void add(Type type, std::size_t begin, std::size_t end, double score, std::string_view rule) {
    hits.push_back({type, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end),
                    static_cast<float>(score), rule});
  }
};

/// Fills `scan.tokens`, `notable` and `seen` from `scan.text`.
void tokenise(Scan& scan);

/// Calls `detect(i)` for the notable tokens; it gives the last token that it took, or `i` for none, and goes
/// on behind that.
template <class F>
void each_notable(const Scan& scan, F&& detect) {
  std::size_t next = 0;
  for (auto i : scan.notable)
    if (i >= next) next = detect(std::size_t{i}) + 1;
}

/// Whether the character that begins (or ends, for the one before) at a byte belongs to a word.
[[nodiscard]] bool word_byte(char c);

}  // namespace bastide::guard
