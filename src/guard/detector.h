// Detector: personal data, secrets and attacks in a text of any size.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/hit.h"

namespace bastide::guard {

/// What was found, where it stands in the original text.
struct Match {
  Type type = Type::person;
  std::size_t begin = 0, end = 0;   // bytes
  std::size_t first = 0, last = 0;  // code points; `last` is one past the end
  double score = 0;                 // 0 to 1
  std::string_view rule;            // of static life
  bool personal = true;             // masked when it leaves the walls
  Gender gender = Gender::unknown;  // of a person, where the text or the name tells
};

/// Thread-safe. Time is linear in the text, some tens of nanoseconds a byte; memory is bounded by windows.
class Detector {
 public:
  /// Quick: patterns are compiled at the first use (see `warm`).
  Detector();
  ~Detector();
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  /// Compiles the patterns now: some milliseconds, once.
  void warm() const;

  /// Matches in the order of the text; data never overlap one another. `text` is valid UTF-8 (see
  /// to_valid_utf8). An error means that the text could not be looked at in full: do not take it for clean.
  [[nodiscard]] Result<std::vector<Match>> find(std::string_view text) const;

 private:
  friend class WindowedFinder;
  struct Workspace;
  struct State;
  [[nodiscard]] Result<std::vector<Match>> find_window(std::string_view text) const;

  std::unique_ptr<State> state_;
};

/// Finds in a text that comes in pieces, in constant memory: windows of 256 KB that overlap. Offsets count
/// from the start of the first piece; malformed UTF-8 counts as one U+FFFD a sequence. One thread at a time.
class WindowedFinder {
 public:
  using Sink = std::function<void(const Match&)>;
  WindowedFinder(const Detector& detector, Sink sink);

  [[nodiscard]] Result<void> feed(std::string_view bytes);
  /// The rest. Nothing may be fed afterwards.
  [[nodiscard]] Result<void> finish();
  /// Code points read so far.
  [[nodiscard]] std::size_t code_points() const;

 private:
  Result<void> process(std::string_view window, bool last);

  const Detector& detector_;
  Sink sink_;
  std::string pending_;                           // an incomplete code point at the end of the last piece
  std::string buffer_;                            // valid UTF-8
  std::size_t base_bytes_ = 0, base_points_ = 0;  // of buffer_'s start
  std::size_t done_ = 0;                          // bytes of buffer_ whose matches were given
};

}  // namespace bastide::guard
