// Whole answers of chat completions, both ways.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialects/failure.h"
#include "dialects/openai/openai.h"
#include "dialects/usage.h"

namespace bastide::dialects::detail {
namespace {

Citation read_annotation(Dialect self, element given) {
  Citation out;
  out.raw = {self, "annotation", raw(given)};
  const auto fields = as_object(given);
  if (!fields) return out;
  const auto inner = object_at(*fields, "url_citation");
  const auto& from = inner ? *inner : *fields;
  out.url = text(from, "url");
  out.title = text(from, "title");
  out.file_id = text(from, "file_id");
  element offset;
  if (from["start_index"].get(offset) == simdjson::SUCCESS) out.start = as_integer(offset).value_or(-1);
  if (from["end_index"].get(offset) == simdjson::SUCCESS) out.end = as_integer(offset).value_or(-1);
  return out;
}

TokenLogprob read_token(const object& fields) {
  TokenLogprob out;
  out.token = text(fields, "token");
  element value;
  if (fields["logprob"].get(value) == simdjson::SUCCESS) out.logprob = as_real(value).value_or(0);
  if (const auto bytes = array_at(fields, "bytes")) {
    out.bytes.emplace();
    for (const auto each : *bytes)
      out.bytes->push_back(
          static_cast<std::uint8_t>(std::clamp<std::int64_t>(as_integer(each).value_or(0), 0, 255)));
  }
  return out;
}

void read_tokens(const object& logprobs, std::string_view name, std::vector<TokenLogprob>& out) {
  const auto list = array_at(logprobs, name);
  if (!list) return;
  for (const auto each : *list) {
    const auto fields = as_object(each);
    if (!fields) continue;
    out.push_back(read_token(*fields));
    if (const auto top = array_at(*fields, "top_logprobs"))
      for (const auto other : *top)
        if (const auto inner = as_object(other)) out.back().top.push_back(read_token(*inner));
  }
}

void write_token(JsonWriter& json, const TokenLogprob& token) {
  json.field("token", token.token).field("logprob", token.logprob).key("bytes");
  if (!token.bytes) {
    json.null();
    return;
  }
  json.array();
  for (const auto byte : *token.bytes) json.value(static_cast<int>(byte));
  json.end();
}

void write_tokens(JsonWriter& json, std::string_view name, const std::vector<TokenLogprob>& tokens) {
  json.key(name);
  if (tokens.empty())
    json.null();
  else
    write_openai_tokens(json, tokens);
}

constexpr std::array<std::pair<std::string_view, Finish>, 10> finish_words{{
    {"stop", Finish::stop},
    {"length", Finish::length},
    {"tool_calls", Finish::tool_calls},
    {"content_filter", Finish::filter},
    {"function_call", Finish::tool_calls},
    {"model_length", Finish::context_length},
    {"max_tokens", Finish::length},
    {"stop_sequence", Finish::stop_sequence},
    {"error", Finish::other},
    {"refusal", Finish::refusal},
}};

Choice read_choice(Dialect self, const object& fields, const object& message) {
  Choice out;
  if (auto parts = read_openai_answer_message(self, message, out.others)) out.parts = std::move(*parts);
  const auto word = text(fields, "finish_reason");
  out.finish = finish_of_openai(word);
  if (openai_word_of(out.finish) != word && !word.empty())
    out.finish_raw = {self, "finish_reason", std::string(word)};
  if (const auto logprobs = object_at(fields, "logprobs")) out.logprobs = read_openai_logprobs(*logprobs);
  constexpr std::array<std::string_view, 5> known{"index", "message", "finish_reason", "logprobs", "usage"};
  for (const auto [name, value] : fields)
    if (!value.is_null() && std::ranges::find(known, name) == known.end())
      out.others.push_back({self, std::string(name), raw(value)});
  return out;
}

}  // namespace

Finish finish_of_openai(std::string_view word) {
  const auto* found = std::ranges::find(finish_words, word, &std::pair<std::string_view, Finish>::first);
  if (found != finish_words.end()) return found->second;
  return word.empty() ? Finish::stop : Finish::other;
}

std::string_view openai_word_of(Finish finish) {
  switch (finish) {
    case Finish::length:
    case Finish::context_length:
      return "length";
    case Finish::tool_calls:
      return "tool_calls";
    case Finish::filter:
    case Finish::refusal:
      return "content_filter";
    default:
      return "stop";
  }
}

std::string_view openai_finish(Dialect self, Finish finish, const RawField& raw) {
  return raw.from == self && !raw.json.empty() ? std::string_view(raw.json) : openai_word_of(finish);
}

Logprobs read_openai_logprobs(const object& logprobs) {
  Logprobs out;
  read_tokens(logprobs, "content", out.content);
  read_tokens(logprobs, "refusal", out.refusal);
  return out;
}

void write_openai_tokens(JsonWriter& json, const std::vector<TokenLogprob>& tokens) {
  json.array();
  for (const auto& token : tokens) {
    json.object();
    write_token(json, token);
    json.key("top_logprobs").array();
    for (const auto& top : token.top) {
      json.object();
      write_token(json, top);
      json.end();
    }
    json.end().end();
  }
  json.end();
}

void write_openai_logprobs(JsonWriter& json, const Logprobs& logprobs) {
  json.object();
  write_tokens(json, "content", logprobs.content);
  write_tokens(json, "refusal", logprobs.refusal);
  json.end();
}

Result<std::vector<Part>> read_openai_answer_message(Dialect self, const object& message, Others& others) {
  // The same fields as in a request; an answer may leave its role out.
  auto read = read_openai_message(self, message);
  if (!read) {
    Message empty;
    Others unread;
    element content;
    if (message["content"].get(content) == simdjson::SUCCESS)
      if (auto parts = read_openai_content(self, content)) return parts;
    return pass(read);
  }
  for (auto& field : read->others) {
    if (field.name == "annotations") {
      JsonIn json;
      const auto wrapped = json.object_of("{\"a\":" + field.json + "}");
      const auto list = wrapped ? array_at(*wrapped, "a") : std::nullopt;
      if (!list) continue;
      for (auto& part : read->parts)
        if (auto* text = std::get_if<Text>(&part.content)) {
          for (const auto each : *list) text->citations.push_back(read_annotation(self, each));
          break;
        }
    } else {
      others.push_back({self, "message." + field.name, std::move(field.json)});
    }
  }
  return std::move(read->parts);
}

Error read_openai_error(int status, const object& root, const HeaderLookup& headers) {
  element error;
  std::string word, message;
  if (root["error"].get(error) != simdjson::SUCCESS) return refusal(status, {}, {}, retry_after(headers));
  if (const auto fields = as_object(error)) {
    for (const auto* name : {"code", "type"})
      if (word.empty()) word = plain_word(text(*fields, name));
    message = text(*fields, "message");
    if (status < 400) status = static_cast<int>(integer(*fields, "code"));  // OpenRouter: the status within
  }
  return refusal(status, word, message, retry_after(headers));
}

Result<ChatAnswer> read_openai_answer(Dialect self, std::string_view body) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return not_of_dialect(dialect_name(self));
  element error;
  if ((*root)["error"].get(error) == simdjson::SUCCESS && !error.is_null())
    return std::unexpected(read_openai_error(200, *root, {}));
  const auto choices = array_at(*root, "choices");
  if (!choices || choices->size() == 0 || choices->size() > choices_max)
    return not_of_dialect(dialect_name(self));
  ChatAnswer out;
  out.from = self;
  for (const auto each : *choices) {
    const auto fields = as_object(each);
    const auto message = fields ? object_at(*fields, "message") : std::nullopt;
    if (!message) return not_of_dialect(dialect_name(self));
    out.choices.push_back(read_choice(self, *fields, *message));
  }
  constexpr std::array<std::string_view, 2> known{"object", "choices"};
  for (const auto [name, value] : *root) {
    if (value.is_null() || std::ranges::find(known, name) != known.end()) continue;
    if (name == "id")
      out.id = as_text(value).value_or("");
    else if (name == "model")
      out.model = as_text(value).value_or("");
    else if (name == "created")
      out.created_s = as_integer(value).value_or(0);
    else if (name == "service_tier")
      out.service_tier = as_text(value).value_or("");
    else if (name == "bastide")
      out.bastide_json = raw(value);
    else if (const auto usage = name == "usage" ? as_object(value) : std::nullopt) {
      Others others;
      out.usage = read_usage(self, *usage, &others);
      out.usage->others = std::move(others);
    } else {
      out.others.push_back({self, std::string(name), raw(value)});
    }
  }
  return out;
}

