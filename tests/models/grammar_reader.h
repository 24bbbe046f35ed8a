// What a schema's grammar accepts, by llama.cpp's own reading of it.
#pragma once

#include <exception>
#include <string>

#include "models/local/llama_impl.h"
#include "models/schema/grammar.h"

namespace bastide::models::test {

/// A grammar and a character behind it that no text has: what is accepted with it is whole.
class GrammarReader {
 public:
  explicit GrammarReader(const schema::Grammar& grammar)
      : text_("root ::= " + grammar.root + " \"\\x01\"\n" + grammar.rules) {}
  [[nodiscard]] bool is_grammar() const { return local::Grammar::of(nullptr, text_) != nullptr; }
  [[nodiscard]] bool accepts(const std::string& text) const {
    const auto grammar = local::Grammar::of(nullptr, text_);
    if (!grammar) return false;
    try {
      grammar->accept(text + "\x01");
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

 private:
  std::string text_;
};

}  // namespace bastide::models::test
