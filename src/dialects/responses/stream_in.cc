// Typed events of responses as neutral events.
#include <map>

#include "dialects/failure.h"
#include "dialects/responses/responses.h"
#include "dialects/usage.h"

namespace bastide::dialects::responses {
namespace {

class Decoder final : public StreamDecoder {
 public:
  Result<void> feed(std::string_view, std::string_view data, std::vector<StreamEvent>& out) override {
    if (over_ || data.empty() || data.starts_with("[DONE]")) return {};
    bytes_ += data.size();
    if (bytes_ > stream_bytes_max)
      return fail(Code::too_large, "The provider's answer is too large.", "too_large");
    const auto root = json_.object_of(data);
    if (!root) return not_of_dialect(dialect_name(self));
    return take(text(*root, "type"), *root, out);
  }

  Result<void> finish(std::vector<StreamEvent>&) override {
    return over_ ? Result<void>{} : std::unexpected(truncated());
  }

 private:
  enum class Kind : std::uint8_t { none, message, text, refusal, call, reasoning, raw };

  /// An item that has begun. Of one that came while another was open, nothing is told before it is whole.
  struct Item {
    Kind kind = Kind::none;
    bool told = false;      // its deltas are passed on
    bool said_any = false;  // some came
  };

  Result<void> take(std::string_view type, const object& root, std::vector<StreamEvent>& out) {
    if (type == "response.created") return begin(root, out);
    if (type == "response.in_progress" || type == "response.queued") return {};
    if (type == "response.completed" || type == "response.incomplete") return complete(root, out);
    if (type == "response.failed" || type == "error") return fail_with(root, out);
    const auto index = integer(root, "output_index");
    if (type == "response.output_item.added") return item_added(index, root, out);
    if (type == "response.output_item.done") return item_done(index, root, out);
    auto& item = items_[index];
    if (items_.size() > parts_max) return not_of_dialect(dialect_name(self));
    const auto delta = [&] { return std::string(text(root, "delta")); };
    if (type == "response.content_part.added") {
      const auto part = object_at(root, "part");
      if (part && item.told) open(item, text(*part, "type") == "refusal" ? Kind::refusal : Kind::text, out);
    } else if (type == "response.content_part.done") {
      if (item.told && (item.kind == Kind::text || item.kind == Kind::refusal)) close(item, out);
    } else if (type == "response.output_text.delta") {
      text_delta(item, root, delta(), out);
    } else if (type == "response.output_text.done") {
      if (!text_came_) text_delta(item, root, std::string(text(root, "text")), out);
    } else if (type == "response.output_text.annotation.added") {
      element annotation;
      if (item.told && root["annotation"].get(annotation) == simdjson::SUCCESS)
        out.emplace_back(CitationAdded{0, read_annotation(annotation)});
    } else if (type == "response.refusal.delta") {
      if (item.told && item.kind != Kind::refusal) open(item, Kind::refusal, out);
      say(item, RefusalDelta{0, delta()}, out);
    } else if (type == "response.reasoning_summary_text.delta") {
      say(item, ReasoningDelta{0, delta(), static_cast<int>(integer(root, "summary_index"))}, out);
    } else if (type == "response.reasoning_text.delta") {
      say(item, ReasoningDelta{0, delta()}, out);
    } else if (type == "response.function_call_arguments.delta" ||
               type == "response.custom_tool_call_input.delta") {
      say(item, ArgumentsDelta{0, delta()}, out);
    } else if (type == "response.function_call_arguments.done") {
      if (!item.said_any) say(item, ArgumentsDelta{0, std::string(text(root, "arguments"))}, out);
    } else if (!type.ends_with(".done") || item.kind == Kind::raw || item.kind == Kind::none) {
      if (!is_part_frame(type)) out.emplace_back(RawEvent{self, std::string(type), raw(root)});
    }
    return {};
  }

  /// Frames around what the deltas and the item itself say.
  static bool is_part_frame(std::string_view type) { return type == "response.reasoning_summary_part.added"; }

  Result<void> begin(const object& root, std::vector<StreamEvent>& out) {
    const auto response = object_at(root, "response");
    if (!response) return not_of_dialect(dialect_name(self));
    out.emplace_back(Start{std::string(text(*response, "id")), std::string(text(*response, "model")),
                           integer(*response, "created_at"), std::string(text(*response, "service_tier"))});
    return {};
  }

  template <class Event>
  void say(Item& item, Event event, std::vector<StreamEvent>& out) {
    if (!item.told || event.text.empty()) return;
    item.said_any = true;
    out.emplace_back(std::move(event));
  }

  void text_delta(Item& item, const object& root, std::string delta, std::vector<StreamEvent>& out) {
    if (item.told && item.kind != Kind::text) open(item, Kind::text, out);
    text_came_ = text_came_ || !delta.empty();
    say(item, TextDelta{0, std::move(delta)}, out);
    const auto list = array_at(root, "logprobs");
    if (!item.told || !list || list->size() == 0) return;
    JsonIn json;
    if (const auto wrapped = json.object_of("{\"content\":" + simdjson::minify(*list) + "}"))
      out.emplace_back(LogprobsAdded{0, read_openai_logprobs(*wrapped)});
  }

  void open(Item& item, Kind kind, std::vector<StreamEvent>& out) {
    item.said_any = true;
    text_came_ = false;
    if (item.kind == Kind::text || item.kind == Kind::refusal) close(item, out);
    item.kind = kind;
    Part part = head_;
    if (kind == Kind::refusal) part.content = Refusal{};
    out.emplace_back(PartStart{0, parts_++, std::move(part)});
    open_part_ = true;
  }

