#include "http_api/model_calls/transcription.h"

#include <algorithm>

#include "http_api/form.h"
#include "http_api/model_calls/audio_stream.h"
#include "http_api/model_calls/door_work.h"
#include "http_api/model_calls/sound.h"

namespace bastide::http_api {
namespace {

using dialects::Dialect;
using dialects::TranscriptionRequest;

constexpr std::size_t file_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t answer_bytes_max = 32 * 1024 * 1024;
constexpr std::int64_t ms_a_second = 1000;
constexpr std::int64_t answer_tokens_a_second = 8;  // nobody speaks faster
constexpr std::int64_t answer_tokens_least = 256, answer_tokens_most = 16'384;

class Transcription final : public DoorWork {
 public:
  Transcription(Call& call, TranscriptionRequest request, std::optional<FormFile> file)
      : DoorWork(call), request_(std::move(request)), file_(std::move(file)) {}

  Task<Result<void>> call(policy::ModelCard model, Leaves, std::vector<std::string> texts) override {
    const auto dialect = spoken_by(model);
    if (!dialect)
      co_return fail(Code::unsupported, "Models on this machine do not write down speech.", "no_capability",
                     "Choose a model of a provider.");
    dialects::Losses losses;
    const auto request = without_masked(texts, losses);
    auto encoded = dialects::encode_transcription(*dialect, request, model.upstream, losses);
    if (!encoded) co_return pass(encoded);
    if (auto said = lose(std::move(losses)); !said) co_return said;
    auto form = write_form(encoded->fields, file_ ? &*file_ : nullptr);
    auto answer =
        co_await send(model, std::move(encoded->path), std::move(form.body), std::move(form.content_type));
    if (!answer) co_return pass(answer);
    bill_sound(model, std::nullopt, about_ms());
    const auto type = (*answer)->content_type();
    if (type.starts_with("text/event-stream")) {
      auto streamed = co_await stream(model, *dialect, std::move(*answer));
      co_return streamed;
    }
    auto text = co_await exchange::read_all(std::move(*answer), answer_bytes_max);
    if (!text) co_return pass(text);
    auto answered = take_whole(model, *dialect, type, std::move(*text));
    co_return answered;
  }

 private:
  /// Names that help to spell are of no help when they are masked: such words stay here.
  [[nodiscard]] TranscriptionRequest without_masked(const std::vector<std::string>& texts,
                                                    dialects::Losses& losses) const {
    auto out = request_;
    for (std::size_t i = request_.texts.size(); i-- > 0;) {
      const auto at = request_.texts[i];
      if (i < texts.size() && texts[i] == request_.fields[at].value) continue;
      dialects::lose(losses, request_.fields[at].name,
                     "It holds personal data, which may not leave; it was not sent.");
      out.fields.erase(out.fields.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return out;
  }

  [[nodiscard]] std::int64_t about_ms() const { return file_ ? sound_ms_about(file_->bytes) : 0; }

  Task<Result<void>> stream(const policy::ModelCard& model, Dialect dialect,
                            std::unique_ptr<exchange::ProviderAnswer> answer) {
    if (!request_.stream)
      co_return fail(Code::upstream, "The provider streams although it was not asked to.",
                     "wrong_content_type", "Ask for a stream.");
    AudioStream how{"text/event-stream", true, {}, dialect};
    std::shared_ptr<dialects::TranscriptTranslator> translator;
    if (dialect != request_.from) {
      translator = dialects::transcript_translator(dialect, request_.from, model.id);
      how.translate = [translator](std::string_view data) { return translator->feed(data); };
    }
    auto told = co_await stream_audio(door(), headers(), std::move(how), std::move(answer));
    if (!told) co_return pass(told);
    bill_sound(model, *told, about_ms());
    co_return Result<void>{};
  }

  Result<void> take_whole(const policy::ModelCard& model, Dialect dialect, std::string type,
                          std::string text) {
    if (dialect == request_.from) {
      const bool is_json = type.starts_with("application/json");
      const auto by_subtitles = is_json ? 0 : subtitles_ms(text);
      bill_sound(model, is_json ? dialects::told_usage(dialect, text) : std::nullopt,
                 by_subtitles > 0 ? by_subtitles : about_ms());
      whole() = {is_json ? "application/json" : std::move(type), std::move(text)};
      return {};
    }
    auto transcript = dialects::decode_transcript(dialect, text);
    if (!transcript) return pass(transcript);
    bill_sound(model, transcript->usage, about_ms());
    auto written = dialects::encode_transcript(request_, *transcript, model.id);
    whole() = {std::move(written.media_type), std::move(written.body)};
    return {};
  }

  const TranscriptionRequest request_;
  const std::optional<FormFile> file_;
};

Task<Result<void>> answer(Call& call, TranscriptionRequest::Task task) {
  auto form = co_await read_form(call, file_bytes_max);
  if (!form) co_return pass(form);
  auto request = dialects::read_transcription(dialect_of_client(call), task, std::move(form->fields));
  if (!request) co_return pass(request);
  const bool is_elsewhere = std::ranges::any_of(
      request->fields, [](const auto& field) { return field.name == "file_url" || field.name == "file_id"; });
  if (!form->file && !is_elsewhere)
    co_return fail(Code::invalid, "\"file\" must be a file of sound.", "invalid_file");
  WorkAsk ask;
  ask.dialect = request->from;
  ask.capability = "transcription";
  ask.model = request->model;
  ask.bastide = request->bastide;
  for (const auto at : request->texts) ask.texts.push_back(request->fields[at].value);
  if (form->file) ask.audio_ms_max = sound_ms_at_most(form->file->bytes);
  ask.answer_tokens_max = std::min(
      answer_tokens_most, answer_tokens_least + ask.audio_ms_max / ms_a_second * answer_tokens_a_second);
  Transcription work(call, std::move(*request), std::move(form->file));
  auto answered = co_await run_work(call, std::move(ask), work);
  co_return answered;
}

}  // namespace

Task<Result<void>> answer_transcriptions(Call& call) {
  auto answered = co_await answer(call, TranscriptionRequest::Task::transcribe);
  co_return answered;
}

Task<Result<void>> answer_translations(Call& call) {
  auto answered = co_await answer(call, TranscriptionRequest::Task::translate);
  co_return answered;
}

}  // namespace bastide::http_api
