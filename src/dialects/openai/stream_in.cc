// Chunks of chat completions as neutral events.
#include <algorithm>
#include <array>
#include <map>

#include "dialects/openai/openai.h"
#include "dialects/usage.h"

namespace bastide::dialects::detail {
namespace {

/// Whether the pieces of a JSON text so far are one whole value.
class JsonEnd {
 public:
  void feed(std::string_view piece) {
    for (const char c : piece) {
      if (quoted_) {
        if (escaped_)
          escaped_ = false;
        else if (c == '\\')
          escaped_ = true;
        else if (c == '"')
          quoted_ = false;
      } else if (c == '"') {
        quoted_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
        begun_ = true;
      } else if (c == '}' || c == ']') {
        --depth_;
      }
    }
  }
  [[nodiscard]] bool whole() const { return begun_ && depth_ <= 0; }

 private:
  int depth_ = 0;
  bool begun_ = false, quoted_ = false, escaped_ = false;
};

/// One choice: puts parts in order. Calls whose pieces are mixed wait for the one before to be whole.
class ChoiceState {
 public:
  explicit ChoiceState(int choice) : choice_(choice) {}

  void text(std::string_view piece, std::vector<StreamEvent>& out) {
    if (piece.empty()) return;
    open<Text>(out);
    out.emplace_back(TextDelta{choice_, std::string(piece)});
  }
  void reasoning(std::string_view piece, std::vector<StreamEvent>& out) {
    if (piece.empty()) return;
    open<Reasoning>(out);
    out.emplace_back(ReasoningDelta{choice_, std::string(piece)});
  }
  void signature(std::string_view whole, std::vector<StreamEvent>& out) {
    if (whole.empty()) return;
    open<Reasoning>(out);
    out.emplace_back(SignatureDelta{choice_, std::string(whole)});
  }
  void refusal(std::string_view piece, std::vector<StreamEvent>& out) {
    if (piece.empty()) return;
    open<Refusal>(out);
    out.emplace_back(RefusalDelta{choice_, std::string(piece)});
  }
  void citation(Citation citation, std::vector<StreamEvent>& out) {
    open<Text>(out);
    out.emplace_back(CitationAdded{choice_, std::move(citation)});
  }

  /// One piece of the call that the server numbers `number`.
  Result<void> call(std::int64_t number, Part head, std::string_view arguments,
                    std::vector<StreamEvent>& out) {
    auto& heading = std::get<ToolCall>(head.content);
    number = number_of(number, heading.id);
    const bool begins = !calls_.contains(number);
    if (begins && calls_.size() >= tools_max)
      return fail(Code::too_large, "The provider's answer calls too many tools.", "too_large");
    const auto kind = heading.kind;
    auto& call = calls_[number];
    if (begins) {
      call.head = std::move(head);
      order_.push_back(number);
    } else {
      auto& known = std::get<ToolCall>(call.head.content);
      if (known.id.empty()) known.id = heading.id;
      if (known.name.empty()) known.name = heading.name;
    }
    if (kind == ToolCall::Kind::function) call.end.feed(arguments);
    call.waiting += arguments;
    advance(out);
    return {};
  }

  void close(std::vector<StreamEvent>& out) {
    closing_ = true;
    advance(out);
    end_part(out);
    closing_ = false;
  }

 private:
  struct Call {
    Part head{};
    std::string waiting{};
    JsonEnd end{};
    bool begun = false;
  };
  enum class Open : std::uint8_t { nothing, text, reasoning, refusal, call };

  template <class Kind>
  static constexpr Open open_kind() {
    return std::is_same_v<Kind, Text>        ? Open::text
           : std::is_same_v<Kind, Reasoning> ? Open::reasoning
                                             : Open::refusal;
  }

  template <class Kind>
  void open(std::vector<StreamEvent>& out) {
    if (open_ == open_kind<Kind>()) return;
    if (open_ == Open::call) close(out);  // calls before, text again: what waits can wait no longer
    end_part(out);
    out.emplace_back(PartStart{choice_, parts_++, Part{Kind{}}});
    open_ = open_kind<Kind>();
  }

  void end_part(std::vector<StreamEvent>& out) {
    if (open_ != Open::nothing) out.emplace_back(PartEnd{choice_, {}});
    open_ = Open::nothing;
  }

  /// Servers that number no calls give each an id of its own.
  std::int64_t number_of(std::int64_t number, const std::string& id) {
    if (const auto alias = aliases_.find(number); alias != aliases_.end()) number = alias->second;
    const auto known = calls_.find(number);
    if (known == calls_.end() || id.empty()) return number;
    const auto& before = std::get<ToolCall>(known->second.head.content).id;
    if (before.empty() || before == id) return number;
    const auto next = std::max(calls_.rbegin()->first, number) + 1;
    aliases_[number] = next;
    return next;
  }

