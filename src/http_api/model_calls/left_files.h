// Files that were left with us before, named in a call by their ids.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "dialects/request.h"
#include "files/files.h"

namespace bastide::http_api {

/// The text of a file: bytes, name, media type. Blocks.
using ReadText =
    std::function<Result<std::string>(std::string_view bytes, std::string name, std::string media_type)>;

[[nodiscard]] bool names_left_file(const dialects::ChatRequest& request);

/// Puts what the person's files hold where the call names them, so that labels, guard and every model meet
/// them as words of the call: documents as the text that the parsing room reads, images, sound and what has
/// no text as their bytes. Code::invalid, detail invalid_file_id, for an id that is none of theirs;
/// Code::too_large, detail file_too_long, beyond 40 MB together; what the parsing room says of a file that it
/// cannot read. Blocks.
[[nodiscard]] Result<void> put_left_files(files::Files& files, const ReadText& read_text,
                                          std::string_view person, dialects::ChatRequest& request);

}  // namespace bastide::http_api
