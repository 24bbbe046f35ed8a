// What a file is, by its content; its name and declared type only choose among kinds of text and reveal a
// lie.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace bastide::knowledge::parse::detail {

enum class FileType : std::uint8_t {
  pdf,
  docx,
  pptx,
  xlsx,
  odt,
  ods,
  odp,
  epub,
  html,
  markdown,
  csv,
  json,
  xml,
  eml,
  text
};

[[nodiscard]] std::string_view media_type_of(FileType type);

struct Sniffed {
  FileType type = FileType::text;
  bool differs = false;  // readable, but not what its name says
};

/// Errors: empty_document, password_protected (an encrypted Office or ODF file), unsupported_type (legacy
/// Office, pictures, programs, archives ...), type_mismatch (the name or type promises what the content is
/// not, and it cannot be read), corrupt, zip_bomb.
[[nodiscard]] Result<Sniffed> sniff(std::string_view bytes, std::string_view name,
                                    std::string_view declared_type);

}  // namespace bastide::knowledge::parse::detail