  /// Emits what may be emitted of the calls, in their order.
  void advance(std::vector<StreamEvent>& out) {
    while (current_ < order_.size()) {
      auto& call = calls_[order_[current_]];
      const bool last = current_ + 1 == order_.size();
      if (!call.begun) {
        end_part(out);
        call.begun = true;
        open_ = Open::call;
        out.emplace_back(PartStart{choice_, parts_++, call.head});
      }
      if (!call.waiting.empty()) out.emplace_back(ArgumentsDelta{choice_, std::exchange(call.waiting, {})});
      const bool custom = std::get<ToolCall>(call.head.content).kind == ToolCall::Kind::custom;
      if (!closing_ && (last || (!custom && !call.end.whole()))) return;
      end_part(out);
      ++current_;
    }
  }

  int choice_;
  int parts_ = 0;
  Open open_ = Open::nothing;
  std::map<std::int64_t, Call> calls_;
  std::map<std::int64_t, std::int64_t> aliases_;
  std::vector<std::int64_t> order_;
  std::size_t current_ = 0;
  bool closing_ = false;
};

class Decoder final : public StreamDecoder {
 public:
  explicit Decoder(Dialect self) : self_(self) {}

  Result<void> feed(std::string_view, std::string_view data, std::vector<StreamEvent>& out) override {
    if (over_) return {};
    if (data.starts_with("[DONE]")) {
      end(out);
      return {};
    }
    if (data.empty()) return {};
    bytes_ += data.size();
    if (bytes_ > stream_bytes_max)
      return fail(Code::too_large, "The provider's answer is too large.", "too_large");
    const auto root = json_.object_of(data);
    if (!root) return not_of_dialect(dialect_name(self_));
    element error;
    if ((*root)["error"].get(error) == simdjson::SUCCESS && !error.is_null()) {
      over_ = true;
      out.emplace_back(Failure{read_openai_error(200, *root, {})});
      return {};
    }
    begin(*root, out);
    if (const auto choices = array_at(*root, "choices"))
      for (const auto each : *choices) {
        const auto fields = as_object(each);
        if (!fields) return not_of_dialect(dialect_name(self_));
        if (auto read = choice(*fields, *root, out); !read) return read;
      }
    usage(*root, out);
    return {};
  }

  Result<void> finish(std::vector<StreamEvent>& out) override {
    if (over_) return {};
    // Some servers leave [DONE] out; an answer that has said why it ended is whole.
    if (choices_.empty() || finished_ < choices_.size()) return std::unexpected(truncated());
    end(out);
    return {};
  }

 private:
  void end(std::vector<StreamEvent>& out) {
    over_ = true;
    for (auto& [index, state] : choices_) state.close(out);
    out.emplace_back(End{});
  }

  void begin(const object& root, std::vector<StreamEvent>& out) {
    const auto model = text(root, "model");
    if (begun_) return;
    const auto choices = array_at(root, "choices");
    const bool speaks = choices && choices->size() > 0;
    constexpr std::array<std::string_view, 9> known{
        "id", "object", "model", "created", "service_tier", "usage", "choices", "obfuscation", "bastide"};
    for (const auto [name, value] : root)
      if (!value.is_null() && std::ranges::find(known, name) == known.end())
        head_.others.push_back({self_, std::string(name), raw(value)});
    if (!speaks && model.empty()) return;  // Azure's first chunk: what its filter thinks of the prompt
    begun_ = true;
    head_.id = text(root, "id");
    head_.model = model;
    head_.created_s = integer(root, "created");
    head_.service_tier = text(root, "service_tier");
    out.emplace_back(std::move(head_));
  }

  void usage(const object& holder, std::vector<StreamEvent>& out) const {
    const auto fields = object_at(holder, "usage");
    if (!fields) return;
    UsageGiven given;
    Others others;
    given.usage = read_usage(self_, *fields, &others);
    given.usage.others = std::move(others);
    out.emplace_back(std::move(given));
  }

