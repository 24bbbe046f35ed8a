// What becomes of each feature of an answer on its way from the model's dialect to the caller's.
#pragma once

#include "tests/dialects/wire.h"

namespace bastide::dialects::testing {

struct AnswerFeature {
  std::string name;
  std::function<void(ChatAnswer&)> add;
  std::vector<std::string> marks;  // one of them stands in every answer that says it
};

inline std::vector<AnswerFeature> answer_features() {
  const auto part = [](ChatAnswer& answer) -> std::vector<Part>& { return answer.choices[0].parts; };
  const auto thought = [part](ChatAnswer& answer, Reasoning given) -> Part& {
    return *part(answer).insert(part(answer).begin(), Part{std::move(given)});
  };
  const auto finish = [](Finish given) {
    return [given](ChatAnswer& answer) { answer.choices[0].finish = given; };
  };
  return {
      {"text", [part](auto& a) { part(a)[0] = text_part("MARK"); }, {"MARK"}},
      {"tool call",
       [part](auto& a) {
         part(a).push_back(Part{ToolCall{"call_abc123", "MARK", R"({"a":1})"}});
         a.choices[0].finish = Finish::tool_calls;
       },
       {"MARK"}},
      {"tool call without arguments",
       [part](auto& a) {
         part(a).push_back(Part{ToolCall{"call_abc123", "MARK", ""}});
         a.choices[0].finish = Finish::tool_calls;
       },
       {"MARK"}},
      {"two tool calls at once",
       [part](auto& a) {
         part(a).push_back(Part{ToolCall{"call_abc123", "look", R"({"a":1})"}});
         part(a).push_back(Part{ToolCall{"call_def456", "MARK", R"({"b":2})"}});
         a.choices[0].finish = Finish::tool_calls;
       },
       {"MARK"}},
      {"thought", [thought](auto& a) { thought(a, {"MARK"}); }, {"MARK"}},
      {"summary of a thought", [thought](auto& a) { thought(a, {"", {"MARK"}}); }, {"MARK"}},
      {"signature of a thought",
       [thought](auto& a) {
         const std::string from(dialect_name(a.from));
         thought(a, {"Hm."}).signature = from + ":TUFSS01BUks=";
       },
       {"TUFSS01BUks=", "OlRVRlNTMDFCVWtzP"}},
      {"refusal",
       [part](auto& a) {
         part(a) = {Part{Refusal{"MARK"}}};
         a.choices[0].finish = Finish::refusal;
       },
       {"MARK"}},
      {"citation of an address",
       [part](auto& a) {
         Citation citation;
         citation.url = "https://example.org/MARK";
         citation.title = "Title";
         std::get<Text>(part(a)[0].content).citations.push_back(citation);
       },
       {"MARK"}},
      {"log-probabilities", [](auto& a) { a.choices[0].logprobs = Logprobs{{{"MARK", -0.5}}}; }, {"MARK"}},
      {"cut off at max tokens", finish(Finish::length), {"length", "max_tokens", "MAX_TOKENS", "incomplete"}},
      {"the provider's filter", finish(Finish::filter), {"content_filter", "SAFETY", "refusal"}},
      {"cached tokens", [](auto& a) { a.usage->cache_read = 77; }, {"77"}},
      {"tokens written to the cache", [](auto& a) { a.usage->cache_write_5m = 78; }, {"78"}},
      {"tokens of thoughts", [](auto& a) { a.usage->reasoning = 79; }, {"79"}},
      {"several answers", [](auto& a) { a.choices.push_back({.parts = {text_part("MARK")}}); }, {"MARK"}},
  };
}

inline bool says(const std::string& bytes, const AnswerFeature& feature) {
  return std::ranges::any_of(feature.marks, [&](const auto& mark) { return bytes.contains(mark); });
}

enum class Shape { whole, stream };

inline std::string written(const Codec& codec, const ChatAnswer& answer, Shape shape, Losses& losses) {
  return shape == Shape::whole ? codec.encode_answer(answer, losses)
                               : encode_all(codec, events_of(answer), losses, {"1", "m"});
}

/// "" when the model's dialect cannot say it.
inline std::string fate(const AnswerFeature& feature, const Codec& model, const Codec& caller, Shape shape) {
  ChatAnswer answer;
  answer.from = model.dialect();
  answer.id = "1";
  answer.model = "m";
  answer.usage = Usage{.input = 500, .output = 400};
  answer.choices.push_back({.parts = {text_part("Hello.")}});
  feature.add(answer);
  Losses losses;
  const auto native = written(model, answer, shape, losses);
  if (!losses.empty() || !says(native, feature)) return "";
  std::optional<ChatAnswer> read;
  if (shape == Shape::whole) {
    if (auto decoded = model.decode_answer(native)) read = std::move(*decoded);
  } else {
    std::vector<std::string> data;
    for (auto& frame : frames(native)) data.push_back(std::move(frame.data));
    if (auto decoded = decode_all(model, data)) read = collect(*decoded);
  }
  EXPECT_TRUE(read) << feature.name << " of " << dialect_name(model.dialect()) << ": " << native;
  if (!read) return "";
  losses.clear();
  const auto out = written(caller, *read, shape, losses);
  if (says(out, feature) && losses.empty()) return &model == &caller ? "native" : "translated";
  EXPECT_FALSE(losses.empty()) << "\"" << feature.name << "\" disappears from "
                               << dialect_name(model.dialect()) << " to " << dialect_name(caller.dialect())
                               << ": " << out;
  return "told";
}

/// Both shapes in one word where they agree.
inline std::string fate(const AnswerFeature& feature, const Codec& model, const Codec& caller) {
  const auto whole = fate(feature, model, caller, Shape::whole);
  const auto stream = fate(feature, model, caller, Shape::stream);
  if (whole == stream || stream.empty()) return whole;
  return whole.empty() ? stream : whole + "; " + stream + " in a stream";
}

}  // namespace bastide::dialects::testing
