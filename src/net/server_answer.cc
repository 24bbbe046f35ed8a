// The answer as a handler sends it.
#include <stdexcept>

#include "net/server_call.h"

namespace bastide::net::detail {

bool Call::may_reuse() const {
  if (!keep_alive_ || connection_.shard_.draining || connection_.purpose_ == Purpose::refuse) return false;
  if (connection_.burst_ > connection_.options_.pipelined_max) return false;
  return rest_can_be_skipped();
}

Result<std::string> Call::begin(int status, const Headers& headers, Framing framing) {
  if (answer_ != Answer::none) throw std::logic_error("a request is answered once");
  if (auto asked = headers.find("connection"); asked && *asked == "close") keep_alive_ = false;
  keep_alive_ = may_reuse();
  if (!rest_can_be_skipped() || !connection_.in_.empty()) connection_.must_linger_ = true;
  if (framing.kind == Framing::Kind::chunked && head_.minor_version == 0) {
    framing = {Framing::Kind::until_close, 0};
    keep_alive_ = false;
  }
  if (is_bodiless(status)) framing = {};
  auto head = head_text({status, framing, keep_alive_, head_.minor_version, connection_.link_.impl().date()},
                        headers);
  if (!head) return fail(Code::internal, "A header of the answer is malformed.", "answer_header");
  status_ = status;
  answer_ = Answer::streaming;
  answer_framing_ = head_.request.method == "HEAD" ? Framing{} : framing;
  return std::move(*head);
}

Task<Result<void>> Call::put(Pieces pieces) {
  if (answer_ == Answer::broken) co_return fail(Code::cancelled, "The client has left.", "left");
  auto& link = connection_.link_;
  if (link.had_its_turn()) co_await yield_turn(link.loop());
  auto sent = co_await link.write_all(pieces, connection_.options_.write_timeout);
  if (!sent) {
    answer_ = Answer::broken;
    keep_alive_ = false;
    // A reader that takes nothing is as good as gone, and whoever works for it should know.
    if (sent.error().code == Code::timeout) leave();
    co_return fail(Code::cancelled, "The client has left.", "left");
  }
  co_return sent;
}

Task<Result<void>> Call::send(Response response) {
  auto head = begin(response.status, response.headers, {Framing::Kind::length, response.body.size()});
  if (!head) co_return pass(head);
  std::string_view body = answer_framing_.kind == Framing::Kind::none ? "" : std::string_view(response.body);
  auto sent = co_await put(Pieces(*head, body));
  if (sent) answer_ = Answer::complete;
  co_return sent;
}

Task<Result<void>> Call::start(int status, Headers headers) {
  auto head = begin(status, headers, {Framing::Kind::chunked, 0});
  if (!head) co_return pass(head);
  auto sent = co_await put(Pieces(*head));
  co_return sent;
}

Task<Result<void>> Call::write(std::string bytes) {
  if (answer_ != Answer::streaming && answer_ != Answer::broken)
    throw std::logic_error("write stands between start and finish");
  Result<void> sent;
  if (bytes.empty() || (answer_framing_.kind == Framing::Kind::none && answer_ != Answer::broken))
    co_return sent;
  if (answer_framing_.kind == Framing::Kind::chunked) {
    auto line = chunk_line(bytes.size());
    sent = co_await put(Pieces(line, bytes, "\r\n"));
  } else {
    sent = co_await put(Pieces(bytes));
  }
  co_return sent;
}

Task<Result<void>> Call::finish() {
  if (answer_ != Answer::streaming && answer_ != Answer::broken)
    throw std::logic_error("finish comes after start");
  Result<void> sent;
  if (answer_framing_.kind == Framing::Kind::chunked || answer_ == Answer::broken)
    sent = co_await put(Pieces("0\r\n\r\n"));
  if (sent) answer_ = Answer::complete;
  co_return sent;
}

}  // namespace bastide::net::detail
