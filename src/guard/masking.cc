#include "guard/masking.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "guard/utf8.h"

namespace bastide::guard {
namespace {

// A stretch of a text that gets a token.
struct Place {
  std::size_t begin, end;
  std::uint8_t kind;
  Gender gender;
};

// Text that has the shape of a token, in any of the writings that are restored: it must not stand for a
// value.
void find_literals(std::string_view text, std::vector<Place>& places) {
  static const Issued all = everything();
  bool after_word = false;
  for (std::size_t at = 0; at < text.size();) {
    if (const auto plain = plain_end(text, at); plain > at) {
      after_word = ends_in_word(text.substr(0, plain));
      at = plain;
      continue;
    }
    auto match = match_token(text, at, after_word, all, Rest::none);
    if (match.state == ShapeMatch::State::full) {
      places.push_back({at, at + match.size, literal_kind, Gender::unknown});
      at += match.size;
      after_word = true;
      continue;
    }
    after_word = is_word_point(next_code_point(text, at));
  }
}

Error blocked_error(Type type, std::string_view rule) {
  auto name = std::string(type_name(type));
  std::string what = type == Type::secret ? "A secret" : "Data of the type " + name;
  return {Code::refused_by_policy,
          fmt::format("{} was found (rule {}) and may not leave the walls.", what, rule), name + "_outside",
          "Take it out of the text or of the files, or use a model within the walls. An administrator can "
          "change guard.block_outside."};
}

}  // namespace

Masker::Masker(const Detector& detector, PseudonymMap& map, std::vector<Type> blocked,
               std::span<const std::string_view> clean)
    : detector_(detector), map_(map), blocked_(std::move(blocked)), clean_(clean) {}

void Masker::note(const PseudonymMap::Entry& entry) {
  bool known = std::ranges::any_of(
      used_, [&](const auto& e) { return e.kind == entry.kind && e.number == entry.number; });
  if (!known) used_.push_back(entry);
}

Result<std::string> Masker::text(std::string_view given) {
  std::string valid;
  if (!is_utf8(given)) {
    valid = to_valid_utf8(given);
    given = valid;
  }
  const bool is_clean = std::ranges::find(clean_, given) != clean_.end();
  auto matches = is_clean ? std::vector<Match>() : detector_.find(given);
  if (!matches) return pass(matches);
  std::vector<Place> places;
  for (const auto& match : *matches) {
    if (!is_data(match.type)) continue;
    if (std::ranges::find(blocked_, match.type) != blocked_.end())
      return std::unexpected(blocked_error(match.type, match.rule));
    if (match.personal) places.push_back({match.begin, match.end, kind_of(match.type), match.gender});
  }
  find_literals(given, places);
  if (places.empty()) return std::string(given);
  // Where a literal and a value overlap, both go under one token.
  std::ranges::sort(places, {}, &Place::begin);
  std::vector<Place> apart;
  for (const auto& place : places) {
    if (!apart.empty() && place.begin < apart.back().end) {
      apart.back().end = std::max(apart.back().end, place.end);
      apart.back().kind = literal_kind;
      continue;
    }
    apart.push_back(place);
  }
  std::string out;
  out.reserve(given.size() + 16 * apart.size());
  std::size_t at = 0;
  for (const auto& place : apart) {
    auto entry = map_.take(place.kind, given.substr(place.begin, place.end - place.begin), place.gender);
    if (!entry) return pass(entry);
    note(**entry);
    out += given.substr(at, place.begin - at);
    out += token_text((*entry)->kind, (*entry)->number);
    at = place.end;
  }
  out += given.substr(at);
  return out;
}

std::vector<exchange::Masked> Masker::masked() const {
  std::vector<exchange::Masked> out;
  for (const auto& entry : used_)
    if (entry.kind != literal_kind)
      out.push_back({std::string(type_name(static_cast<Type>(entry.kind))),
                     token_text(entry.kind, entry.number), entry.original});
  return out;
}

Result<Preview> preview(const Detector& detector, std::string_view text) {
  Preview out;
  PseudonymMap map;
  Masker masker(detector, map, {});
  auto valid = to_valid_utf8(text);
  auto masked = masker.text(valid);
  if (!masked) return pass(masked);
  auto matches = detector.find(valid);
  if (!matches) return pass(matches);
  out.matches = std::move(*matches);
  out.text = std::move(*masked);
  out.masked = masker.masked();
  return out;
}

}  // namespace bastide::guard
