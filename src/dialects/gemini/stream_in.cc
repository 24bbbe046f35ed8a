// Chunks of streamGenerateContent, read.
#include "dialects/gemini/gemini.h"
#include "dialects/usage.h"

namespace bastide::dialects::gemini {
namespace {

constexpr int choices_max = 8;

/// One candidate: what is open of it, and how many parts it had.
struct Candidate {
  enum class Open : std::uint8_t { none, text, thought } open = Open::none;
  int index = 0;
  bool calls = false;
  bool finished = false;
  /// A call whose arguments still come.
  std::optional<Part> call{};
  PartialArguments arguments{};
};

class Decoder final : public StreamDecoder {
 public:
  Result<void> feed(std::string_view, std::string_view data, std::vector<StreamEvent>& out) override {
    if (over_ || data.empty()) return {};
    const auto root = json_.object_of(data);
    if (!root) return detail::not_of_dialect("gemini");
    if (object_field(*root, "error")) {
      out.emplace_back(Failure{read_error(0, *root, 0)});
      over_ = true;
      return {};
    }
    const auto candidates = array_field(*root, "candidates");
    const auto feedback = object_field(*root, "promptFeedback");
    const auto usage = object_field(*root, "usageMetadata");
    if (!candidates && !feedback && !usage) return detail::not_of_dialect("gemini");
    if (!std::exchange(started_, true)) {
      id_ = text_field(*root, "responseId");
      Start start{id_, std::string(text_field(*root, "modelVersion")), 0, {}, {}};
      keep_others(*root, {"candidates", "usageMetadata", "modelVersion", "responseId", "promptFeedback"},
                  start.others);
      out.emplace_back(std::move(start));
    }
    if (usage) {
      Others others;
      UsageGiven given{detail::read_usage(own, *usage, &others)};
      given.usage.others = std::move(others);
      out.emplace_back(std::move(given));
    }
    if (candidates)
      for (const auto each : *candidates) {
        const auto candidate = detail::as_object(each);
        if (!candidate) return detail::not_of_dialect("gemini");
        if (auto taken = take(*candidate, out); !taken) return taken;
      }
    if (feedback && !text_field(*feedback, "blockReason").empty()) {
      // The prompt itself was refused.
      Finished finished{0, Finish::filter, {}, {}, {}, {}};
      finished.others.push_back({own, "promptFeedback", simdjson::minify(*feedback)});
      state_[0].finished = true;
      out.emplace_back(std::move(finished));
    }
    return {};
  }

  Result<void> finish(std::vector<StreamEvent>& out) override {
    if (std::exchange(over_, true)) return {};
    const bool whole =
        !state_.empty() && std::ranges::all_of(state_, [](const auto& each) { return each.second.finished; });
    if (!whole) return std::unexpected(detail::truncated());
    out.emplace_back(End{});
    return {};
  }

 private:
  Result<void> take(const object& candidate, std::vector<StreamEvent>& out) {
    const auto given = field(candidate, "index");
    const auto number = given ? detail::as_integer(*given).value_or(0) : 0;
    if (number < 0 || number >= choices_max) return detail::not_of_dialect("gemini");
    const int choice = static_cast<int>(number);
    auto& state = state_[choice];
    if (const auto content = object_field(candidate, "content"))
      if (const auto parts = array_field(*content, "parts"))
        for (const auto each : *parts) {
          const auto part = detail::as_object(each);
          if (!part) return detail::not_of_dialect("gemini");
          if (auto taken = take_part(*part, choice, state, out); !taken) return taken;
        }
    Choice end;
    if (state.calls) end.parts.push_back(Part{ToolCall{}});
    read_candidate(candidate, end);
    if (end.logprobs) out.emplace_back(LogprobsAdded{choice, std::move(*end.logprobs)});
    if (state.open == Candidate::Open::text)
      for (auto& citation : read_grounding(candidate))
        out.emplace_back(CitationAdded{choice, std::move(citation)});
    const bool ends = !text_field(candidate, "finishReason").empty() && !state.finished;
    if (!ends) return {};
    end_call(choice, state, out);
    if (state.calls && end.finish == Finish::stop) end.finish = Finish::tool_calls;
    close(choice, state, out);
    state.finished = true;
    out.emplace_back(Finished{choice, end.finish, std::move(end.finish_raw), {}, {}, std::move(end.others)});
    return {};
  }

