#include "net/sse.h"

#include <algorithm>

namespace bastide::net {

Result<void> SseParser::feed(std::string_view bytes, std::vector<SseEvent>& out) {
  std::size_t i = 0;
  // Looked for once each, whichever of them ends the lines.
  auto line_feed = bytes.find('\n'), carriage_return = bytes.find('\r');
  // A byte order mark may open the stream, and may come in pieces: it is compared once the line has three
  // bytes.
  while (i < bytes.size()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[i] == '\n') {
        ++i;
        continue;
      }
    }
    if (line_feed < i) line_feed = bytes.find('\n', i);
    if (carriage_return < i) carriage_return = bytes.find('\r', i);
    const auto end = std::min(line_feed, carriage_return);
    const auto piece = bytes.substr(i, end == std::string_view::npos ? end : end - i);
    if (line_.size() + piece.size() + current_.data.size() > max_)
      return fail(Code::too_large, "One event of the stream is larger than allowed.", "sse_event");
    const bool is_whole = end != std::string_view::npos && line_.empty();
    if (!is_whole) line_.append(piece);
    if (end == std::string_view::npos) return {};
    after_cr_ = bytes[end] == '\r';
    i = end + 1;
    take_line(is_whole ? piece : line_, out);
    line_.clear();
  }
  return {};
}

void SseParser::take_line(std::string_view line, std::vector<SseEvent>& out) {
  if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  at_start_ = false;

  if (line.empty()) {
    // An event without data is not dispatched; its id stays for those that follow.
    if (has_data_) {
      SseEvent event{std::move(current_.event), std::move(current_.data), current_.id};
      event.data.pop_back();  // the line break after the last line
      out.push_back(std::move(event));
    }
    current_.event.clear();
    current_.data.clear();
    has_data_ = false;
    return;
  }

  auto colon = line.find(':');
  auto field = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);

  if (field == "data") {
    current_.data.append(value);
    current_.data += '\n';
    has_data_ = true;
  } else if (field == "event") {
    current_.event.assign(value);
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    current_.id.assign(value);
  }
  // A comment (an empty field name), "retry" and unknown fields say nothing to our readers.
}

std::string sse_text(std::string_view data, std::string_view event, std::string_view id) {
  std::string out;
  out.reserve(data.size() + event.size() + id.size() + 24);
  // A line break inside a name or an id would begin another field.
  auto one_line = [&out](std::string_view field, std::string_view value) {
    out += field;
    for (char c : value)
      if (c != '\r' && c != '\n' && c != '\0') out += c;
    out += '\n';
  };
  if (!id.empty()) one_line("id: ", id);
  if (!event.empty()) one_line("event: ", event);
  for (;;) {
    auto end = data.find_first_of("\r\n");
    out += "data: ";
    out += data.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out += '\n';
  return out;
}

}  // namespace bastide::net
