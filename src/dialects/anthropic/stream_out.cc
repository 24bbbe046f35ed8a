// Events of a streamed message, written.
#include "dialects/anthropic/anthropic.h"
#include "dialects/common.h"
#include "dialects/usage.h"

namespace bastide::dialects::anthropic {
namespace {

constexpr auto own = Dialect::anthropic;

class Encoder final : public StreamEncoder {
 public:
  explicit Encoder(const StreamIdentity& identity) : identity_(identity) {}

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    if (over_) return;
    // The start waits for the usage that mostly comes right behind it.
    if (start_ && !std::holds_alternative<UsageGiven>(event)) write_start(out);
    std::visit([&](const auto& it) { put(it, out, losses); }, event);
  }

  [[nodiscard]] bool repeats_texts() const override { return true; }

 private:
  void put(const Start& start, std::string&, Losses&) { start_ = start; }

  void put(const UsageGiven& given, std::string&, Losses&) { usage_ = given.usage; }

  void put(const PartStart& start, std::string& out, Losses& losses) {
    if (start.choice != 0) {
      if (start.index == 0) lose(losses, "choices", "The dialect holds one answer: the first is given.");
      return;
    }
    close(out);
    part_ = start.part;
    part_open_ = true;
    const bool thinks = std::holds_alternative<Reasoning>(part_.content);
    if (!thinks && !part_.signature.empty()) {
      write_block(proof_block(part_.signature), out);
      close(out);
    }
    if (std::holds_alternative<Raw>(part_.content)) return;  // whole at its end
    if (const auto* call = std::get_if<ToolCall>(&part_.content)) {
      auto begun = *call;
      begun.arguments.clear();
      Part bare{std::move(begun)};
      bare.others = part_.others;
      put_part(bare, out, losses);
      if (!call->arguments.empty()) delta("input_json_delta", "partial_json", call->arguments, out);
      return;
    }
    const auto* thought = std::get_if<Reasoning>(&part_.content);
    if (thought && !thought->encrypted.empty()) return put_part(part_, out, losses);
    if (thought || std::holds_alternative<Text>(part_.content) ||
        std::holds_alternative<Refusal>(part_.content)) {
      JsonWriter json;
      json.object().field("type", thought ? "thinking" : "text").field(thought ? "thinking" : "text", "");
      if (thought) json.field("signature", "");
      write_block(json.end().take(), out);
      if (thought && !thought->text.empty()) delta("thinking_delta", "thinking", thought->text, out);
      if (thought && !part_.signature.empty()) sign(part_.signature, out);
      if (const auto* words = std::get_if<Text>(&part_.content); words && !words->text.empty())
        delta("text_delta", "text", words->text, out);
      return;
    }
    put_part(part_, out, losses);
  }

