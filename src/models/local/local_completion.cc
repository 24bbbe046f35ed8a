#include "models/local/local_completion.h"

#include <algorithm>

namespace bastide::models::local {
namespace {

double rate(std::uint32_t tokens, double seconds) { return seconds > 0 ? tokens / seconds : 0; }

std::optional<exchange::Speed> speed_of(const FinishBody& finish) {
  if (finish.output_tokens == 0) return std::nullopt;
  return exchange::Speed{
      finish.queue_s,
      rate(finish.input_tokens - std::min(finish.cached_tokens, finish.input_tokens), finish.prompt_s),
      rate(finish.output_tokens - 1, finish.answer_s)};
}

}  // namespace

LocalCompletion::LocalCompletion(std::shared_ptr<LocalModel> model, std::uint64_t id,
                                 std::shared_ptr<LocalCall> call, std::stop_token stop)
    : model_(std::move(model)), id_(id), call_(std::move(call)), on_stop_(std::move(stop), Cancel{this}) {}

LocalCompletion::~LocalCompletion() { cancel(); }

void LocalCompletion::cancel() { model_->cancel(id_, call_); }

exchange::Computed LocalCompletion::computed() const {
  const auto finish = call_->finished();
  auto out = model_->computed();
  out.guessed_tokens = finish.guessed_tokens;
  out.guessed_right = finish.guessed_right;
  out.joules = finish.joules;
  out.speed = speed_of(finish);
  return out;
}

}  // namespace bastide::models::local
