// The web app: hashed files forever, its page for every address of its own.
#pragma once

#include "http_api/call.h"

namespace bastide::http_api {

[[nodiscard]] Task<Result<void>> send_web_file(Call& call);

}  // namespace bastide::http_api
