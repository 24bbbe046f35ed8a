// Neutral events as the typed, numbered events of responses.
#include "dialects/failure.h"
#include "dialects/responses/responses.h"

namespace bastide::dialects::responses {
namespace {

class Encoder final : public StreamEncoder {
 public:
  Encoder(const StreamIdentity& identity, std::int64_t first_number)
      : identity_(identity), sequence_(first_number) {}

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    if (const auto* failure = std::get_if<Failure>(&event)) return failed(failure->error, out, losses);
    if (std::holds_alternative<Ping>(event)) return append_ping(out);
    if (!is_of_first_choice(event)) {
      if (std::holds_alternative<PartStart>(event)) lose(losses, "choices", "Responses hold one answer.");
      return;
    }
    if (!collector_.feed(event))
      return failed({Code::too_large, "The answer is too large.", "too_large"}, out, losses);
    std::visit(Overloaded{[&](const Start& it) { start(it, out, losses); },
                          [&](const PartStart& it) { part_start(it, out); },
                          [&](const TextDelta& it) { text_delta(it, out); },
                          [&](const ReasoningDelta& it) { reasoning_delta(it, out); },
                          [&](const SignatureDelta& it) { part_.signature = it.signature; },
                          [&](const ArgumentsDelta& it) { arguments_delta(it, out); },
                          [&](const CitationAdded& it) { citation(it, out, losses); },
                          [&](const RefusalDelta& it) { refusal_delta(it, out); },
                          [&](const PartEnd&) { part_end(out, losses); },
                          [&](const RawEvent& it) { raw_event(it, out, losses); },
                          [&](const End&) { end(out, losses); }, [](const auto&) {}},
               event);
  }

 private:
  static bool is_of_first_choice(const StreamEvent& event) {
    return std::visit(
        [](const auto& it) {
          if constexpr (requires { it.choice; }) return it.choice == 0;
          return true;
        },
        event);
  }

  /// Begins an event: its type and number.
  JsonWriter event(std::string_view type) {
    JsonWriter json;
    json.object().field("type", type).field("sequence_number", sequence_++);
    return json;
  }
  /// The same with its place.
  JsonWriter placed(std::string_view type) {
    auto json = event(type);
    json.field("output_index", item_).field("item_id", id_);
    return json;
  }
  static void send(JsonWriter& json, std::string_view type, std::string& out) {
    append_event(out, json.end().text(), type);
  }

  void start(const Start& it, std::string& out, Losses& losses) {
    if (identity_.id.empty()) identity_.id = it.id;
    ChatAnswer answer = head(it);
    const bool is_new = sequence_ == 0;
    for (const auto* type : {"response.created", "response.in_progress"}) {
      if (!is_new && type == std::string_view("response.created")) continue;
      auto json = event(type);
      json.key("response").raw(write_answer(answer, "in_progress", losses));
      send(json, type, out);
    }
  }

  [[nodiscard]] ChatAnswer head(const Start& it) const {
    ChatAnswer out;
    out.id = identity_.id;
    out.model = identity_.model.empty() ? it.model : identity_.model;
    out.created_s = identity_.created_s == 0 ? it.created_s : identity_.created_s;
    out.service_tier = it.service_tier;
    out.others = it.others;
    return out;
  }

  [[nodiscard]] bool is_message() const {
    return std::holds_alternative<Text>(part_.content) || std::holds_alternative<Refusal>(part_.content);
  }

  void part_start(const PartStart& it, std::string& out) {
    part_ = it.part;
    id_ = item_id(part_, identity_.id, static_cast<std::size_t>(item_));
    summary_ = -1;
    part_.id = id_;
    auto json = event("response.output_item.added");
    json.field("output_index", item_).key("item");
    Losses none;
    if (is_message()) {
      json.object().field("type", "message").field("id", id_).field("status", "in_progress");
      put_others(json, part_.others, self);
      json.field("role", "assistant").key("content").array().end().end();
    } else if (std::holds_alternative<Raw>(part_.content) && std::get<Raw>(part_.content).from != self)
      return;  // told at its end
    else
      write_item(json, part_, identity_.id, static_cast<std::size_t>(item_), none);
    send(json, "response.output_item.added", out);
    if (is_message()) content_part("response.content_part.added", false, out);
  }

