#include "net/chunk.h"

namespace bastide::net::detail {
namespace {
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool is_text(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}
}  // namespace

std::size_t ChunkDecoder::feed(std::string_view in, std::string& out) {
  return walk(in, [&](std::string_view content) { out.append(content); });
}

std::size_t ChunkDecoder::take_plain_size(std::string_view in) {
  constexpr std::size_t digits_max = 8;
  std::uint64_t size = 0;
  std::size_t i = 0;
  for (; i < in.size() && i < digits_max; ++i) {
    const int value = hex_value(in[i]);
    if (value < 0) break;
    size = size * 16 + static_cast<std::uint64_t>(value);
  }
  if (size == 0 || !in.substr(i).starts_with("\r\n")) return 0;
  left_ = size;
  at_ = At::data;
  return i + 2;
}

void ChunkDecoder::on_framing(char c) {
  auto expect = [&](char wanted, At next) {
    if (c == wanted)
      at_ = next;
    else
      state_ = State::malformed;
  };
  switch (at_) {
    case At::size:
    case At::extension:
      return on_size(c);
    case At::size_lf:
      line_bytes_ = 0;
      digits_ = 0;
      return expect('\n', left_ > 0 ? At::data : At::trailer_start);
    case At::data_cr:
      return expect('\r', At::data_lf);
    case At::data_lf:
      return expect('\n', At::size);
    case At::trailer_start:
    case At::trailer:
      return on_trailer(c);
    case At::trailer_lf:
      return expect('\n', At::trailer_start);
    case At::end_lf:
      expect('\n', At::size);
      if (state_ == State::more) state_ = State::done;
      return;
    case At::data:
      return;
  }
}

void ChunkDecoder::on_size(char c) {
  if (++line_bytes_ > line_bytes_max) {
    state_ = State::malformed;
    return;
  }
  if (c == '\r' && digits_ > 0) {
    at_ = At::size_lf;
    return;
  }
  if (at_ == At::extension) {
    if (!is_text(c)) state_ = State::malformed;
    return;
  }
  if (c == ';' && digits_ > 0) {
    at_ = At::extension;
    return;
  }
  int value = hex_value(c);
  // Fifteen digits are beyond any body, and cannot overflow.
  if (value < 0 || digits_ == 15) {
    state_ = State::malformed;
    return;
  }
  ++digits_;
  left_ = left_ * 16 + static_cast<std::uint64_t>(value);
}

void ChunkDecoder::on_trailer(char c) {
  if (++line_bytes_ > trailer_bytes_max) {
    state_ = State::malformed;
    return;
  }
  if (c == '\r') {
    at_ = at_ == At::trailer_start ? At::end_lf : At::trailer_lf;
  } else if (!is_text(c) || (at_ == At::trailer_start && (c == ' ' || c == '\t'))) {
    state_ = State::malformed;
  } else {
    at_ = At::trailer;
  }
}

}  // namespace bastide::net::detail
