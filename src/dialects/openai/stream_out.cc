// Neutral events as chunks of chat completions.
#include <map>

#include "dialects/openai/openai.h"
#include "dialects/usage.h"

namespace bastide::dialects::detail {
namespace {

class Encoder final : public StreamEncoder {
 public:
  Encoder(Dialect self, const StreamIdentity& identity) : self_(self), identity_(identity) {}

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    std::visit(
        Overloaded{[&](const Start& it) { start(it, losses); }, [&](const PartStart& it) { part(it, out); },
                   [&](const TextDelta& it) { delta(it.choice, "content", it.text, out); },
                   [&](const ReasoningDelta& it) { delta(it.choice, "reasoning_content", it.text, out); },
                   [&](const SignatureDelta& it) { signature(it, out); },
                   [&](const ArgumentsDelta& it) { arguments(it, out); },
                   [&](const CitationAdded& it) { citation(it, out, losses); },
                   [&](const RefusalDelta& it) { delta(it.choice, "refusal", it.text, out); },
                   [&](const LogprobsAdded& it) { logprobs(it, out); },
                   [&](const PartEnd& it) { part_end(it, out, losses); },
                   [&](const UsageGiven& it) { usage_ = it.usage; },
                   [&](const Finished& it) { finished(it, out, losses); }, [&](const End&) { end(out); },
                   [&](const Failure& it) { append_event(out, write_openai_error(it.error, {}).body); },
                   [&](const Ping&) { append_ping(out); },
                   [&](const RawEvent& it) {
                     lose(losses, "stream", "An event (" + plain_word(it.name) + ") is left out.");
                   }},
        event);
  }

  [[nodiscard]] bool repeats_texts() const override { return true; }

 private:
  struct Choice {
    bool begun = false;
    int calls = 0;
    bool custom = false;
    bool calls_plainly = false;  // a function was named, its arguments have not begun
    bool raw = false;
    std::string thought{};
    bool collects = false;
    std::string raw_type{};
  };

  void start(const Start& it, Losses& losses) {
    if (identity_.id.empty()) identity_.id = it.id;
    if (identity_.model.empty()) identity_.model = it.model;
    if (identity_.created_s == 0) identity_.created_s = it.created_s;
    service_tier_ = it.service_tier;
    for (const auto& field : it.others)
      if (field.from == self_) others_.push_back(field);
    lose_others(losses, it.others, self_);
  }

  /// Everything of a chunk before its choices, made once.
  const std::string& head() {
    if (!head_.empty()) return head_;
    JsonWriter json;
    json.object()
        .field("id", openai_id(self_, identity_.id))
        .field("object", "chat.completion.chunk")
        .field("created", identity_.created_s)
        .field("model", identity_.model);
    if (!service_tier_.empty()) json.field("service_tier", service_tier_);
    put_others(json, others_, self_);
    json.end();
    head_ = json.take();
    head_.back() = ',';  // the object goes on
    return head_;
  }

  /// `inside` is the delta without its braces.
  void chunk(int choice, std::string_view inside, std::string& out) {
    out += "data: ";
    out += head();
    out += "\"choices\":[{\"index\":";
    out += std::to_string(choice);
    out += ",\"delta\":{";
    auto& state = choices_[choice];
    if (!state.begun) {
      state.begun = true;
      out += "\"role\":\"assistant\"";
      if (!inside.empty()) out += ',';
    }
    out += inside;
    out += "},\"finish_reason\":null}]}\n\n";
  }

  void delta(int choice, std::string_view field, std::string_view text, std::string& out) {
    if (field == "reasoning_content" && choices_[choice].collects) choices_[choice].thought += text;
    std::string inside;
    inside += '"';
    inside += field;
    inside += "\":";
    append_json_string(inside, text);
    chunk(choice, inside, out);
  }

  void part(const PartStart& it, std::string& out) {
    auto& state = choices_[it.choice];
    state.raw = false;
    if (const auto* raw = std::get_if<Raw>(&it.part.content)) {
      state.raw = true;
      state.raw_type = raw->type;
    }
    if (std::holds_alternative<Reasoning>(it.part.content)) {
      state.collects = true;
      state.thought.clear();
    }
    const auto* call = std::get_if<ToolCall>(&it.part.content);
    if (call == nullptr) return;
    state.custom = call->kind == ToolCall::Kind::custom;
    state.calls_plainly = !state.custom && call->arguments.empty();
    JsonWriter json;
    json.object().key("tool_calls").array().object().field("index", state.calls++).field("id", call->id);
    json.field("type", state.custom ? "custom" : "function")
        .key(state.custom ? "custom" : "function")
        .object()
        .field("name", call->name)
        .field(state.custom ? "input" : "arguments", call->arguments)
        .end();
    if (!it.part.signature.empty())
      json.key("extra_content")
          .object()
          .key("google")
          .object()
          .field("thought_signature", it.part.signature)
          .end()
          .end();
    put_others(json, it.part.others, self_);
    json.end().end().end();
    inner(it.choice, json.text(), out);
  }

