// A form with one file, held in memory: what the audio doors take and send on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dialects/transcriptions.h"
#include "http_api/call.h"

namespace bastide::http_api {

struct FormFile {
  std::string field;  // its name in the form
  std::string name;
  std::string media_type;
  std::string bytes;
};

struct Form {
  std::vector<dialects::FormField> fields{};
  std::optional<FormFile> file{};
};

/// Reads multipart/form-data. Code::invalid when it is none or holds two files; Code::too_large when the file
/// is longer than `file_bytes_max` or the fields are than 1 MiB together.
[[nodiscard]] Task<Result<Form>> read_form(Call& call, std::size_t file_bytes_max);

struct WrittenForm {
  std::string content_type;
  std::string body;
};
/// `file` may be null.
[[nodiscard]] WrittenForm write_form(const std::vector<dialects::FormField>& fields, const FormFile* file);

}  // namespace bastide::http_api
