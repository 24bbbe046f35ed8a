// What a grammar leaves no choice about, character by character.
#include <llama-grammar.h>
#include <unicode/utf8.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

bool is_space(std::uint32_t c) { return c == ' ' || c == '\n' || c == '\t'; }

/// The one character that `stack` takes next; nothing where it takes several.
std::optional<std::uint32_t> only_char(const llama_grammar_stack& stack) {
  const auto* top = stack.back();
  const bool is_one = top->type == LLAMA_GRETYPE_CHAR && top[1].type != LLAMA_GRETYPE_CHAR_RNG_UPPER &&
                      top[1].type != LLAMA_GRETYPE_CHAR_ALT;
  return is_one ? std::optional(top->value) : std::nullopt;
}

void append(std::string& out, std::uint32_t c) {
  std::array<char, 4> bytes{};
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes.data(), size, c);
  out.append(bytes.data(), static_cast<std::size_t>(size));
}

/// What may follow, as far as it is one character, before which there may be space.
struct Next {
  std::optional<std::uint32_t> character;
  bool may_be_space = false;
};

Next next_of(const llama_grammar_stacks& stacks) {
  Next out;
  for (const auto& stack : stacks) {
    if (stack.empty()) return {};  // the answer may end
    const auto c = only_char(stack);
    if (!c) return {};
    if (is_space(*c))
      out.may_be_space = true;
    else if (out.character && *out.character != *c)
      return {};
    else
      out.character = *c;
  }
  return out;
}

}  // namespace

void ForcedText::GrammarDeleter::operator()(llama_grammar* grammar) const {
  llama_grammar_free_impl(grammar);
}

std::unique_ptr<ForcedText> ForcedText::of(const std::string& grammar) {
  auto* read = llama_grammar_init_impl(nullptr, grammar.c_str(), "root", false, nullptr, 0, nullptr, 0);
  return read ? std::unique_ptr<ForcedText>(new ForcedText(read)) : nullptr;
}

void ForcedText::feed(std::string_view written) {
  rest_.append(written);
  const auto whole = static_cast<std::int32_t>(rest_.size() - incomplete_utf8_tail(rest_));
  for (std::int32_t at = 0; at < whole;) {
    UChar32 c = 0;
    U8_NEXT(rest_.data(), at, whole, c);
    take(c < 0 ? 0xFFFD : static_cast<std::uint32_t>(c));
  }
  rest_.erase(0, static_cast<std::size_t>(whole));
}

/// Remembers which space the answer puts where it may: it mostly does so again.
void ForcedText::take(std::uint32_t c) {
  if (is_space(c)) {
    space_.push_back(static_cast<char>(c));
  } else {
    if (may_space_) spaces_[before_] = space_;
    space_.clear();
    before_ = c;
  }
  llama_grammar_accept(grammar_.get(), c);
  if (!is_space(c)) may_space_ = next_of(llama_grammar_get_stacks(grammar_.get())).may_be_space;
}

std::string ForcedText::next(std::size_t bytes_max) {
  if (!rest_.empty()) return {};
  auto& stacks = llama_grammar_get_stacks(grammar_.get());
  const auto now = stacks;
  std::string out;
  std::uint32_t before = space_.empty() ? before_ : 0;
  while (out.size() < bytes_max && !stacks.empty()) {
    const auto next = next_of(stacks);
    if (!next.character) break;
    const auto known = spaces_.find(before);
    if (next.may_be_space && known != spaces_.end())
      for (const char c : known->second) {
        llama_grammar_accept(grammar_.get(), static_cast<std::uint32_t>(c));
        out.push_back(c);
      }
    append(out, *next.character);
    llama_grammar_accept(grammar_.get(), *next.character);
    before = *next.character;
  }
  stacks = now;
  return out;
}

}  // namespace bastide::models::local
