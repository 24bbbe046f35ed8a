// What a grammar allows, and what it leaves no choice about.
#include <llama-grammar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

bool is_space(std::uint32_t c) { return c == ' ' || c == '\n' || c == '\t'; }

bool is_alternative(const llama_grammar_element& element) {
  return element.type == LLAMA_GRETYPE_CHAR_ALT || element.type == LLAMA_GRETYPE_CHAR_RNG_UPPER;
}

/// Whether what `stack` takes next is space of some kind.
bool takes_space_only(const llama_grammar_stack& stack) {
  const auto* each = stack.back();
  if (each->type != LLAMA_GRETYPE_CHAR) return false;
  for (bool first = true; first || is_alternative(*each); first = false, ++each)
    if (each->type == LLAMA_GRETYPE_CHAR_RNG_UPPER || !is_space(each->value)) return false;
  return true;
}

/// The one character that `stack` takes next; nothing where it takes several.
std::optional<std::uint32_t> only_char(const llama_grammar_stack& stack) {
  const auto* top = stack.back();
  return top->type == LLAMA_GRETYPE_CHAR && !is_alternative(top[1]) ? std::optional(top->value)
                                                                    : std::nullopt;
}

/// Whether `stack` takes a character that begins with `byte`.
bool may_begin(const llama_grammar_stack& stack, std::uint32_t byte) {
  const auto* each = stack.back();
  if (each->type != LLAMA_GRETYPE_CHAR && each->type != LLAMA_GRETYPE_CHAR_NOT)
    return true;  // any, or tokens
  const bool is_ascii = byte < 0x80;
  const bool wanted = each->type == LLAMA_GRETYPE_CHAR;
  if (!is_ascii && !wanted) return true;
  for (bool first = true; first || is_alternative(*each); first = false, ++each) {
    const bool is_range = each[1].type == LLAMA_GRETYPE_CHAR_RNG_UPPER;
    const auto upper = is_range ? each[1].value : each->value;
    if (is_ascii ? each->value <= byte && byte <= upper : upper >= 0x80) return wanted;
    if (is_range) ++each;
  }
  return !wanted;
}

bool is_mark(const llama_grammar_stack& stack) {
  return !stack.empty() && only_char(stack) == static_cast<std::uint32_t>(schema::distinct_mark);
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
    if (is_mark(stack)) continue;
    if (takes_space_only(stack)) {
      out.may_be_space = true;
      continue;
    }
    const auto c = only_char(stack);
    if (!c || (out.character && *out.character != *c)) return {};
    out.character = c;
  }
  return out;
}

}  // namespace

TokenIndex::TokenIndex(const llama_vocab* vocab) {
  for (Token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
    const auto piece = common_token_to_piece(vocab, token, true);
    may_repeat.push_back(piece.find_first_of("\"[],\x03") != std::string::npos);
    if (llama_vocab_is_eog(vocab, token))
      ends.push_back(token);
    else if (piece.size() > 1 && piece.front() == ' ')
      by_byte_after_space[static_cast<unsigned char>(piece[1])].push_back(token);
    else if (!piece.empty())
      by_first_byte[static_cast<unsigned char>(piece.front())].push_back(token);
  }
}

void Grammar::Deleter::operator()(llama_grammar* grammar) const { llama_grammar_free_impl(grammar); }

std::unique_ptr<Grammar> Grammar::of(const llama_vocab* vocab, const std::string& text,
                                     const TokenIndex* tokens) try {
  auto* read = llama_grammar_init_impl(vocab, text.c_str(), "root", false, nullptr, 0, nullptr, 0);
  if (!read) return nullptr;
  std::unique_ptr<Grammar> out(new Grammar(vocab, read, tokens));
  if (text.find("\"\\x03\"") != std::string::npos) out->distinct_.emplace();
  return out;
} catch (const std::exception&) {
  return nullptr;
}

/// One by one, to see where an array begins whose items must differ.
void Grammar::accept_letters(std::string_view written) {
  for (const char c : written) {
    llama_grammar_accept_str(*grammar_, std::string(1, c));
    if (distinct_->is_open())
      distinct_->note(c);
    else if (c == '[' && std::ranges::any_of(grammar_->stacks, is_mark))
      distinct_->begin();
  }
}

