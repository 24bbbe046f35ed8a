#include "responses/recorder.h"

namespace bastide::responses {
namespace {

constexpr std::size_t pending_bytes_max = 4 * 1024 * 1024;

}  // namespace

Task<Result<void>> FrameJournal::append(std::shared_ptr<FrameJournal> self, std::vector<StreamFrame> frames) {
  if (broken_) co_return std::unexpected(*broken_);
  for (auto& frame : frames) {
    pending_bytes_ += frame.text.size();
    pending_.push_back(std::move(frame));
  }
  if (!writes_ && !pending_.empty()) {
    writes_ = true;
    spawn("response_events", write(std::move(self)));
  }
  if (pending_bytes_ <= pending_bytes_max) co_return Result<void>{};
  auto settled = co_await settle();
  co_return settled;
}

Task<void> FrameJournal::write(std::shared_ptr<FrameJournal> self) {
  while (!self->pending_.empty() && !self->broken_) {
    const auto frames = std::exchange(self->pending_, {});
    self->pending_bytes_ = 0;
    auto stored = co_await run_on(
        self->pool_, [&self, &frames] { return self->store_.append(self->id_, self->person_, frames); });
    if (!stored) self->broken_ = std::move(stored.error());
    self->readers_.ring();
  }
  self->writes_ = false;
  self->written_.ring();
}

Task<Result<void>> FrameJournal::settle() {
  while (writes_) {
    const auto seen = written_.count();
    if (writes_) (void)co_await written_.wait(seen);
  }
  if (broken_) co_return std::unexpected(*broken_);
  co_return Result<void>{};
}

Result<void> Recorder::begin() {
  const auto model = exchange_.model.id.empty() ? exchange_.ask.model : exchange_.model.id;
  const dialects::Start start{recording_.answer_id, model, recording_.created_s, {}, recording_.repeated};
  if (auto fed = whole_.feed(start); !fed) return fed;
  encoder_ = dialects::response_encoder({recording_.answer_id, model, recording_.created_s, true}, next_);
  last_ = frames_of(start);
  return {};
}

std::vector<StreamFrame> Recorder::frames_of(const dialects::StreamEvent& event) {
  std::vector<StreamFrame> out;
  if (!recording_.streams) return out;
  std::string text;
  dialects::Losses losses;  // there is no head any more that could tell them
  encoder_->feed(event, text, losses);
  constexpr std::string_view frame_end = "\n\n";
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find(frame_end, from) + frame_end.size();
    out.push_back({next_++, text.substr(from, end - from)});
    from = end;
  }
  return out;
}

Task<Result<void>> Recorder::tell(dialects::StreamEvent event) {
  std::vector<StreamFrame> frames;
  if (!encoder_) {
    if (auto begun = begin(); !begun) co_return begun;
    frames = std::exchange(last_, {});
  }
  if (auto fed = whole_.feed(event); !fed) co_return fed;
  // What a provider sealed is kept, and shown to who asked for it.
  if (auto* start = std::get_if<dialects::PartStart>(&event)) {
    auto* thought = std::get_if<dialects::Reasoning>(&start->part.content);
    in_thought_ = thought != nullptr;
    if (thought && !recording_.shows_sealed) {
      thought->encrypted.clear();
      start->part.signature.clear();
    }
  }
  const bool is_hidden =
      in_thought_ && !recording_.shows_sealed && std::holds_alternative<dialects::SignatureDelta>(event);
  if (!is_hidden)
    for (auto& frame : frames_of(event)) frames.push_back(std::move(frame));
  if (std::holds_alternative<dialects::End>(event)) {
    last_ = std::move(frames);
    co_return Result<void>{};
  }
  auto stored = co_await journal_->append(journal_, std::move(frames));
  co_return stored;
}

Task<Result<void>> Recorder::on_done(const exchange::Exchange& exchange) {
  auto told = co_await tell_end(exchange, labels_);
  if (!told) co_return told;
  auto settled = co_await journal_->settle();
  co_return settled;
}

}  // namespace bastide::responses