  void inner(int choice, std::string_view object, std::string& out) {
    chunk(choice, object.substr(1, object.size() - 2), out);
  }

  void arguments(const ArgumentsDelta& it, std::string& out) {
    auto& state = choices_[it.choice];
    state.calls_plainly = false;
    JsonWriter json;
    json.object().key("tool_calls").array().object().field("index", state.calls - 1);
    json.key(state.custom ? "custom" : "function")
        .object()
        .field(state.custom ? "input" : "arguments", it.text);
    json.end().end().end().end();
    inner(it.choice, json.text(), out);
  }

  /// Sealed thoughts travel in a field that clients send back: the next call to the same model needs them.
  void signature(const SignatureDelta& it, std::string& out) {
    auto& state = choices_[it.choice];
    JsonWriter json;
    json.object().key("thinking_blocks").array().object();
    if (it.encrypted.empty())
      json.field("type", "thinking").field("thinking", state.thought).field("signature", it.signature);
    else
      json.field("type", "redacted_thinking").field("data", it.encrypted);
    json.end().end().end();
    inner(it.choice, json.text(), out);
  }

  void citation(const CitationAdded& it, std::string& out, Losses& losses) {
    JsonWriter json;
    json.object().key("annotations").array();
    if (it.citation.raw.from == self_ && it.citation.raw.name == "annotation") {
      json.raw(it.citation.raw.json);
    } else if (!it.citation.url.empty()) {
      json.object().field("type", "url_citation").key("url_citation").object();
      json.field("url", it.citation.url).field("title", it.citation.title);
      if (it.citation.start >= 0) json.field("start_index", it.citation.start);
      if (it.citation.end >= 0) json.field("end_index", it.citation.end);
      json.end().end();
    } else {
      lose(losses, "citations", "A citation without an address has no place in the dialect openai.");
      return;
    }
    json.end().end();
    inner(it.choice, json.text(), out);
  }

  void logprobs(const LogprobsAdded& it, std::string& out) {
    JsonWriter json;
    json.object().key("choices").array().object().field("index", it.choice).key("delta").object().end();
    json.key("logprobs");
    write_openai_logprobs(json, it.logprobs);
    json.key("finish_reason").null().end().end().end();
    append_event(out, head() + json.text().substr(1));
  }

  void part_end(const PartEnd& it, std::string& out, Losses& losses) {
    auto& state = choices_[it.choice];
    if (state.calls_plainly) arguments(ArgumentsDelta{it.choice, "{}"}, out);
    state.collects = false;
    if (state.raw)
      lose(losses, "stream",
           "A step of a tool of the provider (" + plain_word(state.raw_type) + ") is left out.");
    state.raw = false;
  }

  void finished(const Finished& it, std::string& out, Losses& losses) {
    if (!choices_[it.choice].begun) chunk(it.choice, {}, out);
    JsonWriter json;
    json.object().key("choices").array().object().field("index", it.choice).key("delta").object().end();
    json.field("finish_reason", openai_finish(self_, it.finish, it.finish_raw));
    put_others(json, it.others, self_);
    lose_others(losses, it.others, self_, "choices.");
    json.end().end();
    if (!it.bastide_json.empty()) json.key("bastide").raw(it.bastide_json);
    json.end();
    auto last = head() + json.text().substr(1);
    if (self_ != Dialect::mistral) return append_event(out, last);
    if (!last_.empty()) append_event(out, last_);
    last_ = std::move(last);
  }

  void end(std::string& out) {
    if (self_ == Dialect::mistral)
      mistral_end(out);
    else if (identity_.include_usage && usage_)
      append_event(out, head() + "\"choices\":[]," + usage_field() + '}');
    append_event(out, "[DONE]");
  }

  /// Mistral's clients look for a choice in every chunk: the counts come with the last one.
  void mistral_end(std::string& out) {
    if (last_.empty()) return;
    if (usage_) {
      last_.back() = ',';
      last_ += usage_field() + '}';
    }
    append_event(out, last_);
  }

  [[nodiscard]] std::string usage_field() const {
    JsonWriter json;
    json.object().key("usage");
    write_usage(json, self_, *usage_);
    const auto object = json.end().take();
    return object.substr(1, object.size() - 2);
  }

  Dialect self_;
  StreamIdentity identity_;
  std::string service_tier_;
  Others others_;
  std::string head_;
  std::map<int, Choice> choices_;
  std::optional<Usage> usage_;
  std::string last_;  // Mistral: the chunk that ends a choice, until the counts are there
};

}  // namespace

std::unique_ptr<StreamEncoder> make_openai_encoder(Dialect self, const StreamIdentity& identity) {
  return std::make_unique<Encoder>(self, identity);
}

}  // namespace bastide::dialects::detail
