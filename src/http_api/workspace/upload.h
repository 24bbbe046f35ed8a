// A file that comes as a form and becomes a document.
#pragma once

#include <string>

#include "http_api/call.h"

namespace bastide::http_api {

/// Reads the body, a form with `file` and perhaps `label`, `readers` and `source_version`, and adds the file
/// to `collection`; the audit log is told. Nothing is visible before all of it is on the disk.
[[nodiscard]] Task<Result<knowledge::UploadedDocument>> receive_document(Call& call, std::string collection);

}  // namespace bastide::http_api
