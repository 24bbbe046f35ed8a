#include "dialects/collect.h"

#include <algorithm>

#include "dialects/common.h"

namespace bastide::dialects {
namespace {

using detail::Overloaded;

std::size_t size_of(const StreamEvent& event) {
  return std::visit(
      Overloaded{[](const TextDelta& it) { return it.text.size(); },
                 [](const ReasoningDelta& it) { return it.text.size(); },
                 [](const ArgumentsDelta& it) { return it.text.size(); },
                 [](const RefusalDelta& it) { return it.text.size(); },
                 [](const SignatureDelta& it) { return it.signature.size() + it.encrypted.size(); },
                 [](const PartEnd& it) { return it.raw_json.size(); },
                 [](const auto&) { return std::size_t{64}; }},
      event);
}

template <class Kind>
Kind* content_of(Part* part) {
  return part == nullptr ? nullptr : std::get_if<Kind>(&part->content);
}

void append(std::vector<TokenLogprob>& into, const std::vector<TokenLogprob>& more) {
  into.insert(into.end(), more.begin(), more.end());
}

}  // namespace

Choice& Collector::choice(int index) {
  const auto at = static_cast<std::size_t>(std::clamp(index, 0, static_cast<int>(detail::choices_max) - 1));
  if (answer_.choices.size() <= at) answer_.choices.resize(at + 1);
  return answer_.choices[at];
}

Part* Collector::open_part(int index) {
  auto& parts = choice(index).parts;
  return parts.empty() ? nullptr : &parts.back();
}

Result<void> Collector::feed(const StreamEvent& event) {
  bytes_ += size_of(event);
  if (bytes_ > detail::stream_bytes_max)
    return fail(Code::too_large, "The provider's answer is too large.", "too_large");
  std::visit(Overloaded{[&](const Start& it) {
                          answer_.id = it.id;
                          answer_.model = it.model;
                          answer_.created_s = it.created_s;
                          answer_.service_tier = it.service_tier;
                          answer_.others = it.others;
                        },
                        [&](const PartStart& it) { choice(it.choice).parts.push_back(it.part); },
                        [&](const TextDelta& it) {
                          if (auto* text = content_of<Text>(open_part(it.choice))) text->text += it.text;
                        },
                        [&](const ReasoningDelta& it) {
                          auto* reasoning = content_of<Reasoning>(open_part(it.choice));
                          if (reasoning == nullptr) return;
                          if (it.summary < 0) {
                            reasoning->text += it.text;
                            return;
                          }
                          const auto at = std::min<std::size_t>(static_cast<std::size_t>(it.summary), 255);
                          if (reasoning->summaries.size() <= at) reasoning->summaries.resize(at + 1);
                          reasoning->summaries[at] += it.text;
                        },
                        [&](const SignatureDelta& it) {
                          auto* part = open_part(it.choice);
                          if (part == nullptr) return;
                          if (!it.signature.empty()) part->signature = it.signature;
                          if (auto* reasoning = content_of<Reasoning>(part);
                              reasoning && !it.encrypted.empty())
                            reasoning->encrypted = it.encrypted;
                        },
                        [&](const ArgumentsDelta& it) {
                          if (auto* call = content_of<ToolCall>(open_part(it.choice)))
                            call->arguments += it.text;
                        },
                        [&](const CitationAdded& it) {
                          if (auto* text = content_of<Text>(open_part(it.choice)))
                            text->citations.push_back(it.citation);
                        },
                        [&](const RefusalDelta& it) {
                          if (auto* refusal = content_of<Refusal>(open_part(it.choice)))
                            refusal->text += it.text;
                        },
                        [&](const LogprobsAdded& it) {
                          auto& logprobs = choice(it.choice).logprobs;
                          if (!logprobs) logprobs.emplace();
                          append(logprobs->content, it.logprobs.content);
                          append(logprobs->refusal, it.logprobs.refusal);
                        },
                        [&](const PartEnd& it) {
                          if (auto* raw = content_of<Raw>(open_part(it.choice)); raw && !it.raw_json.empty())
                            raw->json = it.raw_json;
                        },
                        [&](const UsageGiven& it) { answer_.usage = it.usage; },
                        [&](const Finished& it) {
                          auto& done = choice(it.choice);
                          done.finish = it.finish;
                          done.finish_raw = it.finish_raw;
                          done.stop_sequence = it.stop_sequence;
                          done.others = it.others;
                          if (!it.bastide_json.empty()) answer_.bastide_json = it.bastide_json;
                        },
                        [&](const End&) { ended_ = true; }, [](const auto&) {}},
             event);
  return {};
}

namespace {

/// The part without what its deltas will say.
Part head_of(const Part& part) {
  Part out = part;
  std::visit(
      Overloaded{[](Text& it) { it = {}; }, [](Reasoning& it) { it = {}; }, [](Refusal& it) { it = {}; },
                 [](ToolCall& it) { it.arguments.clear(); }, [](auto&) {}},
      out.content);
  if (std::holds_alternative<Reasoning>(out.content)) out.signature.clear();
  return out;
}

void put_part(std::vector<StreamEvent>& out, int choice, int index, const Part& part) {
  out.emplace_back(PartStart{choice, index, head_of(part)});
  std::string raw_json;
  std::visit(Overloaded{[&](const Text& it) {
                          if (!it.text.empty()) out.emplace_back(TextDelta{choice, it.text});
                          for (const auto& citation : it.citations)
                            out.emplace_back(CitationAdded{choice, citation});
                        },
                        [&](const Reasoning& it) {
                          if (!it.text.empty()) out.emplace_back(ReasoningDelta{choice, it.text});
                          for (std::size_t i = 0; i < it.summaries.size(); ++i)
                            out.emplace_back(ReasoningDelta{choice, it.summaries[i], static_cast<int>(i)});
                          if (!part.signature.empty() || !it.encrypted.empty())
                            out.emplace_back(SignatureDelta{choice, part.signature, it.encrypted});
                        },
                        [&](const ToolCall& it) {
                          if (!it.arguments.empty()) out.emplace_back(ArgumentsDelta{choice, it.arguments});
                        },
                        [&](const Refusal& it) { out.emplace_back(RefusalDelta{choice, it.text}); },
                        [&](const Raw& it) { raw_json = it.json; }, [](const auto&) {}},
             part.content);
  out.emplace_back(PartEnd{choice, std::move(raw_json)});
}

}  // namespace

std::vector<StreamEvent> events_of(const ChatAnswer& answer) {
  std::vector<StreamEvent> out;
  out.emplace_back(Start{answer.id, answer.model, answer.created_s, answer.service_tier, answer.others});
  for (int at = 0; const auto& choice : answer.choices) {
    for (int index = 0; const auto& part : choice.parts) put_part(out, at, index++, part);
    if (choice.logprobs) out.emplace_back(LogprobsAdded{at, *choice.logprobs});
    out.emplace_back(Finished{at, choice.finish, choice.finish_raw, choice.stop_sequence, answer.bastide_json,
                              choice.others});
    ++at;
  }
  if (answer.usage) out.emplace_back(UsageGiven{*answer.usage});
  out.emplace_back(End{});
  return out;
}

}  // namespace bastide::dialects
