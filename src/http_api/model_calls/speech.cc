#include "http_api/model_calls/speech.h"

#include "base/text.h"
#include "dialects/speech.h"
#include "http_api/model_calls/audio_stream.h"
#include "http_api/model_calls/door_work.h"

namespace bastide::http_api {
namespace {

using dialects::Dialect;
using dialects::SpeechEvent;
using dialects::SpeechRequest;
using Delivery = SpeechRequest::Delivery;

constexpr std::size_t body_bytes_max = 16 * 1024 * 1024;  // a voice to imitate may come along
constexpr std::size_t input_bytes_max = 64 * 1024;
constexpr std::size_t answer_bytes_max = 64 * 1024 * 1024;
constexpr std::int64_t sound_tokens_a_character = 2;  // an upper estimate, where nobody counts

class Speech final : public DoorWork {
 public:
  Speech(Call& call, SpeechRequest request) : DoorWork(call), request_(std::move(request)) {}

  Task<Result<void>> call(policy::ModelCard model, Leaves leaves, std::vector<std::string>) override {
    if (is_masked(leaves))
      co_return fail(Code::refused_by_policy,
                     "\"input\" holds personal data, which may not leave the organisation's machines: masked "
                     "names would be spoken.",
                     "field:input", "Leave the names out, or choose a model within the walls.");
    const auto dialect = spoken_by(model);
    if (!dialect)
      co_return fail(Code::unsupported, "Models on this machine do not speak.", "no_capability",
                     "Choose a model of a provider.");
    dialects::Losses losses;
    auto encoded = dialects::encode_speech(*dialect, request_, model.upstream, losses);
    if (!encoded) co_return pass(encoded);
    if (auto said = lose(std::move(losses)); !said) co_return said;
    auto answer = co_await send(model, std::move(encoded->path), std::move(encoded->body));
    if (!answer) co_return pass(answer);
    bill(model, std::nullopt);
    auto taken = co_await take(model, *dialect, std::move(*answer));
    co_return taken;
  }

 private:
  using Answer = std::unique_ptr<exchange::ProviderAnswer>;

  /// Characters always; tokens as told, or assumed where only they have a price.
  void bill(const policy::ModelCard& model, const std::optional<dialects::ToldUsage>& told) {
    count(told);
    auto& took = usage();
    took.characters = characters_;
    if (took.input_tokens > 0 || took.output_tokens > 0 || !model.price || model.price->characters) return;
    took.estimated = true;
    took.input_tokens = characters_;
    took.output_tokens = took.audio_output_tokens = characters_ * sound_tokens_a_character;
  }

  Task<Result<void>> take(const policy::ModelCard& model, Dialect dialect, Answer answer) {
    const auto type = answer->content_type();
    const bool has_events = type.starts_with("text/event-stream");
    const bool is_json = type.starts_with("application/json");
    if (dialect == request_.from && !is_json) {
      AudioStream how{type.empty() ? "application/octet-stream" : type, has_events, {}, dialect};
      auto streamed = co_await stream(model, std::move(how), std::move(answer));
      co_return streamed;
    }
    if (has_events && request_.delivery != Delivery::json) {
      auto streamed = co_await stream(model, in_words_of_caller(dialect), std::move(answer));
      co_return streamed;
    }
    auto bytes = co_await exchange::read_all(std::move(answer), answer_bytes_max);
    if (!bytes) co_return pass(bytes);
    auto taken = has_events ? take_events(model, dialect, *bytes)
                            : take_whole(model, dialect, is_json, std::move(*bytes));
    co_return taken;
  }

  Task<Result<void>> stream(const policy::ModelCard& model, AudioStream how, Answer answer) {
    auto told = co_await stream_audio(door(), headers(), std::move(how), std::move(answer));
    if (!told) co_return pass(told);
    if (*told) bill(model, *told);
    co_return Result<void>{};
  }

  /// Another dialect's events as events of the caller's, or as the bytes within.
  [[nodiscard]] AudioStream in_words_of_caller(Dialect dialect) const {
    const bool as_bytes = request_.delivery == Delivery::bytes;
    AudioStream how;
    how.from = dialect;
    how.content_type =
        as_bytes ? std::string(dialects::media_type_of_speech(request_.format)) : "text/event-stream";
    how.translate = [dialect, as_bytes, to = request_.from](std::string_view data) {
      const auto event = dialects::decode_speech_event(dialect, data).value_or(SpeechEvent{});
      return as_bytes ? event.sound : dialects::encode_speech_event(to, event);
    };
    return how;
  }

  /// Events for a caller who wants all at once.
  Result<void> take_events(const policy::ModelCard& model, Dialect dialect, const std::string& bytes) {
    std::string sound;
    bool ended = false;
    for (auto line : split(bytes, '\n')) {
      if (!line.starts_with("data:")) continue;
      auto event = dialects::decode_speech_event(dialect, trim(line.substr(5)));
      if (!event) return pass(event);
      sound += event->sound;
      ended = ended || event->is_end;
      if (event->usage) bill(model, event->usage);
    }
    if (!ended)
      return fail(Code::upstream, "The provider's answer broke off before its end.", "truncated",
                  "Ask again.");
    whole() = {"application/json", dialects::encode_speech_json(sound)};
    return {};
  }

  Result<void> take_whole(const policy::ModelCard& model, Dialect dialect, bool is_json, std::string bytes) {
    if (is_json)
      if (auto told = dialects::told_usage(dialect, bytes)) bill(model, told);
    if (dialect == request_.from) {
      whole().body = std::move(bytes);
      return {};
    }
    auto sound = is_json ? dialects::decode_speech_json(bytes) : Result<std::string>(std::move(bytes));
    if (!sound) return pass(sound);
    if (request_.delivery == Delivery::json)
      whole().body = dialects::encode_speech_json(*sound);
    else if (request_.delivery == Delivery::bytes)
      whole() = {std::string(dialects::media_type_of_speech(request_.format)), std::move(*sound)};
    else
      whole() = {"text/event-stream",
                 dialects::encode_speech_event(request_.from, {std::move(*sound), true})};
    return {};
  }

  const SpeechRequest request_;
  const std::int64_t characters_ = static_cast<std::int64_t>(count_code_points(request_.input));
};

}  // namespace

Task<Result<void>> answer_speech(Call& call) {
  auto body = co_await call.http.read_all(body_bytes_max);
  if (!body) co_return pass(body);
  auto request = dialects::decode_speech(dialect_of_client(call), *body);
  if (!request) co_return pass(request);
  if (request->input.size() > input_bytes_max)
    co_return fail(Code::too_large, "\"input\" is longer than 64 KB.", "invalid_input",
                   "Cut the text into pieces.");
  WorkAsk ask;
  ask.dialect = request->from;
  ask.capability = "speech";
  ask.model = request->model;
  ask.texts = {request->input, request->instructions};
  ask.bastide = request->bastide;
  ask.characters = static_cast<std::int64_t>(count_code_points(request->input));
  ask.answer_tokens_max = ask.characters * sound_tokens_a_character;
  Speech work(call, std::move(*request));
  auto answered = co_await run_work(call, std::move(ask), work);
  co_return answered;
}

}  // namespace bastide::http_api
