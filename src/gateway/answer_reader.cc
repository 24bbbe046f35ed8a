#include "gateway/answer_reader.h"

#include "base/text.h"

namespace bastide::gateway {
namespace {

bool is_type(std::string_view value, std::string_view type) {
  return value.size() >= type.size() && equal_ignoring_ascii_case(value.substr(0, type.size()), type);
}

Error not_of_dialect(std::string what, std::string_view detail) {
  return {Code::upstream, std::move(what), std::string(detail), "Check the provider's address and dialect."};
}

}  // namespace

void AnswerReader::judge_head(const net::Headers& headers, bool wants_stream, bool may_stream_json) {
  const auto type = headers.find("content-type").value_or("");
  is_events_ = is_type(type, "text/event-stream");
  const bool is_json = is_type(type, "application/json");
  const auto coding = headers.find("content-encoding").value_or("identity");
  if (!equal_ignoring_ascii_case(coding, "identity"))
    fault_ = not_of_dialect("The provider compressed an answer although none may be.", "content_encoding");
  else if (wants_stream && !is_events_ && !(may_stream_json && is_json))
    fault_ = not_of_dialect("The provider answered no stream.", "wrong_content_type");
  else if (!wants_stream && is_events_)
    fault_ = not_of_dialect("The provider answers in streams only.", streams_only);
  else if (!wants_stream && !is_json)
    fault_ = not_of_dialect("The provider answered no JSON.", "wrong_content_type");
}

}  // namespace bastide::gateway
