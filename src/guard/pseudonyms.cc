#include "guard/pseudonyms.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "base/text.h"
#include "guard/lexicon/lexicon.h"
#include "guard/normalise.h"

namespace bastide::guard {
namespace {

constexpr char format_version = 1;

bool is_number(std::uint8_t kind) {
  switch (static_cast<Type>(kind)) {
    case Type::phone:
    case Type::iban:
    case Type::card:
    case Type::nir:
    case Type::siren:
    case Type::siret:
    case Type::vat:
    case Type::passport:
    case Type::licence_plate:
    case Type::national_id:
    case Type::bic:
      return true;
    default:
      return false;
  }
}

std::string alnum_upper(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= 'a' && c <= 'z')
      out.push_back(static_cast<char>(c - 32));
    else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '+')
      out.push_back(c);
  }
  return out;
}

std::string key_of(std::uint8_t kind, std::string_view original) {
  std::string key(1, static_cast<char>('A' + kind));
  key += canonical(kind, original);
  return key;
}

std::uint64_t token_key(std::uint8_t kind, std::uint32_t number) {
  return (static_cast<std::uint64_t>(kind) << 32U) | number;
}

void put_u32(std::string& out, std::uint32_t n) {
  for (unsigned shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>(static_cast<unsigned char>(n >> shift)));
}

bool get_u32(std::string_view bytes, std::size_t& at, std::uint32_t& n) {
  if (bytes.size() - at < 4) return false;
  n = 0;
  for (unsigned i = 0; i < 4; ++i)
    n |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  at += 4;
  return true;
}

bool starts_with_vowel(std::string_view original) {
  auto plain = folded(original.substr(0, std::min<std::size_t>(original.size(), 8)));
  return !plain.empty() && std::string_view("aeiouh").find(plain[0]) != std::string_view::npos;
}

}  // namespace

std::string canonical(std::uint8_t kind, std::string_view original) {
  if (kind == literal_kind) return std::string(original);
  Normal normal;
  normalise(original, normal);
  if (is_number(kind)) {
    auto out = alnum_upper(normal.text);
    if (static_cast<Type>(kind) == Type::phone) {
      if (out.starts_with("0033")) out.replace(0, 2, "+");
      if (out.starts_with("+330")) out.erase(3, 1);
      if (out.size() == 10 && out.starts_with('0')) out.replace(0, 1, "+33");
    }
    return out;
  }
  if (static_cast<Type>(kind) == Type::secret) return normal.text;
  std::string out;
  bool blank = false;
  for (char c : folded(normal.text)) {
    bool gap = c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',' ||
               (c == '-' && static_cast<Type>(kind) != Type::email &&
                static_cast<Type>(kind) != Type::date_of_birth);
    if (gap) {
      blank = !out.empty();
      continue;
    }
    if (blank) out.push_back(' ');
    blank = false;
    out.push_back(c);
  }
  return out;
}

void PseudonymMap::add(Entry entry) {
  by_value_.emplace(key_of(entry.kind, entry.original), entries_.size());
  by_token_.emplace(token_key(entry.kind, entry.number), entries_.size());
  issued_[entry.kind] = entry.number;
  entries_.push_back(std::move(entry));
}

Result<const PseudonymMap::Entry*> PseudonymMap::take(std::uint8_t kind, std::string_view original,
                                                      Gender gender) {
  if (auto found = by_value_.find(key_of(kind, original)); found != by_value_.end())
    return &entries_[found->second];
  if (entries_.size() >= entries_max || original.size() > value_bytes_max)
    return fail(Code::too_large, "This conversation holds more personal data than can be masked.",
                "too_many_pseudonyms", "Start a new conversation, or use a model within the walls.");
  add({kind, issued_[kind] + 1, std::string(original), gender});
  return &entries_.back();
}

const PseudonymMap::Entry* PseudonymMap::find(std::uint8_t kind, std::uint32_t number) const {
  auto found = by_token_.find(token_key(kind, number));
  return found == by_token_.end() ? nullptr : &entries_[found->second];
}

std::string PseudonymMap::serialise() const {
  std::string out(1, format_version);
  put_u32(out, static_cast<std::uint32_t>(entries_.size()));
  for (const auto& entry : entries_) {
    out.push_back(static_cast<char>(entry.kind));
    out.push_back(static_cast<char>(entry.gender));
    put_u32(out, static_cast<std::uint32_t>(entry.original.size()));
    out += entry.original;
  }
  return out;
}

Result<PseudonymMap> PseudonymMap::parse(std::string_view bytes) {
  auto corrupt = [] {
    return fail(Code::corrupt, "The stored pseudonyms of this conversation are damaged.",
                "pseudonyms_damaged", "Start a new conversation.");
  };
  std::size_t at = 1;
  std::uint32_t count = 0;
  if (bytes.empty() || bytes[0] != format_version || !get_u32(bytes, at, count) || count > entries_max)
    return corrupt();
  PseudonymMap map;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (bytes.size() - at < 2) return corrupt();
    Entry entry;
    entry.kind = static_cast<std::uint8_t>(bytes[at]);
    auto gender = static_cast<std::uint8_t>(bytes[at + 1]);
    at += 2;
    std::uint32_t size = 0;
    if (entry.kind >= kind_count || gender > 2 || !get_u32(bytes, at, size) || size > value_bytes_max ||
        bytes.size() - at < size)
      return corrupt();
    entry.gender = static_cast<Gender>(gender);
    entry.original = std::string(bytes.substr(at, size));
    at += size;
    entry.number = map.issued_[entry.kind] + 1;  // in the order of issue
    map.add(std::move(entry));
  }
  if (at != bytes.size()) return corrupt();
  return map;
}

std::string token_note(const std::vector<const PseudonymMap::Entry*>& entries) {
  if (entries.empty()) return {};
  constexpr std::size_t hints_max = 40;
  std::string note = "Tokens in square brackets such as " + token_text(entries[0]->kind, entries[0]->number) +
                     " stand for real values that you may not see. Use them as if they were the values, and "
                     "copy each one exactly, "
                     "character for character: never translate, change, explain or invent tokens.";
  std::string hints;
  std::size_t count = 0;
  for (const auto* entry : entries) {
    if (static_cast<Type>(entry->kind) != Type::person || count >= hints_max) continue;
    std::string hint = entry->gender == Gender::feminine    ? "feminine"
                       : entry->gender == Gender::masculine ? "masculine"
                                                            : "";
    if (starts_with_vowel(entry->original))
      hint += hint.empty() ? "begins with a vowel sound" : ", begins with a vowel sound";
    if (hint.empty()) continue;
    hints += fmt::format("{}{}: {}", hints.empty() ? " For grammar: " : "; ",
                         token_text(entry->kind, entry->number), hint);
    ++count;
  }
  if (!hints.empty()) note += hints + ".";
  return note;
}

}  // namespace bastide::guard
