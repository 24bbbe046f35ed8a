#include "http_api/model_calls/audio_stream.h"

#include "base/text.h"
#include "dialects/transcriptions.h"
#include "net/sse.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t event_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t stream_bytes_max = 512ULL * 1024 * 1024;

/// Reads along with one stream.
class Reader {
 public:
  explicit Reader(const AudioStream& how) : how_(how) {}

  /// What the caller gets for `bytes`.
  Result<std::string> feed(std::string bytes) {
    bytes_ += bytes.size();
    if (bytes_ > stream_bytes_max)
      return fail(Code::upstream, "The provider's answer is too long.", "too_large", "Choose another model.");
    if (!how_.has_events) return bytes;
    std::vector<net::SseEvent> frames;
    const auto fed = parser_.feed(bytes, frames);
    if (!fed)
      return fail(Code::upstream, "The provider sent an event that is too long.", "too_large",
                  "Choose another model.");
    std::string out;
    for (const auto& frame : frames) {
      const auto data = trim(frame.data);
      if (dialects::ends_audio_stream(data)) {
        ended_ = true;
        if (auto told = dialects::told_usage(how_.from, data)) told_ = std::move(told);
      }
      if (how_.translate) out += how_.translate(data);
    }
    return how_.translate ? std::move(out) : std::move(bytes);
  }
  [[nodiscard]] bool is_whole() const { return !how_.has_events || ended_; }
  [[nodiscard]] std::optional<dialects::ToldUsage> told() const { return told_; }

 private:
  const AudioStream& how_;
  net::SseParser parser_{event_bytes_max};
  std::size_t bytes_ = 0;
  bool ended_ = false;
  std::optional<dialects::ToldUsage> told_{};
};

}  // namespace

Task<Result<std::optional<dialects::ToldUsage>>> stream_audio(
    Call& call, net::Headers headers, AudioStream how, std::unique_ptr<exchange::ProviderAnswer> answer) {
  Reader reader(how);
  while (true) {
    auto piece = co_await answer->read();
    if (!piece) co_return pass(piece);
    if (piece->empty()) break;
    auto shown = reader.feed(std::move(*piece));
    if (!shown) co_return pass(shown);
    if (shown->empty()) continue;
    if (!call.answered) {
      call.answered = true;
      headers.add("content-type", how.content_type);
      auto begun = co_await call.http.start(200, std::move(headers));
      if (!begun) co_return pass(begun);
    }
    auto written = co_await call.http.write(std::move(*shown));
    if (!written) co_return pass(written);
  }
  if (!reader.is_whole() || !call.answered)
    co_return fail(Code::upstream, "The provider's answer broke off before its end.", "truncated",
                   "Ask again.");
  auto ended = co_await call.http.finish();
  if (!ended) co_return pass(ended);
  co_return reader.told();
}

}  // namespace bastide::http_api
