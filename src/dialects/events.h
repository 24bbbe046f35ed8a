// What a model answers, as it comes.
//
// Within a choice parts come one after the other: PartStart, its deltas, PartEnd, then the next part;
// decoders see to that whatever the dialect does. Order: Start, parts, Finish (one a choice), Usage (at any
// time, each replacing the one before), End. A Failure is the last event. Without End or Failure a stream was
// cut.
#pragma once

#include <string>
#include <variant>

#include "dialects/answer.h"

namespace bastide::dialects {

struct Start {
  std::string id;
  std::string model;
  std::int64_t created_s = 0;
  std::string service_tier{};
  Others others{};
};

/// `part` holds what is known at once: the name and id of a tool call, the kind of all others. Its text
/// follows in deltas. `index` counts the parts of the choice from 0.
struct PartStart {
  int choice = 0;
  int index = 0;
  Part part{};
};

struct TextDelta {
  int choice = 0;
  std::string text;
};
/// `summary` is -1 for the thought itself, else the number of the summary that grows.
struct ReasoningDelta {
  int choice = 0;
  std::string text;
  int summary = -1;
};
/// Of the open part: its whole signature, or its whole sealed form.
struct SignatureDelta {
  int choice = 0;
  std::string signature{};
  std::string encrypted{};
};
/// The next piece of the arguments' text.
struct ArgumentsDelta {
  int choice = 0;
  std::string text;
};
struct CitationAdded {
  int choice = 0;
  Citation citation{};
};
struct RefusalDelta {
  int choice = 0;
  std::string text;
};
struct LogprobsAdded {
  int choice = 0;
  Logprobs logprobs{};
};
struct PartEnd {
  int choice = 0;
  std::string raw_json{};  // of a Raw part: its whole object
};
struct UsageGiven {
  Usage usage{};
};
struct Finished {
  int choice = 0;
  Finish finish = Finish::stop;
  RawField finish_raw{};
  std::string stop_sequence{};
  std::string bastide_json{};
  Others others{};
};
/// The dialect's proper end came.
struct End {};
struct Failure {
  Error error{};
};
struct Ping {};
/// An event that only its dialect knows, whole.
struct RawEvent {
  Dialect from = Dialect::openai;
  std::string name;
  std::string json;
};

using StreamEvent =
    std::variant<Start, PartStart, TextDelta, ReasoningDelta, SignatureDelta, ArgumentsDelta, CitationAdded,
                 RefusalDelta, LogprobsAdded, PartEnd, UsageGiven, Finished, End, Failure, Ping, RawEvent>;

}  // namespace bastide::dialects
