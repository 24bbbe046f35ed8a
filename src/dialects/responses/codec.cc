#include "dialects/responses/responses.h"

namespace bastide::dialects {
namespace {

class ResponsesCodec final : public Codec {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::responses; }

  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body, const RequestPath&) const override {
    return responses::read_request(body);
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    return responses::write_request(request, options, losses);
  }
  [[nodiscard]] std::string request_path(std::string_view, bool) const override { return "/responses"; }

  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    detail::JsonIn json;
    const auto root = json.object_of(body);
    if (!root) return detail::not_of_dialect(dialect_name(Dialect::responses));
    const bool failed = detail::text(*root, "status") == "failed" || !detail::array_at(*root, "output");
    if (failed && detail::object_at(*root, "error"))
      return std::unexpected(detail::read_openai_error(500, *root, {}));
    return responses::read_answer(*root);
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    const auto status = responses::status_of(answer.choices.empty() ? Choice{} : answer.choices[0]);
    return responses::write_answer(answer, status, losses);
  }

  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return responses::make_decoder();
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return responses::make_encoder(identity);
  }

  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return openai_codec().encode_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    return openai_codec().decode_error(status, body, headers);
  }
};

}  // namespace

const Codec& responses_codec() {
  static const ResponsesCodec codec;
  return codec;
}

}  // namespace bastide::dialects