  Result<void> take_part(const object& part, int choice, Candidate& state, std::vector<StreamEvent>& out) {
    if (const auto call = object_field(part, "functionCall"))
      return take_call(part, *call, choice, state, out);
    const auto place = "/" + std::to_string(choice) + "/" + std::to_string(state.index);
    auto read = read_part(part, "parts", id_ + place);
    if (!read) return detail::not_of_dialect("gemini");
    end_call(choice, state, out);
    auto* words = std::get_if<Text>(&read->content);
    auto* thought = std::get_if<Reasoning>(&read->content);
    if (!words && !thought) {
      close(choice, state, out);
      std::string raw;
      if (const auto* kept = std::get_if<Raw>(&read->content)) raw = kept->json;
      out.emplace_back(PartStart{choice, state.index++, std::move(*read)});
      out.emplace_back(PartEnd{choice, std::move(raw)});
      return {};
    }
    const auto wanted = words ? Candidate::Open::text : Candidate::Open::thought;
    auto& said = words ? words->text : thought->text;
    // The proof of what was said comes behind it, with no words of its own.
    const bool only_proof = said.empty() && state.open != Candidate::Open::none;
    if (said.empty() && read->signature.empty()) return {};
    if (!only_proof && state.open != wanted) {
      close(choice, state, out);
      Part begun = words ? Part{Text{}} : Part{Reasoning{}};
      begun.others = std::move(read->others);
      out.emplace_back(PartStart{choice, state.index, std::move(begun)});
      state.open = wanted;
    }
    if (!said.empty() && words) out.emplace_back(TextDelta{choice, std::move(said)});
    if (!said.empty() && thought) out.emplace_back(ReasoningDelta{choice, std::move(said)});
    if (!read->signature.empty()) out.emplace_back(SignatureDelta{choice, std::move(read->signature), {}});
    return {};
  }

  Result<void> take_call(const object& part, const object& call, int choice, Candidate& state,
                         std::vector<StreamEvent>& out) {
    const auto name = text_field(call, "name");
    if (!name.empty()) {
      end_call(choice, state, out);
      close(choice, state, out);
      const auto place = "/" + std::to_string(choice) + "/" + std::to_string(state.index);
      auto begun = read_part(part, "parts", id_ + place);
      if (!begun) return detail::not_of_dialect("gemini");
      state.call = std::move(*begun);
      state.arguments = {};
    }
    if (!state.call) return {};  // the close of a call that had ended already
    if (const auto pieces = array_field(call, "partialArgs"))
      for (const auto each : *pieces) {
        const auto piece = detail::as_object(each);
        if (!piece || !state.arguments.take(*piece)) return detail::not_of_dialect("gemini");
      }
    const auto more = field(call, "willContinue");
    if (!more || !detail::as_flag(*more).value_or(false)) end_call(choice, state, out);
    return {};
  }

  static void end_call(int choice, Candidate& state, std::vector<StreamEvent>& out) {
    if (!state.call) return;
    auto& call = std::get<ToolCall>(state.call->content);
    auto arguments = state.arguments.json();
    if (arguments.empty()) arguments = std::exchange(call.arguments, {});
    call.arguments.clear();
    out.emplace_back(PartStart{choice, state.index++, std::move(*state.call)});
    if (!arguments.empty()) out.emplace_back(ArgumentsDelta{choice, std::move(arguments)});
    out.emplace_back(PartEnd{choice, {}});
    state.call.reset();
    state.calls = true;
  }

  static void close(int choice, Candidate& state, std::vector<StreamEvent>& out) {
    if (state.open == Candidate::Open::none) return;
    out.emplace_back(PartEnd{choice, {}});
    state.open = Candidate::Open::none;
    ++state.index;
  }

  detail::JsonIn json_;
  std::string id_;
  std::map<int, Candidate> state_;
  bool started_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_stream_decoder() { return std::make_unique<Decoder>(); }

}  // namespace bastide::dialects::gemini