  void put(const TextDelta& it, std::string& out, Losses&) {
    if (it.choice == 0 && !it.text.empty()) delta("text_delta", "text", it.text, out);
  }
  void put(const RefusalDelta& it, std::string& out, Losses&) {
    if (it.choice == 0) delta("text_delta", "text", it.text, out);
  }
  void put(const ReasoningDelta& it, std::string& out, Losses&) {
    if (it.choice != 0) return;
    // Summaries of other dialects are paragraphs here.
    const bool next = it.summary > 0 && it.summary != summary_;
    summary_ = it.summary;
    delta("thinking_delta", "thinking", next ? "\n\n" + it.text : it.text, out);
  }
  void put(const SignatureDelta& it, std::string& out, Losses& losses) {
    if (it.choice != 0) return;
    if (!std::holds_alternative<Reasoning>(part_.content)) {
      lose(losses, "signature", "A proof of text has no place in this dialect.");
      return;
    }
    sign(it.signature.empty() ? it.encrypted : it.signature, out);
  }
  void put(const ArgumentsDelta& it, std::string& out, Losses&) {
    if (it.choice == 0 && !it.text.empty()) delta("input_json_delta", "partial_json", it.text, out);
  }
  void put(const CitationAdded& it, std::string& out, Losses& losses) {
    if (it.choice != 0) return;
    const auto citation = write_citation(it.citation);
    if (citation.empty() || !open_) {
      lose(losses, "citations", "The client cannot be told this citation.");
      return;
    }
    JsonWriter json;
    json.object().field("type", "citations_delta").key("citation").raw(citation).end();
    block_delta(json.take(), out);
  }
  void put(const LogprobsAdded&, std::string&, Losses& losses) {
    lose(losses, "logprobs", "The dialect does not tell probabilities.");
  }
  void put(const PartEnd& it, std::string& out, Losses& losses) {
    if (it.choice != 0 || !part_open_) return;
    if (auto* raw = std::get_if<Raw>(&part_.content)) {
      if (!it.raw_json.empty()) raw->json = it.raw_json;
      put_part(part_, out, losses);
    }
    close(out);
    part_open_ = false;
  }
  void put(const Finished& it, std::string& out, Losses&) {
    if (it.choice != 0) return;
    close(out);
    finished_ = it;
  }
  void put(const End&, std::string& out, Losses&) {
    close(out);
    const auto finish = finished_.finish;
    JsonWriter json;
    json.object().field("type", "message_delta").key("delta").object().key("stop_reason");
    if (finish == Finish::other && finished_.finish_raw.from == own && !finished_.finish_raw.json.empty())
      json.raw(finished_.finish_raw.json);
    else
      json.value(write_stop(finish));
    json.key("stop_sequence");
    finished_.stop_sequence.empty() ? json.null() : json.value(finished_.stop_sequence);
    for (const auto& field : finished_.others)
      if (field.from == own && field.name != "context_management") json.key(field.name).raw(field.json);
    json.end().key("usage");
    detail::write_usage(json, own, usage_);
    for (const auto& field : finished_.others)
      if (field.from == own && field.name == "context_management") json.key(field.name).raw(field.json);
    if (!finished_.bastide_json.empty()) json.key("bastide").raw(finished_.bastide_json);
    detail::append_event(out, json.end().take(), "message_delta");
    detail::append_event(out, R"({"type":"message_stop"})", "message_stop");
    over_ = true;
  }
  void put(const Failure& it, std::string& out, Losses&) {
    detail::append_event(out, write_error(it.error, identity_.id).body, "error");
    over_ = true;
  }
  void put(const Ping&, std::string& out, Losses&) {
    detail::append_event(out, R"({"type":"ping"})", "ping");
  }
  void put(const RawEvent& it, std::string& out, Losses& losses) {
    if (it.from == own)
      detail::append_event(out, it.json, it.name);
    else
      lose(losses, it.name, "Another provider's own event is left out.");
  }

  void write_start(std::string& out) {
    JsonWriter json;
    const auto& id = identity_.id.empty() ? start_->id : identity_.id;
    json.object()
        .field("type", "message_start")
        .key("message")
        .object()
        .field("id", id.starts_with("msg_") ? id : "msg_" + id)
        .field("type", "message")
        .field("role", "assistant")
        .field("model", identity_.model.empty() ? start_->model : identity_.model)
        .key("content")
        .array()
        .end()
        .key("stop_reason")
        .null()
        .key("stop_sequence")
        .null()
        .key("usage");
    detail::write_usage(json, own, usage_);
    for (const auto& field : start_->others)
      if (field.from == own) json.key(field.name).raw(field.json);
    start_.reset();
    detail::append_event(out, json.end().end().take(), "message_start");
  }

  void put_part(const Part& part, std::string& out, Losses& losses) {
    const auto block = anthropic::write_block(part, detail::at("content", static_cast<std::size_t>(index_)),
                                              {Reader::client, true, losses});
    if (!block.empty()) write_block(block, out);
  }
  void write_block(const std::string& block, std::string& out) {
    JsonWriter json;
    json.object()
        .field("type", "content_block_start")
        .field("index", index_)
        .key("content_block")
        .raw(block)
        .end();
    detail::append_event(out, json.take(), "content_block_start");
    open_ = true;
  }
  void close(std::string& out) {
    if (!open_) return;
    JsonWriter json;
    json.object().field("type", "content_block_stop").field("index", index_).end();
    detail::append_event(out, json.take(), "content_block_stop");
    open_ = false;
    ++index_;
  }
  void delta(std::string_view type, std::string_view field, std::string_view text, std::string& out) {
    if (!open_) return;
    JsonWriter json;
    block_delta(json.object().field("type", type).field(field, text).end().take(), out);
  }
  void block_delta(const std::string& delta_json, std::string& out) {
    JsonWriter json;
    json.object()
        .field("type", "content_block_delta")
        .field("index", index_)
        .key("delta")
        .raw(delta_json)
        .end();
    detail::append_event(out, json.take(), "content_block_delta");
  }
  void sign(std::string_view signature, std::string& out) {
    delta("signature_delta", "signature", signature_for_client(own, signature), out);
  }

  const StreamIdentity identity_;
  std::optional<Start> start_;
  Usage usage_;
  Part part_;
  Finished finished_;
  int index_ = 0;
  int summary_ = -1;
  bool part_open_ = false;  // the neutral part
  bool open_ = false;       // a block on the wire
  bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamEncoder> make_stream_encoder(const StreamIdentity& identity) {
  return std::make_unique<Encoder>(identity);
}

}  // namespace bastide::dialects::anthropic
