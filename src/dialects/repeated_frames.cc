#include "dialects/repeated_frames.h"

#include <algorithm>

#include "base/text.h"
#include "dialects/common.h"

namespace bastide::dialects {
namespace {

/// Null when the event is no piece of a text.
std::string* text_of(StreamEvent& event) {
  if (auto* text = std::get_if<TextDelta>(&event)) return &text->text;
  if (auto* thought = std::get_if<ReasoningDelta>(&event)) return &thought->text;
  return nullptr;
}

/// Whether a JSON string says its text as it is.
bool is_plain(std::string_view text) {
  const auto needs_escape = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  };
  return !text.empty() && std::ranges::none_of(text, needs_escape) && is_utf8(text);
}

}  // namespace

bool RepeatedFrames::repeats(std::string_view event, std::string_view data) const {
  return !before_.empty() && data.size() > before_.size() + after_.size() && data.starts_with(before_) &&
         data.ends_with(after_) && event == event_ && bytes_ + data.size() <= detail::stream_bytes_max &&
         is_plain(data.substr(before_.size(), data.size() - before_.size() - after_.size()));
}

Result<void> RepeatedFrames::feed(std::string_view event, std::string_view data,
                                  std::vector<StreamEvent>& out) {
  if (repeats(event, data)) {
    bytes_ += data.size();
    out.push_back(said_);
    *text_of(out.back()) = data.substr(before_.size(), data.size() - before_.size() - after_.size());
    return {};
  }
  before_.clear();
  const auto known = out.size();
  auto fed = inner_->feed(event, data, out);
  if (fed && out.size() == known + 1) learn(event, data, out.back());
  return fed;
}

void RepeatedFrames::learn(std::string_view event, std::string_view data, const StreamEvent& said) {
  said_ = said;
  auto* text = text_of(said_);
  if (text == nullptr || !is_plain(*text)) return;
  const auto quoted = '"' + *text + '"';
  const auto at = data.find(quoted);
  // A word that stands twice may be another field's.
  if (at == std::string_view::npos || data.rfind(quoted) != at) return;
  event_ = event;
  before_ = data.substr(0, at + 1);
  after_ = data.substr(at + quoted.size() - 1);
  text->clear();
}

}  // namespace bastide::dialects
