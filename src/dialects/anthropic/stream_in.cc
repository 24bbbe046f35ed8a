// Events of a streamed message, read.
#include <map>

#include "dialects/anthropic/anthropic.h"
#include "dialects/usage.h"

namespace bastide::dialects::anthropic {
namespace {

using detail::array_at;
using detail::as_object;
using detail::at;
using detail::object_at;
using detail::text;

constexpr auto own = Dialect::anthropic;
constexpr std::size_t arguments_max_bytes = 16ULL * 1024 * 1024;

/// The block that is open. Calls and raw blocks are held until they are whole: a call that the provider
/// breaks off, or begins anew, is never shown by halves.
struct Open {
  std::int64_t number = 0;  // as the provider counts
  Part part{};
  std::string arguments{};  // of calls, and the input of raw blocks
  std::string raw_delta{};  // fields that the deltas of a raw block gave it
};

class Decoder final : public StreamDecoder {
 public:
  Result<void> feed(std::string_view event, std::string_view data, std::vector<StreamEvent>& out) override {
    if (over_ || data.empty()) return {};
    const auto root = json_.object_of(data);
    if (!root) return detail::not_of_dialect("anthropic");
    const auto type = text(*root, "type");
    if (type == "error" || (type.empty() && object_at(*root, "error"))) {
      out.emplace_back(Failure{read_error(0, *root, 0)});
      over_ = true;
      return {};
    }
    if (type == "ping") return out.emplace_back(Ping{}), Result<void>();
    if (type == "message_start") return message_start(*root, out);
    if (type == "content_block_start") return block_start(*root, out);
    if (type == "content_block_delta") return block_delta(*root, out);
    if (type == "content_block_stop") return close(out), Result<void>();
    if (type == "message_delta") return message_delta(*root, out);
    if (type == "message_stop") return end(out);
    if (type.empty()) return detail::not_of_dialect("anthropic");
    out.emplace_back(RawEvent{own, std::string(event.empty() ? type : event), simdjson::minify(*root)});
    return {};
  }

  Result<void> finish(std::vector<StreamEvent>& out) override {
    if (over_) return {};
    // An answer that has said why it ended is whole.
    if (finished_) return end(out);
    over_ = true;
    return std::unexpected(detail::truncated());
  }

