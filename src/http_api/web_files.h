// The web app's files, built into the binary.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace bastide::http_api {

struct WebFile {
  std::string_view path;  // "/index.html"
  std::string_view media_type;
  std::string_view etag;
  std::string_view plain;
  std::string_view brotli;  // empty: none
};

/// Sorted by path. Static data of the binary.
using WebFiles = std::span<const WebFile>;

[[nodiscard]] WebFiles embedded_web_files();

}  // namespace bastide::http_api