void Grammar::accept(Token token) {
  if (llama_vocab_is_eog(vocab_, token)) return;
  const auto piece = common_token_to_piece(vocab_, token, true);
  if (distinct_)
    accept_letters(piece);
  else
    llama_grammar_accept_impl(*grammar_, token);
  spacing_.note(piece);
}

void Grammar::accept(std::string_view written) {
  if (distinct_)
    accept_letters(written);
  else
    llama_grammar_accept_str(*grammar_, std::string(written));
  spacing_.note(written);
}

/// Whether nothing but the end of the string may follow `piece`: it is as long as it may be.
bool Grammar::leaves_a_quote_only(std::string_view piece) const {
  if (grammar_->partial_utf8.n_remain != 0) return false;
  const auto now = grammar_->stacks;
  const auto size = static_cast<std::int32_t>(piece.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(piece.data(), at, size, c);
    llama_grammar_accept(grammar_.get(), static_cast<std::uint32_t>(c));
  }
  const bool out = std::ranges::all_of(grammar_->stacks, [](const llama_grammar_stack& stack) {
    return !stack.empty() && only_char(stack) == static_cast<std::uint32_t>('"');
  });
  grammar_->stacks = now;
  return out;
}

/// By what the grammar itself cannot say.
bool Grammar::is_refused(Token token, bool begins_again) const {
  const bool is_far = tokens_ && distinct_->needs_signs() && !begins_again &&
                      !tokens_->may_repeat[static_cast<std::size_t>(token)];
  if (is_far || llama_vocab_is_eog(vocab_, token)) return false;
  const auto piece = common_token_to_piece(vocab_, token, true);
  return piece.find(schema::distinct_mark) != std::string::npos || distinct_->repeats(piece) ||
         (distinct_->completes(piece) && leaves_a_quote_only(piece));
}

void Grammar::refuse(std::span<llama_token_data> candidates) const {
  llama_token_data_array array{candidates.data(), candidates.size(), -1, false};
  llama_grammar_apply_impl(*grammar_, &array);
  if (!distinct_) return;
  const bool begins_again = distinct_->begins_again();
  for (auto& each : candidates)
    if (std::isfinite(each.logit) && is_refused(each.id, begins_again)) each.logit = -INFINITY;
}

bool Grammar::allows(Token token) const {
  llama_token_data one{token, 1.0F, 0.0F};
  refuse({&one, 1});
  return std::isfinite(one.logit);
}

std::bitset<256> Grammar::first_bytes(std::string_view begun) const {
  std::bitset<256> out;
  const auto now = grammar_->stacks;
  for (const char c : begun) llama_grammar_accept(grammar_.get(), static_cast<unsigned char>(c));
  for (std::uint32_t byte = 0; byte < 256; ++byte)
    out[byte] = grammar_->partial_utf8.n_remain != 0 ||
                std::ranges::any_of(grammar_->stacks, [byte](const llama_grammar_stack& stack) {
                  return !stack.empty() && may_begin(stack, byte);
                });
  grammar_->stacks = now;
  return out;
}

std::string Grammar::forced(std::size_t bytes_max) const {
  if (grammar_->partial_utf8.n_remain != 0) return {};
  const auto now = grammar_->stacks;
  auto spacing = spacing_;
  std::string out;
  const auto take = [&](std::uint32_t c) {
    llama_grammar_accept(grammar_.get(), c);
    return !grammar_->stacks.empty();
  };
  while (out.size() < bytes_max) {
    const auto next = next_of(grammar_->stacks);
    if (!next.character) break;
    std::string more;
    const bool is_ascii = *next.character < 0x80;
    if (next.may_be_space && is_ascii) more = spacing.before(static_cast<char>(*next.character));
    if (!std::ranges::all_of(more, [&](char c) { return take(static_cast<std::uint32_t>(c)); })) break;
    append(more, *next.character);
    if (!take(*next.character)) break;
    spacing.note(more);
    out += more;
  }
  grammar_->stacks = now;
  return out;
}

}  // namespace bastide::models::local
