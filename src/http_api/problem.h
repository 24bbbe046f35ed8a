// Errors as RFC 9457 problems; their sentences in the reader's language.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/route.h"

namespace bastide::http_api {

/// `{"type":"about:blank","status":…,"code":…,"detail_code":…,"title":…,"detail":…,"action":…}`. `extra` is
/// the inside of an object to add, or empty.
[[nodiscard]] std::string problem_json(const Error& error, std::string_view language,
                                       std::string_view extra = {});
/// Seconds for the header of that name: what the error knows, else a few.
[[nodiscard]] std::string retry_after(const Error& error);
/// The error's sentences in `language`, where it has them.
[[nodiscard]] Error in_language(const Error& error, std::string_view language);
/// What `state_detail` says of a model to a reader of `language`.
[[nodiscard]] std::string state_text(const policy::ModelCard& model, std::string_view language);

}  // namespace bastide::http_api
