#include "gateway/frame_stencil.h"

#include <algorithm>

#include "base/text.h"

namespace bastide::gateway {
namespace {

constexpr std::size_t around_bytes_max = 4096;

bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

/// Where `quoted` stands, when it stands once: a word that stands twice may be another field's.
std::optional<std::size_t> only_place(std::string_view frame, std::string_view quoted) {
  const auto at = frame.find(quoted);
  if (at == std::string_view::npos || frame.rfind(quoted) != at) return std::nullopt;
  return at;
}

}  // namespace

void FrameStencil::learn(std::string_view read, std::string_view written, std::string_view text) {
  if (read.size() > around_bytes_max || written.size() > around_bytes_max) return;
  if (text.empty() || !std::ranges::all_of(text, is_plain)) return;
  // Several frames may have been written, or one that goes on.
  if (first_frame_bytes(written) != written.size() || !written.ends_with("\n\n")) return;
  const auto quoted = '"' + std::string(text) + '"';
  const auto here = only_place(read, quoted), there = only_place(written, quoted);
  if (!here || !there) return;
  read_before_ = read.substr(0, *here + 1);
  read_after_ = read.substr(*here + quoted.size() - 1);
  written_before_ = written.substr(0, *there + 1);
  written_after_ = written.substr(*there + quoted.size() - 1);
}

std::optional<FrameStencil::Match> FrameStencil::match(std::string_view content) const {
  if (read_before_.empty() || !content.starts_with(read_before_)) return std::nullopt;
  const auto rest = content.substr(read_before_.size());
  std::size_t size = 0;
  bool is_ascii = true;
  for (; size < rest.size() && is_plain(rest[size]); ++size)
    is_ascii &= static_cast<signed char>(rest[size]) >= 0;
  const auto text = rest.substr(0, size);
  if (text.empty() || !rest.substr(size).starts_with(read_after_) || !(is_ascii || is_utf8(text)))
    return std::nullopt;
  return Match{text, read_before_.size() + size + read_after_.size()};
}

void FrameStencil::write(std::string_view text, std::string& out) const {
  out += written_before_;
  out += text;
  out += written_after_;
}

std::size_t first_frame_bytes(std::string_view content) {
  for (auto at = content.find('\n'); at != std::string_view::npos; at = content.find('\n', at + 1)) {
    const auto next = content.substr(at + 1);
    if (next.starts_with('\n')) return at + 2;
    if (next.starts_with("\r\n")) return at + 3;
  }
  return content.size();
}

}  // namespace bastide::gateway