namespace {

/// Several texts become one; their citations move along.
struct Content {
  std::string text;
  bool any_text = false;
  std::string reasoning;
  std::string refusal;
  std::vector<const Part*> calls;
  std::vector<const Part*> sealed;  // thoughts with a signature
  JsonWriter annotations;
  bool any_annotation = false;
};

void put_annotation(Content& out, Dialect self, const Citation& citation, std::int64_t moved,
                    Losses& losses) {
  if (citation.raw.from == self && citation.raw.name == "annotation" && moved == 0) {
    out.annotations.raw(citation.raw.json);
  } else if (!citation.url.empty()) {
    out.annotations.object().field("type", "url_citation").key("url_citation").object();
    out.annotations.field("url", citation.url).field("title", citation.title);
    if (citation.start >= 0) out.annotations.field("start_index", citation.start + moved);
    if (citation.end >= 0) out.annotations.field("end_index", citation.end + moved);
    out.annotations.end().end();
  } else {
    lose(losses, "citations", "A citation without an address has no place in the dialect openai.");
    return;
  }
  out.any_annotation = true;
}

Content gather(Dialect self, const Choice& choice, Losses& losses) {
  Content out;
  out.annotations.array();
  for (const auto& part : choice.parts)
    std::visit(
        Overloaded{[&](const Text& text) {
                     const auto moved =
                         static_cast<std::int64_t>(text.citations.empty() ? 0 : count_code_points(out.text));
                     for (const auto& citation : text.citations)
                       put_annotation(out, self, citation, moved, losses);
                     out.text += text.text;
                     out.any_text = true;
                   },
                   [&](const Reasoning& reasoning) {
                     out.reasoning += reasoning.text;
                     for (const auto& summary : reasoning.summaries) {
                       if (!out.reasoning.empty()) out.reasoning += "\n\n";
                       out.reasoning += summary;
                     }
                     if (!part.signature.empty() || !reasoning.encrypted.empty()) out.sealed.push_back(&part);
                   },
                   [&](const Refusal& refusal) { out.refusal += refusal.text; },
                   [&](const ToolCall&) { out.calls.push_back(&part); },
                   [&](const Media&) {
                     lose(losses, "content",
                          "An image or file of the answer has no place in the dialect openai.");
                   },
                   [&](const Raw& raw) {
                     lose(losses, "content",
                          "A step of a tool of the provider (" + plain_word(raw.type) + ") is left out.");
                   },
                   [](const ToolResult&) {}},
        part.content);
  out.annotations.end();
  return out;
}

void put_calls(JsonWriter& json, Dialect self, const std::vector<const Part*>& calls) {
  json.key("tool_calls").array();
  for (const auto* part : calls) {
    const auto& call = std::get<ToolCall>(part->content);
    const bool custom = call.kind == ToolCall::Kind::custom;
    json.object().field("id", call.id).field("type", custom ? "custom" : "function");
    json.key(custom ? "custom" : "function").object().field("name", call.name);
    json.field(custom ? "input" : "arguments", arguments_of(call)).end();
    if (!part->signature.empty())
      json.key("extra_content")
          .object()
          .key("google")
          .object()
          .field("thought_signature", part->signature)
          .end()
          .end();
    put_others(json, part->others, self);
    json.end();
  }
  json.end();
}

void put_sealed(JsonWriter& json, const std::vector<const Part*>& sealed) {
  json.key("thinking_blocks").array();
  for (const auto* part : sealed) {
    const auto& reasoning = std::get<Reasoning>(part->content);
    json.object();
    if (reasoning.encrypted.empty())
      json.field("type", "thinking").field("thinking", reasoning.text).field("signature", part->signature);
    else
      json.field("type", "redacted_thinking").field("data", reasoning.encrypted);
    json.end();
  }
  json.end();
}

void write_choice(JsonWriter& json, Dialect self, int index, const Choice& choice, Losses& losses) {
  auto content = gather(self, choice, losses);
  json.object().field("index", index).key("message").object().field("role", "assistant").key("content");
  content.any_text ? json.value(content.text) : json.null();
  json.key("refusal");
  content.refusal.empty() ? json.null() : json.value(content.refusal);
  if (!content.reasoning.empty()) json.field("reasoning_content", content.reasoning);
  if (!content.sealed.empty()) put_sealed(json, content.sealed);
  if (!content.calls.empty()) put_calls(json, self, content.calls);
  if (content.any_annotation) json.key("annotations").raw(content.annotations.take());
  put_others(json, choice.others, self, "message");
  json.end().key("logprobs");
  if (choice.logprobs)
    write_openai_logprobs(json, *choice.logprobs);
  else
    json.null();
  json.field("finish_reason", openai_finish(self, choice.finish, choice.finish_raw));
  put_others(json, choice.others, self);
  lose_others(losses, choice.others, self, "choices.");
  json.end();
}

}  // namespace

std::string write_openai_answer(Dialect self, const ChatAnswer& answer, Losses& losses) {
  JsonWriter json;
  json.object()
      .field("id", openai_id(self, answer.id))
      .field("object", "chat.completion")
      .field("created", answer.created_s)
      .field("model", answer.model)
      .key("choices")
      .array();
  for (std::size_t i = 0; i < answer.choices.size(); ++i)
    write_choice(json, self, static_cast<int>(i), answer.choices[i], losses);
  json.end();
  if (answer.usage) {
    json.key("usage");
    write_usage(json, self, *answer.usage);
  }
  if (!answer.service_tier.empty()) json.field("service_tier", answer.service_tier);
  if (!answer.bastide_json.empty()) json.key("bastide").raw(answer.bastide_json);
  put_others(json, answer.others, self);
  lose_others(losses, answer.others, self);
  return json.end().take();
}

}  // namespace bastide::dialects::detail
