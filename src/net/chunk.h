// The chunked transfer coding (RFC 9112, 7.1), read strictly.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace bastide::net::detail {

/// Takes the framing off bytes split anywhere. Refuses what two readers could understand differently: signs,
/// spaces, bare line feeds, sizes that overflow; extensions and trailers are skipped, within limits.
class ChunkDecoder {
 public:
  static constexpr std::size_t line_bytes_max = 1024;         // a size with its extensions
  static constexpr std::size_t trailer_bytes_max = 8 * 1024;  // all trailer fields

  enum class State { more, done, malformed };

  /// Appends content to `out` and gives how many bytes of `in` were used: all, unless the body ended or is
  /// malformed.
  std::size_t feed(std::string_view in, std::string& out);
  /// As feed; each piece of content goes to `take` as it lies in `in`.
  template <class F>
  std::size_t walk(std::string_view in, F&& take) {
    std::size_t i = 0;
    between_ = 0;
    while (i < in.size() && state_ == State::more) {
      if (at_ == At::data) {
        auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - i));
        take(in.substr(i, taken));
        i += taken;
        left_ -= taken;
        if (left_ == 0) at_ = At::data_cr;
        continue;
      }
      if (at_ == At::data_cr && in.substr(i).starts_with("\r\n")) {
        i += 2;
        at_ = At::size;
        between_ = i;
        continue;
      }
      if (at_ == At::size && line_bytes_ == 0) {
        const auto line = take_plain_size(in.substr(i));
        i += line;
        if (line > 0) continue;
      }
      on_framing(in[i]);
      ++i;
      if (at_ == At::size && digits_ == 0 && state_ == State::more) between_ = i;
    }
    return i;
  }
  [[nodiscard]] State state() const { return state_; }
  /// Whether the bytes so far end within a chunk, rather than in the framing between two.
  [[nodiscard]] bool within_chunk() const {
    return at_ == At::data || at_ == At::data_cr || at_ == At::data_lf;
  }
  /// After a walk: where in its bytes the last whole chunk ended. Meaningful when one did.
  [[nodiscard]] std::size_t between() const { return between_; }

 private:
  enum class At {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf
  };
  // A whole size line without extensions that announces content: its bytes, or 0 for any other.
  std::size_t take_plain_size(std::string_view in);
  void on_framing(char c);
  void on_size(char c);
  void on_trailer(char c);

  State state_ = State::more;
  At at_ = At::size;
  std::uint64_t left_ = 0;  // of the current chunk
  int digits_ = 0;
  std::size_t line_bytes_ = 0;
  std::size_t between_ = 0;
};

}  // namespace bastide::net::detail
