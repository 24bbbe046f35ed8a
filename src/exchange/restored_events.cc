#include "exchange/restored_events.h"

#include <utility>

#include "dialects/collect.h"

namespace bastide::exchange {
namespace {
constexpr std::size_t arguments_bytes_max = 4 * 1024 * 1024;
}

std::string RestoredEvents::restored(std::string_view text) const {
  const auto restorer = text_.another();
  auto out = restorer->feed(text);
  out += restorer->finish();
  return out;
}

void RestoredEvents::release(int choice, std::vector<dialects::StreamEvent>& out) {
  if (auto rest = text_.finish(); !rest.empty()) {
    if (refuses_)
      out.emplace_back(dialects::RefusalDelta{choice, std::move(rest)});
    else
      out.emplace_back(dialects::TextDelta{choice, std::move(rest)});
  }
  if (auto rest = thoughts_->finish(); !rest.empty())
    out.emplace_back(dialects::ReasoningDelta{choice, std::move(rest), summary_});
  if (!arguments_.empty())
    out.emplace_back(
        dialects::ArgumentsDelta{choice, text_.restore_json(std::exchange(arguments_, std::string()))});
}

void RestoredEvents::end_part(dialects::PartEnd end, std::vector<dialects::StreamEvent>& out) {
  release(end.choice, out);
  if (!end.raw_json.empty()) end.raw_json = text_.restore_json(end.raw_json);
  out.emplace_back(std::move(end));
}

Result<void> RestoredEvents::feed(dialects::StreamEvent event, std::vector<dialects::StreamEvent>& out) {
  using namespace dialects;
  if (auto* piece = std::get_if<TextDelta>(&event)) {
    refuses_ = false;
    piece->text = text_.feed(piece->text);
    if (!piece->text.empty()) out.push_back(std::move(event));
  } else if (auto* refusal = std::get_if<RefusalDelta>(&event)) {
    refuses_ = true;
    refusal->text = text_.feed(refusal->text);
    if (!refusal->text.empty()) out.push_back(std::move(event));
  } else if (auto* thought = std::get_if<ReasoningDelta>(&event)) {
    if (thought->summary != summary_) release(thought->choice, out);
    summary_ = thought->summary;
    thought->text = thoughts_->feed(thought->text);
    if (!thought->text.empty()) out.push_back(std::move(event));
  } else if (const auto* arguments = std::get_if<ArgumentsDelta>(&event)) {
    arguments_ += arguments->text;
    if (arguments_.size() > arguments_bytes_max)
      return fail(Code::too_large, "A tool call grew beyond 4 MB and was stopped.", "answer_too_long");
  } else if (auto* begun = std::get_if<PartStart>(&event)) {
    release(begun->choice, out);
    out.push_back(std::move(event));
  } else if (auto* end = std::get_if<PartEnd>(&event)) {
    end_part(std::move(*end), out);
  } else if (auto* cited = std::get_if<CitationAdded>(&event)) {
    auto& citation = cited->citation;
    citation.quote = restored(citation.quote);
    citation.title = restored(citation.title);
    if (!citation.raw.json.empty()) citation.raw.json = text_.restore_json(citation.raw.json);
    out.push_back(std::move(event));
  } else if (auto* raw = std::get_if<RawEvent>(&event)) {
    raw->json = text_.restore_json(raw->json);
    out.push_back(std::move(event));
  } else if (!std::holds_alternative<LogprobsAdded>(event)) {
    const auto* finished = std::get_if<Finished>(&event);
    if (finished || std::holds_alternative<End>(event)) release(finished ? finished->choice : 0, out);
    out.push_back(std::move(event));
  }
  return {};
}

Result<dialects::ChatAnswer> restored(const dialects::ChatAnswer& answer, Restorer& restorer) {
  RestoredEvents restoring(restorer);
  dialects::Collector collector;
  std::vector<dialects::StreamEvent> out;
  for (auto& event : dialects::events_of(answer)) {
    out.clear();
    if (auto fed = restoring.feed(std::move(event), out); !fed) return pass(fed);
    for (const auto& each : out)
      if (auto fed = collector.feed(each); !fed) return pass(fed);
  }
  return collector.take();
}

}  // namespace bastide::exchange
