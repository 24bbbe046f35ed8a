// Mistral's fill-in-the-middle: the chat's dialect, with a text before and a text after in place of messages.
#include "dialects/infill.h"
#include "dialects/mistral/mistral.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

/// A gap as the messages of a conversation, so that all else is read and written as there.
Result<std::string> with_messages(const detail::object& fields) {
  JsonWriter json;
  json.object();
  std::string_view prompt, suffix;
  for (const auto [name, value] : fields) {
    if (name == "prompt" || name == "suffix") {
      const auto text = detail::as_text(value);
      if (!text && (name == "prompt" || !value.is_null())) return detail::wrong(name, "a text");
      (name == "prompt" ? prompt : suffix) = text.value_or("");
    } else if (name != "messages") {
      json.key(name).raw(detail::raw(value));
    }
  }
  if (prompt.empty() && suffix.empty()) return detail::wrong("prompt", "a text");
  json.key("messages").array();
  for (const auto text : {prompt, suffix}) json.object().field("role", "user").field("content", text).end();
  return json.end().end().take();
}

class Fim final : public Codec {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::mistral; }
  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body, const RequestPath&) const override {
    detail::JsonIn in;
    auto fields = in.object_of(body);
    if (!fields) return pass(fields);
    auto talk = with_messages(*fields);
    if (!talk) return pass(talk);
    auto out = mistral::read_request(*talk);
    if (out) mark_form(*out, Form::gap);
    return out;
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    // Without messages the conversation's writer has nothing but the fields that both share.
    auto rest = request;
    rest.messages.clear();
    (void)take_form(rest);
    auto talk = mistral::write_request(rest, options, losses);
    if (!talk) return talk;
    detail::JsonIn in;
    auto fields = in.object_of(*talk);
    if (!fields) return pass(fields);
    JsonWriter json;
    json.object();
    for (const auto [name, value] : *fields)
      if (name != "messages") json.key(name).raw(detail::raw(value));
    const auto gap = gap_of(request);
    json.field("prompt", gap.before);
    if (!gap.after.empty()) json.field("suffix", gap.after);
    return json.end().take();
  }
  [[nodiscard]] std::string request_path(std::string_view, bool) const override { return "/fim/completions"; }

  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    return talk_.decode_answer(body);
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    return talk_.encode_answer(answer, losses);
  }
  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return talk_.stream_decoder();
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return talk_.stream_encoder(identity);
  }
  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return talk_.encode_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    return talk_.decode_error(status, body, headers);
  }

 private:
  const Codec& talk_ = mistral_codec();
};

}  // namespace

const Codec& mistral_fim_codec() {
  static const Fim codec;
  return codec;
}

}  // namespace bastide::dialects
