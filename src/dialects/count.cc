#include "dialects/count.h"

#include "dialects/anthropic/anthropic.h"
#include "dialects/gemini/gemini.h"

namespace bastide::dialects {

Result<ChatRequest> decode_count_request(Dialect dialect, std::string_view body, const RequestPath& path) {
  if (dialect == Dialect::anthropic) return anthropic::read_request(body, anthropic::Body::count);
  if (dialect != Dialect::gemini)
    return fail(Code::unsupported, "This dialect does not count tokens.", "no_count");
  detail::JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return gemini::read_request(body, path);  // which says what is wrong
  const auto call = gemini::object_field(*root, "generateContentRequest");
  return gemini::read_request(call ? simdjson::minify(*call) : std::string(body), path);
}

}  // namespace bastide::dialects
