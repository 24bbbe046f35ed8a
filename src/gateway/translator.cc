#include "gateway/translator.h"

#include "base/text.h"
#include "dialects/common.h"

namespace bastide::gateway {

Translator::Translator(const dialects::Codec& theirs, const dialects::Codec& callers, Wanted wanted,
                       exchange::Restorer* restorer)
    : theirs_(theirs), callers_(callers), wanted_(std::move(wanted)), restorer_(restorer) {
  if (!wanted_.stream) return;
  if (restorer_) restoring_.emplace(*restorer_);
  decoder_ = theirs_.stream_decoder();
  encoder_ =
      callers_.stream_encoder({wanted_.exchange, wanted_.model, wanted_.created_s, wanted_.include_usage});
  repeats_ = encoder_->repeats_texts();
}

dialects::Usage Translator::guess(std::int64_t output_tokens) const {
  dialects::Usage out;
  out.input = wanted_.input_tokens_guess;
  out.output = output_tokens;
  return out;
}

net::Headers Translator::headers() const {
  net::Headers out{
      {"content-type", wanted_.stream ? std::string(encoder_->media_type()) : "application/json"}};
  if (wanted_.stream) {
    out.add("cache-control", "no-store");
    out.add("x-accel-buffering", "no");
  }
  out.add_lines(wanted_.own_lines);
  return out;
}

Translator::Verdict Translator::on_head(int status, net::Headers& head) {
  first_byte_ = Steady::now();
  if (status != 200) return Verdict::keep;
  judge_head(head, wanted_.stream, false);
  if (fault_ || !wanted_.stream) return Verdict::keep;
  head = headers();
  return Verdict::rewrite;
}

// Before anything was written the fault lets another provider answer; then it ends the caller's stream.
void Translator::fail(Error error) {
  over_ = true;
  if (begun_) write(dialects::Failure{error});
  fault_ = std::move(error);
}

void Translator::begin() {
  if (std::exchange(begun_, true)) return;
  write(dialects::Start{wanted_.exchange, wanted_.model, wanted_.created_s});
}

std::string Translator::on_silence(net::Headers& head) {
  if (!wanted_.stream || over_) return {};
  if (!begun_) head = headers();
  begin();
  write(dialects::Ping{});
  return std::exchange(out_, {});
}

Error Translator::fault_of(const net::Relayed& kept) {
  if (!fault_) fault_ = error_of(theirs_, kept);
  return *fault_;
}

Error Translator::error_of(const dialects::Codec& theirs, const net::Relayed& kept) {
  return theirs.decode_error(kept.status, kept.body,
                             [&kept](std::string_view name) { return kept.headers.find(name).value_or(""); });
}

void Translator::take(dialects::StreamEvent& event) {
  if (auto* failure = std::get_if<dialects::Failure>(&event)) return fail(std::move(failure->error));
  if (auto* usage = std::get_if<dialects::UsageGiven>(&event)) {
    usage_ = std::move(usage->usage);
    return;  // told once, at the end
  }
  begin();
  if (std::holds_alternative<dialects::Start>(event)) return;
  if (std::holds_alternative<dialects::End>(event)) {
    over_ = true;
    write(dialects::UsageGiven{usage_.value_or(guess(events_))});
  } else if (!std::holds_alternative<dialects::Ping>(event)) {
    ++events_;
  }
  write(event);
}

void Translator::hear(dialects::StreamEvent& event) {
  if (!restoring_) return take(event);
  events_restored_.clear();
  auto fed = restoring_->feed(std::move(event), events_restored_);
  for (auto& each : events_restored_)
    if (!over_) take(each);
  if (!fed && !over_) fail(std::move(fed.error()));
}

void Translator::on_body(std::string_view content) {
  content_bytes_ += static_cast<std::int64_t>(content.size());
  while (!content.empty() && !over_) {
    auto size = repeat(content);
    if (size == 0) {
      size = first_frame_bytes(content);
      read(content.substr(0, size));
    }
    content.remove_prefix(size);
  }
}

std::size_t Translator::repeat(std::string_view content) {
  if (!sse_.is_between() || content_bytes_ > static_cast<std::int64_t>(dialects::detail::stream_bytes_max))
    return 0;
  const auto frame = stencil_.match(content);
  if (!frame || (restorer_ && !restorer_->passes(frame->text))) return 0;
  ++events_;
  stencil_.write(frame->text, out_);
  return frame->frame_bytes;
}

void Translator::read(std::string_view content) {
  const bool is_whole = sse_.is_between();
  const auto written = out_.size();
  std::string text;
  int choice = -1;
  frames_.clear();
  const auto framed = sse_.feed(content, frames_);
  for (auto& frame : frames_) {
    events_read_.clear();
    auto read = decoder_->feed(frame.event, trim(frame.data), events_read_);
    const auto* piece =
        events_read_.size() == 1 ? std::get_if<dialects::TextDelta>(&events_read_[0]) : nullptr;
    choice = piece ? piece->choice : -1;
    if (piece) text = piece->text;
    for (auto& event : events_read_)
      if (!over_) hear(event);
    if (over_) return;
    if (!read) return fail(std::move(read.error()));
  }
  if (!framed)
    return fail({Code::upstream, "The provider sent an event that is too long.", "too_large",
                 "Choose another model."});
  if (frames_.empty()) return;
  // The first piece of a text may be written otherwise than those behind it.
  const bool goes_on = choice >= 0 && frames_.size() == 1 && choice == text_choice_;
  text_choice_ = choice;
  if (!goes_on) return stencil_.forget();
  const auto* shown = restoring_ && events_restored_.size() == 1
                          ? std::get_if<dialects::TextDelta>(&events_restored_[0])
                          : nullptr;
  const bool is_as_it_came = !restoring_ || (shown && shown->text == text);
  if (is_whole && repeats_ && is_as_it_came)
    stencil_.learn(content, std::string_view(out_).substr(written), text);
}

std::string_view Translator::rewritten() {
  shown_.swap(out_);
  out_.clear();
  if (copies()) copy(shown_);
  return shown_;
}

std::string Translator::on_end(const Error* broken) {
  if (!wanted_.stream) return {};
  if (!over_) {
    // The dialect knows whether what came is whole, whatever happened to the connection then.
    events_read_.clear();
    auto ended = decoder_->finish(events_read_);
    for (auto& event : events_read_)
      if (!over_) hear(event);
    if (!over_)
      fail(broken  ? *broken
           : ended ? Error{Code::upstream, "The provider's stream ended before its answer was complete.",
                           "truncated", "Try again."}
                   : std::move(ended.error()));
  }
  if (copies()) copy(out_);
  return std::exchange(out_, {});
}

std::optional<AnswerReader::Copy> Translator::take_copy() {
  if (!copies() || fault_ || !over_) return std::nullopt;
  return Copy{wanted_.stream ? std::string(encoder_->media_type()) : "application/json", std::move(copy_)};
}

Result<std::string> Translator::whole(std::string_view body) {
  content_bytes_ = static_cast<std::int64_t>(body.size());
  if (body.size() >= answer_bytes_max)
    return bastide::fail(Code::upstream, "The provider's answer is too long.", "too_large",
                         "Choose another model.");
  auto answer = theirs_.decode_answer(body);
  if (!answer) return pass(answer);
  if (restorer_) {
    answer = exchange::restored(*answer, *restorer_);
    if (!answer) return pass(answer);
  }
  over_ = true;
  usage_ = answer->usage;
  if (!answer->usage) answer->usage.emplace(guess(content_bytes_ / bytes_per_token));
  answer->id = wanted_.exchange;
  answer->model = wanted_.model;
  answer->created_s = wanted_.created_s;
  auto text = callers_.encode_answer(*answer, lost_);
  if (copies()) copy(text);
  return text;
}

}  // namespace bastide::gateway
