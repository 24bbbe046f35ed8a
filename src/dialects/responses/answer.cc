// Whole responses, both ways.
#include <algorithm>
#include <array>

#include "dialects/responses/responses.h"
#include "dialects/usage.h"

namespace bastide::dialects::responses {
namespace {

bool calls_tools(const std::vector<Part>& parts) {
  return std::ranges::any_of(parts,
                             [](const Part& part) { return std::holds_alternative<ToolCall>(part.content); });
}

void read_logprobs(const object& item, std::optional<Logprobs>& out) {
  const auto content = array_at(item, "content");
  if (!content) return;
  for (const auto each : *content) {
    const auto fields = as_object(each);
    const auto list = fields ? array_at(*fields, "logprobs") : std::nullopt;
    if (!list || list->size() == 0) continue;
    JsonIn json;
    const auto wrapped = json.object_of("{\"content\":" + simdjson::minify(*list) + "}");
    if (!wrapped) continue;
    if (!out) out.emplace();
    for (auto& token : read_openai_logprobs(*wrapped).content) out->content.push_back(std::move(token));
  }
}

}  // namespace

Finish finish_of(const object& response, bool calls) {
  const auto status = text(response, "status");
  if (status == "incomplete") {
    const auto details = object_at(response, "incomplete_details");
    const auto reason = details ? text(*details, "reason") : std::string_view();
    return reason == "content_filter" ? Finish::filter : Finish::length;
  }
  if (status == "cancelled") return Finish::cancelled;
  return calls ? Finish::tool_calls : Finish::stop;
}

Result<ChatAnswer> read_answer(const object& response) {
  const auto output = array_at(response, "output");
  if (!output) return not_of_dialect(dialect_name(self));
  ChatAnswer out;
  out.from = self;
  out.choices.resize(1);
  auto& choice = out.choices[0];
  for (const auto each : *output) {
    const auto item = as_object(each);
    if (!item) return not_of_dialect(dialect_name(self));
    auto parts = read_item(*item);
    if (!parts) return not_of_dialect(dialect_name(self));
    for (auto& part : *parts) choice.parts.push_back(std::move(part));
    read_logprobs(*item, choice.logprobs);
  }
  choice.finish = finish_of(response, calls_tools(choice.parts));
  constexpr std::array<std::string_view, 4> known{"object", "output", "status", "incomplete_details"};
  for (const auto [name, value] : response) {
    if (value.is_null() || std::ranges::find(known, name) != known.end()) continue;
    const auto fields = as_object(value);
    if (name == "id") {
      out.id = as_text(value).value_or("");
    } else if (name == "model") {
      out.model = as_text(value).value_or("");
    } else if (name == "created_at") {
      out.created_s = as_integer(value).value_or(0);
    } else if (name == "service_tier") {
      out.service_tier = as_text(value).value_or("");
    } else if (name == "bastide") {
      out.bastide_json = raw(value);
    } else if (name == "usage" && fields) {
      Others others;
      out.usage = read_usage(self, *fields, &others);
      out.usage->others = std::move(others);
    } else {
      out.others.push_back({self, std::string(name), raw(value)});
    }
  }
  return out;
}

std::string_view status_of(const Choice& choice) {
  const bool refuses = std::ranges::any_of(
      choice.parts, [](const Part& part) { return std::holds_alternative<Refusal>(part.content); });
  switch (choice.finish) {
    case Finish::refusal:
      return refuses ? "completed" : "incomplete";
    case Finish::length:
    case Finish::context_length:
    case Finish::filter:
      return "incomplete";
    case Finish::cancelled:
      return "cancelled";
    default:
      return "completed";
  }
}

std::string response_id(std::string_view id) {
  constexpr std::string_view prefix = "resp_";
  return id.starts_with(prefix) ? std::string(id) : std::string(prefix) + std::string(id);
}

std::string write_answer(const ChatAnswer& answer, std::string_view status, Losses& losses) {
  JsonWriter json;
  json.object()
      .field("id", response_id(answer.id))
      .field("object", "response")
      .field("created_at", answer.created_s);
  json.field("status", status).field("model", answer.model);
  const auto finish = answer.choices.empty() ? Finish::stop : answer.choices[0].finish;
  json.key("incomplete_details");
  if (status == "incomplete")
    json.object()
        .field("reason",
               finish == Finish::filter || finish == Finish::refusal ? "content_filter" : "max_output_tokens")
        .end();
  else
    json.null();
  json.key("output").array();
  if (!answer.choices.empty()) {
    const auto& choice = answer.choices[0];
    const auto* logprobs = choice.logprobs ? &*choice.logprobs : nullptr;
    for (std::size_t i = 0; i < choice.parts.size(); ++i) {
      const bool words = std::holds_alternative<Text>(choice.parts[i].content);
      write_item(json, choice.parts[i], answer.id, i, losses,
                 words ? std::exchange(logprobs, nullptr) : nullptr);
    }
  }
  json.end();
  if (answer.choices.size() > 1) lose_meaning(losses, "choices", "Responses hold one answer.");
  if (answer.usage) {
    json.key("usage");
    write_usage(json, self, *answer.usage);
  }
  if (!answer.service_tier.empty()) json.field("service_tier", answer.service_tier);
  if (!answer.bastide_json.empty()) json.key("bastide").raw(answer.bastide_json);
  // Clients expect these fields of every response.
  const auto said = [&](std::string_view name) {
    return std::ranges::any_of(
        answer.others, [&](const RawField& field) { return field.from == self && field.name == name; });
  };
  if (!said("parallel_tool_calls")) json.field("parallel_tool_calls", true);
  if (!said("tool_choice")) json.field("tool_choice", "auto");
  if (!said("tools")) json.key("tools").array().end();
  if (!said("error")) json.key("error").null();
  if (!said("metadata")) json.key("metadata").object().end();
  put_others(json, answer.others, self);
  lose_others(losses, answer.others, self);
  return json.end().take();
}

}  // namespace bastide::dialects::responses
