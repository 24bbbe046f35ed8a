#include "dialects/codec.h"

#include <charconv>
#include <cmath>

#include "dialects/failure.h"
#include "dialects/gemini/gemini.h"

namespace bastide::dialects {
namespace gemini {
namespace {

/// Google's words: https://cloud.google.com/apis/design/errors.
std::string_view word_of(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "ABORTED";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 499:
      return "CANCELLED";
    case 502:
    case 503:
      return "UNAVAILABLE";
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return status / 100 == 4 ? "INVALID_ARGUMENT" : "INTERNAL";
  }
}

/// "34.4s", rounded up.
std::int64_t retry_delay(const object& error) {
  const auto details = array_field(error, "details");
  if (!details) return 0;
  for (const auto each : *details) {
    const auto detail = detail::as_object(each);
    const auto delay = detail ? text_field(*detail, "retryDelay") : std::string_view{};
    double seconds = 0;
    if (delay.empty() ||
        std::from_chars(delay.data(), delay.data() + delay.size(), seconds).ec != std::errc())
      continue;
    if (seconds > 0 && seconds < 86'400) return static_cast<std::int64_t>(std::ceil(seconds));
  }
  return 0;
}

}  // namespace

Error read_error(int status, const object& root, std::int64_t retry_after_s) {
  const auto error = object_field(root, "error");
  if (!error) return detail::refusal(status, {}, {}, retry_after_s);
  const auto wait = retry_after_s > 0 ? retry_after_s : retry_delay(*error);
  return detail::refusal(status, text_field(*error, "status"), text_field(*error, "message"), wait);
}

HttpError write_error(const Error& error, std::string_view exchange) {
  HttpError out;
  out.status = detail::status_of(error);
  JsonWriter json;
  json.object()
      .key("error")
      .object()
      .field("code", out.status)
      .field("message", detail::sentence_of(error))
      .field("status", word_of(out.status))
      .key("details")
      .array();
  if (error.retry_after_s > 0) {
    json.object()
        .field("@type", "type.googleapis.com/google.rpc.RetryInfo")
        .field("retryDelay", std::to_string(error.retry_after_s) + "s")
        .end();
    out.headers.emplace_back("retry-after", std::to_string(error.retry_after_s));
  }
  if (!exchange.empty())
    json.object()
        .field("@type", "type.googleapis.com/google.rpc.RequestInfo")
        .field("requestId", exchange)
        .end();
  out.body = json.end().end().end().take();
  return out;
}

}  // namespace gemini

namespace {

/// The frames of the encoder within as elements of one list.
class ListEncoder final : public StreamEncoder {
 public:
  explicit ListEncoder(const StreamIdentity& identity) : frames_(gemini::make_stream_encoder(identity)) {}
  [[nodiscard]] std::string_view media_type() const override { return "application/json"; }

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    constexpr std::string_view begin = "data: ";
    constexpr std::string_view end = "\n\n";
    std::string frames;
    frames_->feed(event, frames, losses);
    for (std::size_t at = 0; at < frames.size();) {
      const auto to = std::min(frames.find(end, at), frames.size());
      const auto frame = std::string_view(frames).substr(at, to - at);
      at = to + end.size();
      if (!frame.starts_with(begin)) continue;  // comments keep a line open, which a list cannot
      out += std::exchange(begun_, true) ? ",\r\n" : "[";
      out += frame.substr(begin.size());
    }
    if (begun_ && (std::holds_alternative<End>(event) || std::holds_alternative<Failure>(event)))
      out += "]\n";
  }

 private:
  std::unique_ptr<StreamEncoder> frames_;
  bool begun_ = false;
};

class Gemini : public Codec {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::gemini; }
  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body,
                                                   const RequestPath& path) const override {
    return gemini::read_request(body, path);
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    return gemini::write_request(request, options, losses);
  }
  [[nodiscard]] std::string request_path(std::string_view model, bool stream) const override {
    return "/models/" + std::string(model) + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
  }
  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    return gemini::read_answer(body);
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    return gemini::write_answer(answer, losses);
  }
  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return gemini::make_stream_decoder();
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return gemini::make_stream_encoder(identity);
  }
  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return gemini::write_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    // A refused stream without server-sent events answers with a list of one.
    const auto begin = body.find_first_not_of(" \t\r\n");
    if (begin != std::string_view::npos && body[begin] == '[') {
      const auto end = body.find_last_of(']');
      body = body.substr(begin + 1, end == std::string_view::npos ? 0 : end - begin - 1);
    }
    detail::JsonIn in;
    const auto root = in.object_of(body);
    const auto wait = detail::retry_after(headers);
    return root ? gemini::read_error(status, *root, wait) : detail::refusal(status, {}, {}, wait);
  }
};

class GeminiList final : public Gemini {
 public:
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return std::make_unique<ListEncoder>(identity);
  }
};

}  // namespace

const Codec& gemini_list_codec() {
  static const GeminiList codec;
  return codec;
}

const Codec& gemini_codec() {
  static const Gemini codec;
  return codec;
}

}  // namespace bastide::dialects
