// Answers of Mistral's chat, written: OpenAI's, but thoughts are chunks of the content.
#include <algorithm>

#include "dialects/mistral/mistral.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects::mistral {
namespace {

void put_thinking(JsonWriter& json, std::string_view text) {
  json.object().field("type", "thinking").key("thinking").array();
  json.object().field("type", "text").field("text", text).end();
  json.end().end();
}

void lose_proof(Losses& losses) {
  lose(losses, "signature", "The proof of a thought has no place in the dialect mistral.");
}

/// Takes the thoughts of a choice out of it, in one.
std::string take_thoughts(Choice& choice, Losses& losses) {
  std::string out;
  for (const auto& part : choice.parts)
    if (const auto* thought = std::get_if<Reasoning>(&part.content)) {
      out += thought->text;
      if (!part.signature.empty() || !thought->encrypted.empty()) lose_proof(losses);
      for (const auto& summary : thought->summaries) out += (out.empty() ? "" : "\n\n") + summary;
    }
  std::erase_if(choice.parts,
                [](const Part& part) { return std::holds_alternative<Reasoning>(part.content); });
  return out;
}

/// Copies the fields of `from`; `replace` writes the value of those for which it returns true.
template <class Replace>
void copy_object(JsonWriter& json, const detail::object& from, const Replace& replace) {
  json.object();
  for (const auto [name, value] : from) {
    json.key(name);
    if (!replace(name, value)) json.raw(detail::raw(value));
  }
  json.end();
}

void put_message(JsonWriter& json, const detail::object& message, const std::string& thought) {
  copy_object(json, message, [&](std::string_view name, detail::element value) {
    if (name != "content") return false;
    json.array();
    put_thinking(json, thought);
    if (const auto words = detail::as_text(value); words && !words->empty())
      json.object().field("type", "text").field("text", *words).end();
    json.end();
    return true;
  });
}

class Encoder final : public StreamEncoder {
 public:
  explicit Encoder(const StreamIdentity& identity)
      : identity_(identity), plain_(detail::make_openai_encoder(own, with_usage(identity))) {}

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    if (const auto* start = std::get_if<Start>(&event)) {
      if (identity_.id.empty()) identity_.id = start->id;
      if (identity_.model.empty()) identity_.model = start->model;
    }
    const auto* part = std::get_if<PartStart>(&event);
    if (part) thinks_ = std::holds_alternative<Reasoning>(part->part.content);
    if (const auto* thought = std::get_if<ReasoningDelta>(&event)) return think(*thought, out);
    if (thinks_ && std::holds_alternative<SignatureDelta>(event)) lose_proof(losses);
    // The part itself needs no frame.
    const bool of_thought =
        part || std::holds_alternative<PartEnd>(event) || std::holds_alternative<SignatureDelta>(event);
    if (!thinks_ || !of_thought) plain_->feed(event, out, losses);
    if (std::holds_alternative<PartEnd>(event)) thinks_ = false;
  }

  [[nodiscard]] bool repeats_texts() const override { return plain_->repeats_texts(); }

 private:
  static StreamIdentity with_usage(StreamIdentity identity) {
    identity.include_usage = true;  // always told here
    return identity;
  }

  void think(const ReasoningDelta& thought, std::string& out) const {
    JsonWriter json;
    json.object()
        .field("id", identity_.id)
        .field("object", "chat.completion.chunk")
        .field("created", identity_.created_s)
        .field("model", identity_.model);
    json.key("choices").array().object().field("index", thought.choice).key("delta").object();
    json.field("role", "assistant").key("content").array();
    put_thinking(json, thought.text);
    json.end().end().key("finish_reason").null().end().end().end();
    detail::append_event(out, json.take());
  }

  StreamIdentity identity_;
  std::unique_ptr<StreamEncoder> plain_;
  bool thinks_ = false;
};

}  // namespace

std::string write_answer(const ChatAnswer& answer, Losses& losses) {
  auto plain = answer;
  std::vector<std::string> thoughts;
  for (auto& choice : plain.choices) thoughts.push_back(take_thoughts(choice, losses));
  auto body = detail::write_openai_answer(own, plain, losses);
  if (std::ranges::all_of(thoughts, [](const auto& each) { return each.empty(); })) return body;
  detail::JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return body;
  JsonWriter json;
  copy_object(json, *root, [&](std::string_view name, detail::element value) {
    const auto choices = detail::as_array(value);
    if (name != "choices" || !choices) return false;
    json.array();
    std::size_t index = 0;
    for (const auto each : *choices) {
      const auto choice = detail::as_object(each);
      const auto thought = index < thoughts.size() ? thoughts[index++] : std::string();
      if (!choice) continue;
      copy_object(json, *choice, [&](std::string_view key, detail::element inner) {
        const auto message = detail::as_object(inner);
        if (key != "message" || !message || thought.empty()) return false;
        put_message(json, *message, thought);
        return true;
      });
    }
    json.end();
    return true;
  });
  return json.take();
}

std::unique_ptr<StreamEncoder> make_stream_encoder(const StreamIdentity& identity) {
  return std::make_unique<Encoder>(identity);
}

}  // namespace bastide::dialects::mistral