 private:
  Result<void> message_start(const object& root, std::vector<StreamEvent>& out) {
    const auto message = object_at(root, "message");
    if (!message) return detail::not_of_dialect("anthropic");
    const auto usage = object_at(*message, "usage");
    if (started_) {
      // Said twice, or the provider began anew: what was open is not going to be whole.
      open_.reset();
      if (std::exchange(shown_, false)) {
        out.emplace_back(PartEnd{});
        ++index_;
      }
    } else {
      started_ = true;
      Start start{std::string(text(*message, "id")), std::string(text(*message, "model")), 0, {}, {}};
      if (usage) start.service_tier = text(*usage, "service_tier");
      detail::keep_others(*message,
                          {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"},
                          own, start.others);
      out.emplace_back(std::move(start));
    }
    if (usage) take_usage(*usage, out);
    // Steps that need no sampling come whole within their start.
    if (const auto content = array_at(*message, "content")) {
      for (const auto each : *content) {
        const auto block = as_object(each);
        if (!block) return detail::not_of_dialect("anthropic");
        if (auto begun = begin(*block, -1, out); !begun) return begun;
        close(out);
      }
    }
    stop(*message, out);
    return {};
  }

  Result<void> block_start(const object& root, std::vector<StreamEvent>& out) {
    const auto block = object_at(root, "content_block");
    if (!block) return detail::not_of_dialect("anthropic");
    close(out);
    return begin(*block, detail::integer(root, "index"), out);
  }

  Result<void> begin(const object& block, std::int64_t number, std::vector<StreamEvent>& out) {
    auto part = read_block(block, at("content", static_cast<std::size_t>(index_)));
    if (!part) return detail::not_of_dialect("anthropic");
    open_.emplace(Open{number, std::move(*part), {}, {}});
    auto& content = open_->part.content;
    if (auto* call = std::get_if<ToolCall>(&content)) {
      open_->arguments = std::exchange(call->arguments, {});
      return {};
    }
    if (std::holds_alternative<Raw>(content)) return {};
    // What stands in the start already follows as a delta.
    std::string words;
    std::vector<Citation> citations;
    std::string thought;
    auto signature = std::exchange(open_->part.signature, {});
    if (auto* plain = std::get_if<Text>(&content)) {
      words = std::exchange(plain->text, {});
      citations = std::exchange(plain->citations, {});
    }
    if (auto* reasoning = std::get_if<Reasoning>(&content)) thought = std::exchange(reasoning->text, {});
    out.emplace_back(PartStart{0, index_, open_->part});
    shown_ = true;
    if (!words.empty()) out.emplace_back(TextDelta{0, std::move(words)});
    for (auto& each : citations) out.emplace_back(CitationAdded{0, std::move(each)});
    if (!thought.empty()) out.emplace_back(ReasoningDelta{0, std::move(thought)});
    if (!signature.empty()) out.emplace_back(SignatureDelta{0, std::move(signature), {}});
    return {};
  }

  Result<void> block_delta(const object& root, std::vector<StreamEvent>& out) {
    const auto delta = object_at(root, "delta");
    if (!delta || !open_) return detail::not_of_dialect("anthropic");
    const auto type = text(*delta, "type");
    const bool held = std::holds_alternative<ToolCall>(open_->part.content) ||
                      std::holds_alternative<Raw>(open_->part.content);
    if (type == "input_json_delta") {
      open_->arguments += text(*delta, "partial_json");
      if (open_->arguments.size() > arguments_max_bytes)
        return fail(Code::upstream, "The arguments of a call are too long.", "too_large", "Ask again.");
    } else if (held) {
      for (const auto [key, value] : *delta)
        if (key != "type") open_->raw_delta += "," + quoted(key) + ":" + detail::raw(value);
    } else if (type == "text_delta") {
      out.emplace_back(TextDelta{0, std::string(text(*delta, "text"))});
    } else if (type == "thinking_delta") {
      out.emplace_back(ReasoningDelta{0, std::string(text(*delta, "thinking"))});
    } else if (type == "signature_delta") {
      out.emplace_back(SignatureDelta{0, signature_read(own, text(*delta, "signature")), {}});
    } else if (type == "citations_delta") {
      if (const auto citation = object_at(*delta, "citation"))
        out.emplace_back(CitationAdded{0, read_citation(*citation)});
    } else {
      out.emplace_back(RawEvent{own, "content_block_delta", simdjson::minify(root)});
    }
    return {};
  }

  void close(std::vector<StreamEvent>& out) {
    if (!open_) return;
    PartEnd end;
    if (auto* raw = std::get_if<Raw>(&open_->part.content)) {
      raw->json = end.raw_json = whole(raw->json);
      out.emplace_back(PartStart{0, index_, open_->part});
    } else if (std::holds_alternative<ToolCall>(open_->part.content)) {
      out.emplace_back(PartStart{0, index_, open_->part});
      if (!open_->arguments.empty()) out.emplace_back(ArgumentsDelta{0, std::move(open_->arguments)});
    }
    out.emplace_back(std::move(end));
    open_.reset();
    shown_ = false;
    ++index_;
  }

  /// A raw block with the input and the fields that its deltas brought.
  std::string whole(const std::string& started) {
    const auto input = detail::valid_json(open_->arguments);
    if ((!input && open_->raw_delta.empty()) || !started.ends_with('}')) return started;
    detail::JsonIn in;
    const auto block = in.object_of(started);
    const auto given = '{' + open_->raw_delta.substr(open_->raw_delta.empty() ? 0 : 1) + '}';
    detail::JsonIn more_in;
    const auto more = more_in.object_of(given);
    if (!block || !more) return started;
    JsonWriter json;
    json.object();
    for (const auto [key, value] : *block) {
      element replaced;
      if ((input && key == "input") || (*more)[key].get(replaced) == simdjson::SUCCESS) continue;
      json.key(key).raw(detail::raw(value));
    }
    if (input) json.key("input").raw(*input);
    for (const auto [key, value] : *more) json.key(key).raw(detail::raw(value));
    return json.end().take();
  }

  /// Final totals replace those of the start, field by field: what the end leaves out stands as it was.
  void take_usage(const object& usage, std::vector<StreamEvent>& out) {
    for (const auto [name, value] : usage)
      if (!value.is_null()) counts_.insert_or_assign(std::string(name), detail::raw(value));
    JsonWriter merged;
    merged.object();
    for (const auto& [name, count] : counts_) merged.key(name).raw(count);
    detail::JsonIn in;
    const auto whole = in.object_of(merged.end().take());
    if (!whole) return;
    Others others;
    UsageGiven given{detail::read_usage(own, *whole, &others)};
    given.usage.others = std::move(others);
    out.emplace_back(std::move(given));
  }

  static std::string quoted(std::string_view word) {
    std::string out;
    append_json_string(out, word);
    return out;
  }

  Result<void> message_delta(const object& root, std::vector<StreamEvent>& out) {
    close(out);
    if (const auto usage = object_at(root, "usage")) {
      take_usage(*usage, out);
    }
    Others others;
    detail::keep_others(root, {"type", "delta", "usage"}, own, others);
    const auto delta = object_at(root, "delta");
    if (!delta) return detail::not_of_dialect("anthropic");
    detail::keep_others(*delta, {"stop_reason", "stop_sequence"}, own, others);
    stop(*delta, out, std::move(others));
    return {};
  }

  void stop(const object& from, std::vector<StreamEvent>& out, Others others = {}) {
    const auto reason = text(from, "stop_reason");
    if (reason.empty()) return;
    Finished finished{0,  read_stop(reason), {}, std::string(text(from, "stop_sequence")),
                      {}, std::move(others)};
    if (finished.finish == Finish::other)
      finished.finish_raw = {own, "stop_reason", quoted(detail::plain_word(reason))};
    finished_ = true;
    out.emplace_back(std::move(finished));
  }

  Result<void> end(std::vector<StreamEvent>& out) {
    over_ = true;
    if (!finished_) return std::unexpected(detail::truncated());
    close(out);
    out.emplace_back(End{});
    return {};
  }

  detail::JsonIn json_;
  std::optional<Open> open_;
  std::map<std::string, std::string> counts_;  // fields of usage, the latest of each
  int index_ = 0;
  bool started_ = false;
  bool shown_ = false;  // the open part was announced
  bool finished_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_stream_decoder() { return std::make_unique<Decoder>(); }

}  // namespace bastide::dialects::anthropic
