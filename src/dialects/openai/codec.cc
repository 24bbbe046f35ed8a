// OpenAI chat completions, and what servers like OpenAI's make of them.
#include "dialects/failure.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

using namespace detail;

class OpenAiCodec final : public Codec {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::openai; }

  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body, const RequestPath&) const override {
    return read_openai_request(Dialect::openai, body);
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    return write_openai_request(Dialect::openai, request, options, losses);
  }
  [[nodiscard]] std::string request_path(std::string_view, bool) const override {
    return "/chat/completions";
  }

  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    return read_openai_answer(Dialect::openai, body);
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    return write_openai_answer(Dialect::openai, answer, losses);
  }

  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return make_openai_decoder(Dialect::openai);
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return make_openai_encoder(Dialect::openai, identity);
  }

  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return write_openai_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    JsonIn json;
    const auto root = json.object_of(body);
    return root ? read_openai_error(status, *root, headers) : refusal(status, {}, {}, retry_after(headers));
  }
};

std::string_view error_type(Code code) {
  switch (code) {
    case Code::unauthenticated:
      return "authentication_error";
    case Code::forbidden:
    case Code::refused_by_policy:
      return "permission_error";
    case Code::rate_limited:
      return "rate_limit_error";
    case Code::budget_exhausted:
      return "insufficient_quota";
    case Code::invalid:
    case Code::not_found:
    case Code::too_large:
    case Code::unsupported:
      return "invalid_request_error";
    default:
      return "api_error";
  }
}

}  // namespace

namespace detail {

std::string openai_id(Dialect self, std::string_view id) {
  constexpr std::string_view prefix = "chatcmpl-";
  if (self != Dialect::openai || id.starts_with(prefix)) return std::string(id);
  return std::string(prefix) + std::string(id);
}

HttpError write_openai_error(const Error& error, std::string_view exchange) {
  const auto field = field_of(error);
  const bool expressed = error.detail.starts_with("field:");
  JsonWriter json;
  json.object().key("error").object();
  json.field("message", sentence_of(error)).field("type", error_type(error.code)).key("param");
  field.empty() ? json.null() : json.value(field);
  json.field("code", expressed              ? std::string_view("unsupported_parameter")
                     : error.detail.empty() ? code_name(error.code)
                                            : std::string_view(error.detail));
  if (!exchange.empty()) json.field("exchange", exchange);
  HttpError out{status_of(error), json.end().end().take()};
  put_retry_after(out, error);
  return out;
}

}  // namespace detail

const Codec& openai_codec() {
  static const OpenAiCodec codec;
  return codec;
}

}  // namespace bastide::dialects
