// The text that a body holds, for the guard.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bastide::gateway {

/// Holds a parser and its buffers. One thread at a time.
class TextReader {
 public:
  TextReader();
  ~TextReader();
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;

  /// Every string of the JSON `body`, whatever its name, unescaped, one a line, in order; names of fields are
  /// left out, and so is base64 (data: addresses, fields named "data"). Valid until the next call.
  /// Code::invalid, json_malformed.
  [[nodiscard]] Result<std::string_view> read(std::string_view body, std::size_t readable_bytes);

  /// The longer ones of the strings that the last `read` gave in which none of `places` (bytes of what it
  /// gave) lies. Valid as long as that.
  [[nodiscard]] std::vector<std::string_view> without(
      const std::vector<std::pair<std::size_t, std::size_t>>& places) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bastide::gateway
