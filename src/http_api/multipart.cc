#include "http_api/multipart.h"

#include <algorithm>

#include "base/text.h"
#include "net/http.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t head_bytes_max = 16 * 1024;
constexpr std::size_t boundary_bytes_max = 200;
constexpr std::size_t file_name_bytes_max = 255;
constexpr int parts_max = 100;

std::unexpected<Error> broken(std::string message) {
  return fail(Code::invalid, std::move(message), "multipart_malformed",
              "Send multipart/form-data as a browser or curl -F does.");
}

// The value of `name` among the parameters of a header such as: form-data; name="file"; filename="a
// \"b\".pdf"
std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos && at < header.size()) {
    ++at;
    while (at < header.size() && (header[at] == ' ' || header[at] == '\t')) ++at;
    auto equals = header.find('=', at);
    if (equals == std::string_view::npos) return std::nullopt;
    auto key = trim(header.substr(at, equals - at));
    std::string value;
    at = equals + 1;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size()) ++at;
        value.push_back(header[at]);
      }
      at = header.find(';', at);
    } else {
      auto end = header.find(';', at);
      value = trim(header.substr(at, end == std::string_view::npos ? end : end - at));
      at = end;
    }
    if (equal_ignoring_ascii_case(key, name)) return value;
  }
  return std::nullopt;
}

// Only the last segment, whatever separators the sender's system knows, without what a terminal or log would
// obey.
std::string safe_name(std::string name) {
  auto slash = name.find_last_of("/\\");
  if (slash != std::string::npos) name.erase(0, slash + 1);
  name = to_valid_utf8(name);
  std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  name = std::string(trim(utf8_prefix(name, file_name_bytes_max)));
  if (name.empty() || name == "." || name == "..") name = "document";
  return name;
}

Result<PartHead> parse_head(std::string_view text) {
  PartHead head;
  bool disposition = false;
  while (!text.empty()) {
    auto end = text.find("\r\n");
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    auto colon = line.find(':');
    if (colon == std::string_view::npos) return broken("A part's header has no colon.");
    auto name = trim(line.substr(0, colon));
    auto value = trim(line.substr(colon + 1));
    if (equal_ignoring_ascii_case(name, "content-type"))
      head.media_type = to_valid_utf8(value.substr(0, 200));
    if (!equal_ignoring_ascii_case(name, "content-disposition")) continue;
    disposition = true;
    head.name = to_valid_utf8(header_parameter(value, "name").value_or(""));
    auto file_name = header_parameter(value, "filename");
    // RFC 5987: filename*=UTF-8''na%C3%AFve.pdf
    if (auto extended = header_parameter(value, "filename*")) {
      auto quote = extended->rfind('\'');
      if (quote != std::string::npos)
        file_name = net::percent_decode(extended->substr(quote + 1)).value_or("");
    }
    if (file_name) head.file_name = safe_name(std::move(*file_name));
  }
  if (!disposition) return broken("A part has no Content-Disposition.");
  return head;
}
}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  if (!equal_ignoring_ascii_case(trim(content_type.substr(0, content_type.find(';'))), "multipart/form-data"))
    return std::nullopt;
  auto boundary = header_parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > boundary_bytes_max) return std::nullopt;
  return boundary;
}

MultipartFramer::MultipartFramer(std::string_view boundary) : delimiter_("\r\n--") {
  delimiter_.append(boundary);
  buffer_ = "\r\n";  // the first boundary needs no line before it
}

Result<MultipartFramer::Event> MultipartFramer::next() {
  using Kind = Event::Kind;
  while (true) {
    switch (state_) {
      case State::preamble:
      case State::data: {
        auto at = buffer_.find(delimiter_);
        bool in_part = state_ == State::data;
        if (at == std::string::npos) {
          // All but what might begin a delimiter can go.
          auto keep = std::min(buffer_.size(), delimiter_.size() - 1);
          auto ready = buffer_.size() - keep;
          if (!in_part) {
            buffer_.erase(0, ready);
            return Event{};
          }
          if (ready == 0) return Event{};
          Event event{Kind::data, {}, buffer_.substr(0, ready)};
          buffer_.erase(0, ready);
          return event;
        }
        if (in_part && at > 0) {
          Event event{Kind::data, {}, buffer_.substr(0, at)};
          buffer_.erase(0, at);
          return event;
        }
        buffer_.erase(0, at + delimiter_.size());
        state_ = State::after_boundary;
        if (in_part) return Event{Kind::part_end, {}, {}};
        break;
      }
      case State::after_boundary: {
        auto rest = std::string_view(buffer_);
        if (rest.starts_with("--")) {
          state_ = State::done;
          break;
        }
        auto line = rest.find("\r\n");
        if (line == std::string_view::npos) {
          if (rest.size() > head_bytes_max) return broken("A boundary's line does not end.");
          return Event{};
        }
        if (!trim(rest.substr(0, line)).empty()) return broken("A boundary is followed by other text.");
        if (++parts_ > parts_max) return broken("There are more than 100 parts.");
        buffer_.erase(0, line + 2);
        state_ = State::head;
        break;
      }
      case State::head: {
        auto end = buffer_.starts_with("\r\n") ? 0 : buffer_.find("\r\n\r\n");
        if (end == std::string::npos) {
          if (buffer_.size() > head_bytes_max) return broken("A part's header is longer than 16 KB.");
          return Event{};
        }
        if (end > head_bytes_max) return broken("A part's header is longer than 16 KB.");
        auto head = parse_head(std::string_view(buffer_).substr(0, end));
        if (!head) return pass(head);
        buffer_.erase(0, end + (end == 0 ? 2 : 4));
        state_ = State::data;
        return Event{Kind::head, std::move(*head), {}};
      }
      case State::done:
        buffer_.clear();
        return Event{Kind::end, {}, {}};
    }
  }
}

}  // namespace bastide::http_api
