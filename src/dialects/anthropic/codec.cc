#include "dialects/codec.h"

#include "dialects/anthropic/anthropic.h"
#include "dialects/failure.h"

namespace bastide::dialects {
namespace {

class Anthropic final : public Codec {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::anthropic; }
  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body, const RequestPath&) const override {
    return anthropic::read_request(body, anthropic::Body::call);
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    return anthropic::write_request(request, options, anthropic::Body::call, losses);
  }
  [[nodiscard]] std::string request_path(std::string_view, bool) const override { return "/messages"; }
  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    return anthropic::read_answer(body);
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    return anthropic::write_answer(answer, losses);
  }
  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return anthropic::make_stream_decoder();
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return anthropic::make_stream_encoder(identity);
  }
  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return anthropic::write_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    detail::JsonIn in;
    const auto root = in.object_of(body);
    const auto wait = detail::retry_after(headers);
    return root ? anthropic::read_error(status, *root, wait) : detail::refusal(status, {}, {}, wait);
  }
};

}  // namespace

const Codec& anthropic_codec() {
  static const Anthropic codec;
  return codec;
}

}  // namespace bastide::dialects