  void content_part(std::string_view type, bool whole, std::string& out) {
    auto json = placed(type);
    json.field("content_index", 0).key("part").object();
    if (const auto* text = std::get_if<Text>(&part_.content)) {
      json.field("type", "output_text").field("text", whole ? std::string_view(text->text) : "");
      json.key("annotations").array();
      Losses none;
      if (whole)
        for (const auto& citation : text->citations) write_annotation(json, citation, none);
      json.end();
    } else {
      json.field("type", "refusal")
          .field("refusal", whole ? std::string_view(std::get<Refusal>(part_.content).text) : "");
    }
    json.end();
    send(json, type, out);
  }

  void text_delta(const TextDelta& it, std::string& out) {
    auto* text = std::get_if<Text>(&part_.content);
    if (text == nullptr) return;
    text->text += it.text;
    auto json = placed("response.output_text.delta");
    json.field("content_index", 0).field("delta", it.text).key("logprobs").array().end();
    send(json, "response.output_text.delta", out);
  }

  void refusal_delta(const RefusalDelta& it, std::string& out) {
    auto* refusal = std::get_if<Refusal>(&part_.content);
    if (refusal == nullptr) return;
    refusal->text += it.text;
    auto json = placed("response.refusal.delta");
    json.field("content_index", 0).field("delta", it.text);
    send(json, "response.refusal.delta", out);
  }

  void citation(const CitationAdded& it, std::string& out, Losses& losses) {
    auto* text = std::get_if<Text>(&part_.content);
    if (text == nullptr) return;
    JsonWriter annotation;
    write_annotation(annotation, it.citation, losses);
    if (annotation.text().empty()) return;
    auto json = placed("response.output_text.annotation.added");
    json.field("content_index", 0).field("annotation_index", text->citations.size());
    json.key("annotation").raw(annotation.text());
    text->citations.push_back(it.citation);
    send(json, "response.output_text.annotation.added", out);
  }

  void reasoning_delta(const ReasoningDelta& it, std::string& out) {
    if (!std::holds_alternative<Reasoning>(part_.content)) return;
    if (it.summary < 0) {
      auto json = placed("response.reasoning_text.delta");
      json.field("content_index", 0).field("delta", it.text);
      send(json, "response.reasoning_text.delta", out);
      return;
    }
    if (it.summary != summary_) {
      end_summary(out);
      summary_ = it.summary;
      auto json = placed("response.reasoning_summary_part.added");
      json.field("summary_index", summary_)
          .key("part")
          .object()
          .field("type", "summary_text")
          .field("text", "")
          .end();
      send(json, "response.reasoning_summary_part.added", out);
    }
    summary_text_ += it.text;
    auto json = placed("response.reasoning_summary_text.delta");
    json.field("summary_index", summary_).field("delta", it.text);
    send(json, "response.reasoning_summary_text.delta", out);
  }

  void end_summary(std::string& out) {
    if (summary_ < 0) return;
    auto json = placed("response.reasoning_summary_text.done");
    json.field("summary_index", summary_).field("text", summary_text_);
    send(json, "response.reasoning_summary_text.done", out);
    auto part = placed("response.reasoning_summary_part.done");
    part.field("summary_index", summary_)
        .key("part")
        .object()
        .field("type", "summary_text")
        .field("text", summary_text_)
        .end();
    send(part, "response.reasoning_summary_part.done", out);
    summary_text_.clear();
    summary_ = -1;
  }

  void arguments_delta(const ArgumentsDelta& it, std::string& out) {
    auto* call = std::get_if<ToolCall>(&part_.content);
    if (call == nullptr) return;
    call->arguments += it.text;
    const auto* type = call->kind == ToolCall::Kind::custom ? "response.custom_tool_call_input.delta"
                                                            : "response.function_call_arguments.delta";
    auto json = placed(type);
    json.field("delta", it.text);
    send(json, type, out);
  }

