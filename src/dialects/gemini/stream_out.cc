// Chunks of streamGenerateContent, written. Calls go out whole, as this dialect has them.
#include "dialects/common.h"
#include "dialects/gemini/gemini.h"
#include "dialects/usage.h"

namespace bastide::dialects::gemini {
namespace {

class Encoder final : public StreamEncoder {
 public:
  explicit Encoder(const StreamIdentity& identity) : identity_(identity) {}

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    if (!over_) std::visit([&](const auto& it) { put(it, out, losses); }, event);
  }

  [[nodiscard]] bool repeats_texts() const override { return true; }

 private:
  struct Open {
    Part part{};
    std::string signature{};
  };

  void put(const Start& it, std::string&, Losses&) { start_ = it; }
  void put(const UsageGiven& it, std::string&, Losses& losses) {
    usage_ = it.usage;
    lose_usage(it.usage, losses);
  }

  void put(const PartStart& it, std::string& out, Losses& losses) {
    auto& open = open_[it.choice];
    open = Open{it.part, it.part.signature};
    const bool held =
        std::holds_alternative<ToolCall>(it.part.content) || std::holds_alternative<Raw>(it.part.content);
    const bool words =
        std::holds_alternative<Text>(it.part.content) || std::holds_alternative<Reasoning>(it.part.content);
    if (held) return;
    if (!words) return say(it.choice, it.part, out, losses);
    open.part.signature.clear();
    const auto* text = std::get_if<Text>(&it.part.content);
    if (text ? !text->text.empty() : !std::get<Reasoning>(it.part.content).text.empty())
      say(it.choice, open.part, out, losses);
  }
  void put(const TextDelta& it, std::string& out, Losses& losses) {
    say(it.choice, Part{Text{it.text}}, out, losses);
  }
  void put(const RefusalDelta& it, std::string& out, Losses& losses) {
    say(it.choice, Part{Text{it.text}}, out, losses);
  }
  void put(const ReasoningDelta& it, std::string& out, Losses& losses) {
    if (!it.text.empty()) say(it.choice, Part{Reasoning{it.text}}, out, losses);
  }
  void put(const SignatureDelta& it, std::string&, Losses&) {
    open_[it.choice].signature = it.signature.empty() ? it.encrypted : it.signature;
  }
  void put(const ArgumentsDelta& it, std::string&, Losses&) {
    if (auto* call = std::get_if<ToolCall>(&open_[it.choice].part.content)) call->arguments += it.text;
  }
  void put(const CitationAdded&, std::string&, Losses&) { cited_ = true; }
  void put(const LogprobsAdded& it, std::string& out, Losses&) {
    JsonWriter json;
    json.object().field("index", it.choice);
    write_logprobs(json, it.logprobs);
    chunk(json.end().take(), out);
  }
  void put(const PartEnd& it, std::string& out, Losses& losses) {
    auto& [part, signature] = open_[it.choice];
    if (auto* raw = std::get_if<Raw>(&part.content)) {
      if (!it.raw_json.empty()) raw->json = it.raw_json;
      say(it.choice, part, out, losses);
    } else if (std::holds_alternative<ToolCall>(part.content)) {
      part.signature = signature;
      say(it.choice, part, out, losses);
    } else if (!signature.empty()) {
      // As Google sends it: behind what it proves.
      Part proof = std::holds_alternative<Text>(part.content) ? Part{Text{}} : Part{Reasoning{}};
      proof.signature = signature;
      say(it.choice, proof, out, losses);
    }
    signature.clear();
    part = Part{Text{}};
  }
  void put(const Finished& it, std::string&, Losses&) { finished_.push_back(it); }

  void put(const End&, std::string& out, Losses& losses) {
    over_ = true;
    if (finished_.empty()) finished_.emplace_back();
    for (const auto& each : finished_) {
      JsonWriter json;
      json.object()
          .key("content")
          .object()
          .key("parts")
          .array()
          .object()
          .field("text", "")
          .end()
          .end()
          .field("role", "model")
          .end()
          .field("finishReason", write_finish(each.finish, each.finish_raw))
          .field("index", each.choice);
      bool grounded = false;
      Others top;
      for (const auto& field : each.others) {
        if (field.from != own) continue;
        grounded |= field.name == "groundingMetadata";
        if (field.name == "promptFeedback")
          top.push_back(field);
        else
          json.key(field.name).raw(field.json);
      }
      if (cited_ && !grounded) lose(losses, "citations", "The client cannot be told these citations.");
      chunk(json.end().take(), out, top, each.bastide_json);
    }
  }
  void put(const Failure& it, std::string& out, Losses&) {
    detail::append_event(out, write_error(it.error, identity_.id).body);
    over_ = true;
  }
  /// Google's own SDKs fail at a comment; an empty line keeps the connection open and means nothing.
  void put(const Ping&, std::string& out, Losses&) { out += '\n'; }
  void put(const RawEvent& it, std::string&, Losses& losses) {
    lose(losses, it.name, "Another provider's own event is left out.");
  }

  void say(int choice, const Part& part, std::string& out, Losses& losses) {
    const auto written = write_part(part, "parts", {Reader::client, true, {}, losses});
    if (written.empty()) return;
    JsonWriter json;
    json.object()
        .key("content")
        .object()
        .key("parts")
        .array()
        .raw(written)
        .end()
        .field("role", "model")
        .end();
    chunk(json.field("index", choice).end().take(), out);
  }

  void chunk(const std::string& candidate, std::string& out, const Others& top = {},
             std::string_view bastide = {}) {
    JsonWriter json;
    json.object().key("candidates").array().raw(candidate).end();
    if (usage_) {
      json.key("usageMetadata");
      detail::write_usage(json, own, *usage_);
    }
    json.field("modelVersion", identity_.model.empty() ? start_.model : identity_.model)
        .field("responseId", identity_.id.empty() ? start_.id : identity_.id);
    for (const auto& field : start_.others)
      if (field.from == own) json.key(field.name).raw(field.json);
    for (const auto& field : top) json.key(field.name).raw(field.json);
    if (!bastide.empty()) json.key("bastide").raw(bastide);
    detail::append_event(out, json.end().take());
  }

  const StreamIdentity identity_;
  Start start_;
  std::optional<Usage> usage_;
  std::map<int, Open> open_;
  std::vector<Finished> finished_;
  bool cited_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamEncoder> make_stream_encoder(const StreamIdentity& identity) {
  return std::make_unique<Encoder>(identity);
}

}  // namespace bastide::dialects::gemini
