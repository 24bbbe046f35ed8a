#include "guard/restorer.h"

#include "base/json.h"
#include "base/text.h"
#include "guard/utf8.h"

namespace bastide::guard {
namespace {
constexpr std::size_t open_bracket_max = 64;

std::string json_inside(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}
}  // namespace

TextRestorer::TextRestorer(std::shared_ptr<const PseudonymMap> map, Writing writing)
    : map_(std::move(map)), writing_(writing) {}

// Most pieces hold nothing that may begin a token or be cut in the middle of a character.
bool TextRestorer::passes(std::string_view text) {
  const bool is_plain = held_.empty() && open_bracket_.empty() && !text.empty() &&
                        static_cast<unsigned char>(text.back()) < 0x80 && plain_end(text, 0) == text.size();
  if (is_plain) after_word_ = ends_in_word(text);
  return is_plain;
}

std::string TextRestorer::feed(std::string_view bytes) {
  if (is_utf8(bytes) && passes(bytes)) return std::string(bytes);
  held_ += bytes;
  return walk(Rest::may_follow);
}

std::string TextRestorer::finish() {
  auto out = walk(Rest::none);
  open_bracket_.clear();
  return out;
}

void TextRestorer::emit(std::string& out, std::string_view piece, char32_t point) {
  out += piece;
  after_word_ = is_word_point(point);
  if (point == '[') {
    open_bracket_ = "[";
    return;
  }
  if (open_bracket_.empty()) return;
  open_bracket_ += piece;
  if (point == ']') {
    static const Issued all = everything();
    auto match = match_token(open_bracket_, 0, false, all, Rest::none);
    if (match.state == ShapeMatch::State::full && match.size == open_bracket_.size()) ++unresolved_;
    open_bracket_.clear();
  } else if (open_bracket_.size() > open_bracket_max) {
    open_bracket_.clear();
  }
}

std::string TextRestorer::walk(Rest rest) {
  // Work on whole code points; keep back one that is not complete.
  std::string tail;
  if (rest == Rest::may_follow) {
    auto size = incomplete_utf8_tail(held_);
    tail = held_.substr(held_.size() - size);
    held_.resize(held_.size() - size);
  }
  if (!is_utf8(held_)) held_ = to_valid_utf8(held_);

  std::string out;
  out.reserve(held_.size() + 32);
  std::size_t at = 0;
  // A tail that is still to come may belong to a token's hyphen, so the text does not end here.
  while (at < held_.size()) {
    if (open_bracket_.empty()) {
      if (const auto plain = plain_end(held_, at); plain > at) {
        out.append(held_, at, plain - at);
        after_word_ = ends_in_word(std::string_view(held_).substr(0, plain));
        at = plain;
        continue;
      }
    }
    auto match =
        map_->entries().empty() ? ShapeMatch{} : match_token(held_, at, after_word_, map_->issued(), rest);
    if (match.state == ShapeMatch::State::partial) break;
    if (match.state == ShapeMatch::State::full) {
      const auto* entry = map_->find(match.kind, match.number);
      if (entry != nullptr) {
        out += writing_ == Writing::plain ? entry->original : json_inside(entry->original);
        ++restored_;
        after_word_ = true;
        open_bracket_.clear();
        at += match.size;
        continue;
      }
    }
    std::size_t next = at;
    auto point = next_code_point(held_, next);
    emit(out, std::string_view(held_).substr(at, next - at), point);
    at = next;
  }
  held_.erase(0, at);
  held_ += tail;
  return out;
}

ConversationRestorer::ConversationRestorer(std::shared_ptr<const PseudonymMap> map)
    : map_(map), text_(std::move(map), Writing::plain) {}

std::string ConversationRestorer::feed(std::string_view text) { return text_.feed(text); }
std::string ConversationRestorer::finish() { return text_.finish(); }

std::unique_ptr<exchange::Restorer> ConversationRestorer::another() const {
  return std::make_unique<ConversationRestorer>(map_);
}

std::size_t ConversationRestorer::unresolved() const { return text_.unresolved() + unresolved_elsewhere_; }

std::string ConversationRestorer::restore_json(std::string_view json) {
  return restore_whole_json(map_, json, &unresolved_elsewhere_);
}

std::string restore_whole_json(const std::shared_ptr<const PseudonymMap>& map, std::string_view json,
                               std::size_t* unresolved) {
  TextRestorer restorer(map, Writing::json_string);
  auto out = restorer.feed(json);
  out += restorer.finish();
  if (unresolved != nullptr) *unresolved += restorer.unresolved();
  return out;
}

}  // namespace bastide::guard
