// A form with one file: taken as it comes, or held in memory, as the audio doors do, and sent on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/transcriptions.h"
#include "http_api/call.h"
#include "http_api/multipart.h"

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

/// Takes the file of a form as it comes.
class FileTaker {
 public:
  virtual ~FileTaker() = default;
  [[nodiscard]] virtual Result<void> begin(PartHead head) = 0;
  [[nodiscard]] virtual Result<void> take(std::string_view bytes) = 0;
};

/// Reads multipart/form-data, whose file goes to `taker`, which may block. Errors as below.
[[nodiscard]] Task<Result<std::vector<dialects::FormField>>> read_form(Call& call,
                                                                       std::uint64_t file_bytes_max,
                                                                       FileTaker& taker);

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
