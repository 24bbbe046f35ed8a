#include "dialects/text_leaves.h"

#include "base/json.h"
#include "dialects/json_in.h"

namespace bastide::dialects {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// Copies a JSON value, its strings as the visitor leaves them.
class JsonStrings {
 public:
  explicit JsonStrings(const TextVisitor& visit) : visit_(visit) {}

  Result<void> copy(detail::element value) {
    switch (value.type()) {
      case simdjson::dom::element_type::OBJECT:
        out_.object();
        for (const auto [key, inner] : detail::object(value.get_object())) {
          out_.key(key);
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
        const std::string before(std::string_view(value.get_string()));
        std::string after = before;
        if (auto done = visit_(after); !done) return done;
        changed_ |= after != before;
        out_.value(after);
        return {};
      }
      default:
        out_.raw(detail::raw(value));
        return {};
    }
  }

  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] std::string take() { return out_.take(); }

 private:
  const TextVisitor& visit_;
  JsonWriter out_;
  bool changed_ = false;
};

class Walk {
 public:
  explicit Walk(const TextVisitor& visit) : visit_(visit) {}

  void text(std::string& value) {
    if (ok() && !value.empty()) result_ = visit_(value);
  }
  void json(std::string& value) {
    if (ok() && !value.empty()) result_ = for_each_json_string(value, visit_);
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
                          },
                          [&](ToolCall& it) {
                            it.kind == ToolCall::Kind::function ? json(it.arguments) : text(it.arguments);
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

Result<void> for_each_json_string(std::string& json, const TextVisitor& visit) {
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
  JsonStrings strings(visit);
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
