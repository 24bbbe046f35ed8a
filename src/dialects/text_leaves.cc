#include "dialects/text_leaves.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "dialects/json_in.h"

namespace bastide::dialects {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// Texts that name things of a protocol, or are media.
bool names_or_holds_media(std::string_view key, detail::element value) {
  constexpr std::array<std::string_view, 16> keys{
      "type",      "role",    "id",         "tool_call_id", "call_id",
      "format",    "detail",  "media_type", "mime_type",    "data",
      "file_data", "file_id", "index",      "object",       "encrypted_content",
      "signature"};
  const auto text = detail::as_text(value);
  return text && (std::ranges::find(keys, key) != keys.end() || text->starts_with("data:"));
}

/// Copies a JSON value, its strings as the visitor leaves them.
class JsonStrings {
 public:
  JsonStrings(const TextVisitor& visit, JsonReach reach) : visit_(visit), reach_(reach) {}

  Result<void> copy(detail::element value) {
    switch (value.type()) {
      case simdjson::dom::element_type::OBJECT:
        out_.object();
        for (const auto [key, inner] : detail::object(value.get_object())) {
          std::string name(key);
          if (reach_ == JsonReach::everything)
            if (auto done = look(name); !done) return done;
          out_.key(name);
          if (reach_ == JsonReach::values && names_or_holds_media(key, inner)) {
            out_.raw(detail::raw(inner));
            continue;
          }
          if (auto done = copy(inner); !done) return done;
        }
        out_.end();
        return {};
      case simdjson::dom::element_type::ARRAY:
        out_.array();
        for (const auto inner : detail::array(value.get_array()))
          if (auto done = copy(inner); !done) return done;
        out_.end();
        return {};
      case simdjson::dom::element_type::STRING: {
        std::string text(std::string_view(value.get_string()));
        if (auto done = look(text); !done) return done;
        out_.value(text);
        return {};
      }
      default: {
        constexpr std::size_t telling_digits = 9;  // a card or telephone number; short ones say nothing
        const auto written = detail::raw(value);
        auto text = written;
        if (reach_ == JsonReach::everything && written.size() >= telling_digits)
          if (auto done = look(text); !done) return done;
        text == written ? out_.raw(written) : out_.value(text);
        return {};
      }
    }
  }

  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] std::string take() { return out_.take(); }

 private:
  Result<void> look(std::string& text) {
    const auto before = text;
    if (auto done = visit_(text); !done) return done;
    changed_ |= text != before;
    return {};
  }

  const TextVisitor& visit_;
  JsonReach reach_;
  JsonWriter out_;
  bool changed_ = false;
};

class Walk {
 public:
  explicit Walk(const TextVisitor& visit) : visit_(visit) {}

  void text(std::string& value) {
    if (ok() && !value.empty()) result_ = visit_(value);
  }
  void json(std::string& value, JsonReach reach = JsonReach::values) {
    if (ok() && !value.empty()) result_ = for_each_json_string(value, visit_, reach);
  }
  void others(Others& fields) {
    for (auto& field : fields) json(field.json);
  }
  void citation(Citation& citation) {
    text(citation.quote);
    text(citation.title);
    json(citation.raw.json);
  }
  void part(Part& part) {
    std::visit(Overloaded{[&](Text& it) {
                            text(it.text);
                            for (auto& each : it.citations) citation(each);
                          },
                          [&](Media& it) {
                            text(it.text);
                            text(it.name);
                            text(it.url);
                          },
                          [&](ToolCall& it) {
                            it.kind == ToolCall::Kind::function ? json(it.arguments, JsonReach::everything)
                                                                : text(it.arguments);
                          },
                          [&](ToolResult& it) { parts(it.parts); },
                          [&](Reasoning& it) {
                            text(it.text);
                            for (auto& summary : it.summaries) text(summary);
                          },
                          [&](Refusal& it) { text(it.text); }, [&](Raw& it) { json(it.json); }},
               part.content);
    others(part.others);
  }
  void parts(std::vector<Part>& list) {
    for (auto& each : list) part(each);
  }
  void message(Message& message) {
    text(message.name);
    parts(message.parts);
    others(message.others);
  }
  void logprobs(Logprobs& given) {
    for (auto* list : {&given.content, &given.refusal})
      for (auto& each : *list) {
        text(each.token);
        for (auto& top : each.top) text(top.token);
      }
  }

  [[nodiscard]] bool ok() const { return result_.has_value(); }
  [[nodiscard]] Result<void> take() { return std::move(result_); }

 private:
  const TextVisitor& visit_;
  Result<void> result_{};
};

}  // namespace

Result<void> for_each_json_string(std::string& json, const TextVisitor& visit, JsonReach reach) {
  simdjson::dom::parser parser(detail::body_bytes_max);
  if (json.size() > detail::body_bytes_max)
    return fail(Code::too_large, "A JSON text is too large.", "json_too_large");
  if (parser.allocate(json.size() + 1, detail::depth_max) != simdjson::SUCCESS)
    return fail(Code::overloaded, "There is no memory to read a JSON text.");
  detail::element root;
  const auto error = parser.parse(json).get(root);
  if (error == simdjson::DEPTH_ERROR)
    return fail(Code::invalid, "A JSON text is nested too deep.", "json_too_deep");
  if (error != simdjson::SUCCESS) return visit(json);
  JsonStrings strings(visit, reach);
  if (auto done = strings.copy(root); !done) return done;
  if (strings.changed()) json = strings.take();
  return {};
}

Result<void> for_each_text(Message& message, const TextVisitor& visit) {
  Walk walk(visit);
  walk.message(message);
  return walk.take();
}

Result<void> for_each_text(ChatRequest& request, const TextVisitor& visit) {
  Walk walk(visit);
  for (auto& message : request.messages) walk.message(message);
  for (auto& tool : request.tools) {
    walk.text(tool.description);
    walk.json(tool.schema_json);
    walk.others(tool.others);
  }
  for (auto& tool : request.server_tools) walk.json(tool.json);
  walk.text(request.output.description);
  walk.json(request.output.schema_json);
  for (auto& [name, value] : request.metadata) walk.text(value);
  walk.text(request.user);
  walk.others(request.others);
  return walk.take();
}

Result<void> for_each_text(ChatAnswer& answer, const TextVisitor& visit) {
  Walk walk(visit);
  for (auto& choice : answer.choices) {
    walk.parts(choice.parts);
    if (choice.logprobs) walk.logprobs(*choice.logprobs);
    walk.others(choice.others);
  }
  return walk.take();
}

Result<void> for_each_text(StreamEvent& event, const TextVisitor& visit) {
  Walk walk(visit);
  std::visit(
      Overloaded{[&](PartStart& it) { walk.part(it.part); }, [&](TextDelta& it) { walk.text(it.text); },
                 [&](ReasoningDelta& it) { walk.text(it.text); },
                 [&](ArgumentsDelta& it) { walk.text(it.text); },
                 [&](CitationAdded& it) { walk.citation(it.citation); },
                 [&](RefusalDelta& it) { walk.text(it.text); },
                 [&](LogprobsAdded& it) { walk.logprobs(it.logprobs); },
                 [&](PartEnd& it) { walk.json(it.raw_json); }, [&](RawEvent& it) { walk.json(it.json); },
                 [](auto&) {}},
      event);
  return walk.take();
}

}  // namespace bastide::dialects