  void close(Item& item, std::vector<StreamEvent>& out) {
    if (open_part_) out.emplace_back(PartEnd{});
    open_part_ = false;
    if (item.kind == Kind::text || item.kind == Kind::refusal) item.kind = Kind::message;
  }

  Result<void> item_added(std::int64_t index, const object& root, std::vector<StreamEvent>& out) {
    const auto fields = object_at(root, "item");
    if (!fields || items_.size() > parts_max) return not_of_dialect(dialect_name(self));
    auto& item = items_[index];
    if (busy_) return {};  // told when it is whole
    busy_ = true;
    item.told = true;
    const auto type = text(*fields, "type");
    if (type == "message") {
      item.kind = Kind::message;
      head_ = Part{Text{}};
      head_.id = text(*fields, "id");
      for (const auto [name, value] : *fields)
        if (name == "phase") head_.others.push_back({self, "phase", raw(value)});
      return {};
    }
    auto parts = read_item(*fields);
    if (!parts || parts->empty()) return not_of_dialect(dialect_name(self));
    auto part = std::move(parts->front());
    item.kind = Kind::raw;
    if (auto* call = std::get_if<ToolCall>(&part.content)) {
      item.kind = Kind::call;
      called_ = true;
      call->arguments.clear();
    }
    if (auto* reasoning = std::get_if<Reasoning>(&part.content)) {
      item.kind = Kind::reasoning;
      *reasoning = {};
    }
    out.emplace_back(PartStart{0, parts_++, std::move(part)});
    open_part_ = true;
    return {};
  }

  Result<void> item_done(std::int64_t index, const object& root, std::vector<StreamEvent>& out) {
    const auto fields = object_at(root, "item");
    if (!fields) return not_of_dialect(dialect_name(self));
    auto parts = read_item(*fields);
    if (!parts) return not_of_dialect(dialect_name(self));
    auto& item = items_[index];
    if (!item.told || (item.kind == Kind::message && !item.said_any)) {
      whole(item, std::move(*parts), out);
    } else {
      rest(item, parts->empty() ? Part{} : parts->front(), *fields, out);
      busy_ = false;
    }
    items_.erase(index);
    return {};
  }

  /// What an item says that has come in no delta.
  void whole(Item& item, std::vector<Part> parts, std::vector<StreamEvent>& out) {
    if (item.told) {
      close(item, out);
      busy_ = false;
    }
    ChatAnswer answer;
    answer.choices.resize(1);
    for (auto& part : parts) called_ = called_ || std::holds_alternative<ToolCall>(part.content);
    answer.choices[0].parts = std::move(parts);
    for (auto& event : events_of(answer)) {
      const bool part = !std::holds_alternative<Start>(event) && !std::holds_alternative<Finished>(event) &&
                        !std::holds_alternative<End>(event);
      if (auto* start = std::get_if<PartStart>(&event)) start->index = parts_++;
      if (part) out.push_back(std::move(event));
    }
  }

  void rest(Item& item, const Part& part, const object& fields, std::vector<StreamEvent>& out) {
    if (const auto* call = std::get_if<ToolCall>(&part.content))
      if (!item.said_any) say(item, ArgumentsDelta{0, call->arguments}, out);
    if (const auto* reasoning = std::get_if<Reasoning>(&part.content)) {
      if (!item.said_any) {
        say(item, ReasoningDelta{0, reasoning->text}, out);
        for (std::size_t i = 0; i < reasoning->summaries.size(); ++i)
          say(item, ReasoningDelta{0, reasoning->summaries[i], static_cast<int>(i)}, out);
      }
      if (!reasoning->encrypted.empty()) out.emplace_back(SignatureDelta{0, {}, reasoning->encrypted});
    }
    if (!open_part_) return;
    open_part_ = false;
    out.emplace_back(PartEnd{0, item.kind == Kind::raw ? raw(fields) : std::string()});
  }

  Result<void> complete(const object& root, std::vector<StreamEvent>& out) {
    const auto response = object_at(root, "response");
    if (!response) return not_of_dialect(dialect_name(self));
    over_ = true;
    if (open_part_) out.emplace_back(PartEnd{});
    if (const auto fields = object_at(*response, "usage")) {
      UsageGiven given;
      Others others;
      given.usage = read_usage(self, *fields, &others);
      given.usage.others = std::move(others);
      out.emplace_back(std::move(given));
    }
    Finished finished;
    finished.finish = finish_of(*response, called_);
    element bastide;
    if ((*response)["bastide"].get(bastide) == simdjson::SUCCESS) finished.bastide_json = raw(bastide);
    out.emplace_back(std::move(finished));
    out.emplace_back(End{});
    return {};
  }

  Result<void> fail_with(const object& root, std::vector<StreamEvent>& out) {
    over_ = true;
    const auto response = object_at(root, "response");
    const auto error = object_at(response ? *response : root, "error");
    const auto& from = error ? *error : root;
    auto word = plain_word(text(from, "code"));
    if (word.empty()) word = plain_word(text(from, "type"));
    out.emplace_back(Failure{refusal(0, word, text(from, "message"), 0)});
    return {};
  }

  JsonIn json_;
  std::map<std::int64_t, Item> items_;
  Part head_{};
  std::size_t bytes_ = 0;
  int parts_ = 0;
  bool busy_ = false;  // an item is open whose deltas are told
  bool open_part_ = false;
  bool text_came_ = false;  // of the open text
  bool called_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_decoder() { return std::make_unique<Decoder>(); }

}  // namespace bastide::dialects::responses