  void part_end(std::string& out, Losses& losses) {
    if (const auto* text = std::get_if<Text>(&part_.content)) {
      auto json = placed("response.output_text.done");
      json.field("content_index", 0).field("text", text->text).key("logprobs").array().end();
      send(json, "response.output_text.done", out);
    } else if (const auto* refusal = std::get_if<Refusal>(&part_.content)) {
      auto json = placed("response.refusal.done");
      json.field("content_index", 0).field("refusal", refusal->text);
      send(json, "response.refusal.done", out);
    } else if (const auto* call = std::get_if<ToolCall>(&part_.content)) {
      const bool custom = call->kind == ToolCall::Kind::custom;
      const auto* type =
          custom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done";
      auto json = placed(type);
      json.field(custom ? "input" : "arguments", arguments_of(*call));
      if (!custom) json.field("name", call->name);
      send(json, type, out);
    }
    end_summary(out);
    if (is_message()) content_part("response.content_part.done", true, out);
    // The collector holds the part as it became.
    const auto& answer = collector_.so_far();
    if (answer.choices.empty() || answer.choices[0].parts.empty()) return;
    auto part = answer.choices[0].parts.back();
    if (part.id.empty()) part.id = id_;
    JsonWriter written;
    write_item(written, part, identity_.id, static_cast<std::size_t>(item_), losses);
    if (written.text().empty()) return;  // told as a loss
    auto json = event("response.output_item.done");
    json.field("output_index", item_).key("item").raw(written.text());
    send(json, "response.output_item.done", out);
    ++item_;
  }

  void raw_event(const RawEvent& it, std::string& out, Losses& losses) {
    if (it.from != self) {
      lose(losses, "stream", "An event (" + plain_word(it.name) + ") is left out.");
      return;
    }
    JsonIn in;
    const auto root = in.object_of(it.json);
    if (!root) return;
    auto json = event(it.name);
    for (const auto [name, value] : *root) {
      if (name == "type" || name == "sequence_number") continue;
      json.key(name);
      name == "output_index" ? json.value(item_) : json.raw(raw(value));
    }
    send(json, it.name, out);
  }

  void end(std::string& out, Losses& losses) {
    auto answer = collector_.take();
    Start said{answer.id, answer.model, answer.created_s, answer.service_tier, answer.others};
    auto whole = head(said);
    whole.choices = std::move(answer.choices);
    whole.usage = answer.usage;
    whole.bastide_json = answer.bastide_json;
    const auto status = status_of(whole.choices.empty() ? Choice{} : whole.choices[0]);
    const std::string type = "response." + std::string(status);
    auto json = event(type);
    Losses told;  // in its parts already
    json.key("response").raw(write_answer(whole, status, told));
    for (auto& loss : told)
      if (loss.field == "choices") losses.push_back(std::move(loss));
    send(json, type, out);
  }

  void failed(const Error& error, std::string& out, Losses& losses) {
    auto answer = collector_.take();
    answer.id = identity_.id;
    if (!identity_.model.empty()) answer.model = identity_.model;
    JsonWriter what;
    what.object().field("code", error.detail.empty() ? std::string(code_name(error.code)) : error.detail);
    what.field("message", sentence_of(error)).end();
    answer.others.push_back({self, "error", what.take()});
    auto json = event("response.failed");
    json.key("response").raw(write_answer(answer, "failed", losses));
    send(json, "response.failed", out);
  }

  StreamIdentity identity_;
  Collector collector_;
  Part part_{};
  std::string id_;
  std::string summary_text_;
  std::int64_t sequence_ = 0;
  int item_ = 0;
  int summary_ = -1;
};

}  // namespace

std::unique_ptr<StreamEncoder> make_encoder(const StreamIdentity& identity, std::int64_t first_number) {
  return std::make_unique<Encoder>(identity, first_number);
}

}  // namespace bastide::dialects::responses
