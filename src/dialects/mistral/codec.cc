// Mistral's chat: OpenAI's dialect with fields, thoughts and errors of its own.
#include "dialects/failure.h"
#include "dialects/mistral/mistral.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

/// {"object": "error", "message": …, "type": …, "code": …}, or {"detail": …} of the gate before the server.
std::optional<Error> read_error(int status, const detail::object& root, std::int64_t wait) {
  const bool error = detail::text(root, "object") == "error";
  detail::element found;
  if (!error && root["detail"].get(found) != simdjson::SUCCESS) return std::nullopt;
  const auto type = detail::text(root, "type");
  // Within a stream there is no status: the type says what a full server says.
  const bool full = status == 0 && type == "internal_server_error";
  return detail::refusal(status, full ? "overloaded_error" : type, detail::text(root, "message"), wait);
}

class Decoder final : public StreamDecoder {
 public:
  Result<void> feed(std::string_view event, std::string_view data, std::vector<StreamEvent>& out) override {
    if (failed_) return {};
    if (data.find("\"error\"") != std::string_view::npos) {
      const auto root = json_.object_of(data);
      const auto error = root ? read_error(0, *root, 0) : std::nullopt;
      if (error) {
        failed_ = true;
        out.emplace_back(Failure{*error});
        return {};
      }
    }
    return plain_->feed(event, data, out);
  }
  Result<void> finish(std::vector<StreamEvent>& out) override {
    return failed_ ? Result<void>{} : plain_->finish(out);
  }

 private:
  std::unique_ptr<StreamDecoder> plain_ = detail::make_openai_decoder(Dialect::mistral);
  detail::JsonIn json_;
  bool failed_ = false;
};

class Mistral final : public Codec {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::mistral; }
  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body, const RequestPath&) const override {
    return mistral::read_request(body);
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    return mistral::write_request(request, options, losses);
  }
  [[nodiscard]] std::string request_path(std::string_view, bool) const override {
    return "/chat/completions";
  }
  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    detail::JsonIn in;
    if (const auto root = in.object_of(body))
      if (auto error = read_error(0, *root, 0)) return std::unexpected(std::move(*error));
    return detail::read_openai_answer(Dialect::mistral, body);
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    return mistral::write_answer(answer, losses);
  }
  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return std::make_unique<Decoder>();
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return mistral::make_stream_encoder(identity);
  }
  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return detail::write_openai_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    detail::JsonIn in;
    const auto wait = detail::retry_after(headers);
    const auto root = in.object_of(body);
    if (!root) return detail::refusal(status, {}, {}, wait);
    if (auto error = read_error(status, *root, wait)) return std::move(*error);
    return detail::read_openai_error(status, *root, headers);
  }
};

}  // namespace

const Codec& mistral_codec() {
  static const Mistral codec;
  return codec;
}

}  // namespace bastide::dialects