  Result<void> choice(const object& fields, const object& root, std::vector<StreamEvent>& out) {
    const auto index = integer(fields, "index");
    if (index < 0 || index >= static_cast<std::int64_t>(choices_max))
      return not_of_dialect(dialect_name(self_));
    auto& state = choices_.try_emplace(index, static_cast<int>(index)).first->second;
    if (const auto delta = object_at(fields, "delta"))
      if (auto read = this->delta(*delta, state, out); !read) return read;
    if (const auto logprobs = object_at(fields, "logprobs"))
      out.emplace_back(LogprobsAdded{static_cast<int>(index), read_openai_logprobs(*logprobs)});
    const auto word = text(fields, "finish_reason");
    if (!word.empty()) {
      state.close(out);
      Finished finished{static_cast<int>(index), finish_of_openai(word)};
      if (openai_word_of(finished.finish) != word)
        finished.finish_raw = {self_, "finish_reason", std::string(word)};
      constexpr std::array<std::string_view, 5> known{"index", "delta", "finish_reason", "logprobs", "usage"};
      for (const auto [name, value] : fields)
        if (!value.is_null() && std::ranges::find(known, name) == known.end())
          finished.others.push_back({self_, std::string(name), raw(value)});
      element bastide;
      if (root["bastide"].get(bastide) == simdjson::SUCCESS) finished.bastide_json = raw(bastide);
      out.emplace_back(std::move(finished));
      ++finished_;
    }
    usage(fields, out);
    return {};
  }

  Result<void> delta(const object& delta, ChoiceState& state, std::vector<StreamEvent>& out) const {
    const auto reasoning = text(delta, "reasoning_content");
    state.reasoning(reasoning.empty() ? text(delta, "reasoning") : reasoning, out);
    if (const auto blocks = array_at(delta, "thinking_blocks"))
      for (const auto each : *blocks)
        if (const auto block = as_object(each)) state.signature(text(*block, "signature"), out);
    element content;
    if (delta["content"].get(content) == simdjson::SUCCESS) {
      if (const auto plain = as_text(content)) {
        state.text(*plain, out);
      } else {
        auto parts = read_openai_content(self_, content);
        if (!parts) return not_of_dialect(dialect_name(self_));
        for (auto& part : *parts) {
          if (const auto* text = std::get_if<Text>(&part.content)) state.text(text->text, out);
          if (const auto* thought = std::get_if<Reasoning>(&part.content))
            state.reasoning(thought->text, out);
          if (auto* raw = std::get_if<Raw>(&part.content))
            out.emplace_back(RawEvent{self_, raw->type, std::move(raw->json)});
        }
      }
    }
    state.refusal(text(delta, "refusal"), out);
    if (const auto notes = array_at(delta, "annotations"))
      for (const auto each : *notes) {
        Citation citation;
        citation.raw = {self_, "annotation", raw(each)};
        if (const auto fields = as_object(each)) {
          const auto inner = object_at(*fields, "url_citation");
          citation.url = text(inner ? *inner : *fields, "url");
          citation.title = text(inner ? *inner : *fields, "title");
        }
        state.citation(std::move(citation), out);
      }
    const auto calls = array_at(delta, "tool_calls");
    if (!calls) return {};
    std::int64_t position = 0;
    for (const auto each : *calls) {
      const auto fields = as_object(each);
      if (!fields) return not_of_dialect(dialect_name(self_));
      if (auto read = call(*fields, position++, state, out); !read) return read;
    }
    return {};
  }

  Result<void> call(const object& fields, std::int64_t position, ChoiceState& state,
                    std::vector<StreamEvent>& out) const {
    element index;
    const auto number =
        fields["index"].get(index) == simdjson::SUCCESS ? as_integer(index).value_or(position) : position;
    ToolCall call;
    call.id = text(fields, "id");
    std::string arguments;
    if (const auto custom = object_at(fields, "custom")) {
      call.kind = ToolCall::Kind::custom;
      call.name = text(*custom, "name");
      arguments = text(*custom, "input");
    } else if (const auto function = object_at(fields, "function")) {
      call.name = text(*function, "name");
      element value;  // some servers send the object itself
      if ((*function)["arguments"].get(value) == simdjson::SUCCESS && !value.is_null())
        arguments = value.is_string() ? std::string(*as_text(value)) : raw(value);
    }
    Part head{std::move(call)};
    if (const auto extra = object_at(fields, "extra_content"))
      if (const auto google = object_at(*extra, "google"))
        head.signature = text(*google, "thought_signature");
    return state.call(number, std::move(head), arguments, out);
  }

  Dialect self_;
  JsonIn json_;
  Start head_{};
  std::map<std::int64_t, ChoiceState> choices_;
  std::size_t finished_ = 0;
  std::size_t bytes_ = 0;
  bool begun_ = false, over_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_openai_decoder(Dialect self) { return std::make_unique<Decoder>(self); }

}  // namespace bastide::dialects::detail
