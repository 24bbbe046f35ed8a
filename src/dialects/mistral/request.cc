// Bodies of Mistral's chat, both ways. Its server refuses fields that it does not know.
#include <fmt/format.h>

#include <algorithm>

#include "dialects/foreign.h"
#include "dialects/mistral/mistral.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects::mistral {
namespace {

using detail::at;
using detail::under;

/// What is a document here and a raw part to OpenAI's reader.
void read_documents(std::vector<Part>& parts) {
  for (auto& part : parts) {
    const auto* raw = std::get_if<Raw>(&part.content);
    if (!raw || raw->type != "document_url") continue;
    detail::JsonIn in;
    const auto fields = in.object_of(raw->json);
    if (!fields) continue;
    Media media;
    media.kind = Media::Kind::file;
    media.name = detail::text(*fields, "document_name");
    detail::set_address(media, detail::text(*fields, "document_url"));
    part.content = std::move(media);
  }
}

class Writer {
 public:
  Writer(const ChatRequest& request, const EncodeOptions& options, Losses& losses)
      : request_(request), options_(options), losses_(losses), native_(request.from == own) {}

  std::string write() {
    json_.object();
    if (!options_.model.empty()) json_.field("model", options_.model);
    json_.key("messages").array();
    for (std::size_t i = 0; i < request_.messages.size(); ++i) message(i, request_.messages[i]);
    json_.end();
    sampling();
    tools();
    output();
    reasoning();
    rest();
    return json_.end().take();
  }

 private:
  void message(std::size_t index, const Message& message) {
    const auto path = at("messages", index);
    std::vector<const Part*> content;
    std::vector<const Part*> calls;
    for (const auto& part : message.parts) {
      if (const auto* result = std::get_if<ToolResult>(&part.content))
        tool_result(path, *result);
      else
        (std::holds_alternative<ToolCall>(part.content) ? calls : content).push_back(&part);
    }
    if (content.empty() && calls.empty()) return;
    const bool assistant = message.role == Role::assistant;
    const bool system = message.role == Role::system || message.role == Role::developer;
    if (!assistant && !system && after_tool_) {
      // The server's rule: after results it is the model's turn.
      lose(losses_, path, "The target wants the model's words before the user's: a mark stands there.");
      json_.object().field("role", "assistant").field("content", "…").end();
    }
    after_tool_ = false;
    json_.object().field("role", assistant ? "assistant" : system ? "system" : "user");
    if (!message.name.empty())
      lose(losses_, under(path, "name"), "The target does not take names of speakers.");
    if (!content.empty()) put_content(under(path, "content"), content);
    if (!calls.empty()) put_calls(path, calls);
    if (assistant && index + 1 == request_.messages.size()) {
      if (!message.prefix) lose(losses_, path, "The target goes on with the assistant's last words.");
      json_.field("prefix", true);
    }
    detail::write_others(json_, message.others, own, path, losses_);
    json_.end();
  }

  void put_content(const std::string& path, const std::vector<const Part*>& content) {
    json_.key("content");
    const auto* words = content.size() == 1 ? std::get_if<Text>(&content[0]->content) : nullptr;
    if (words) {
      json_.value(words->text);
    } else {
      json_.array();
      for (std::size_t i = 0; i < content.size(); ++i) chunk(at(path, i), *content[i]);
      json_.end();
    }
    for (const auto* part : content)
      if (part->cache) lose(losses_, path + ".cache_control", "The target chooses itself what it keeps.");
  }

  void chunk(const std::string& path, const Part& part) {
    if (const auto* words = std::get_if<Text>(&part.content)) {
      json_.object().field("type", "text").field("text", words->text).end();
    } else if (const auto* refusal = std::get_if<Refusal>(&part.content)) {
      json_.object().field("type", "text").field("text", refusal->text).end();
    } else if (const auto* media = std::get_if<Media>(&part.content)) {
      put_media(path, *media);
    } else if (const auto* thought = std::get_if<Reasoning>(&part.content)) {
      if (!native_) return lose(losses_, path, "Reasoning of another model is left out.");
      json_.object().field("type", "thinking").key("thinking").array();
      json_.object().field("type", "text").field("text", thought->text).end();
      json_.end().end();
    } else if (const auto* raw = std::get_if<Raw>(&part.content)) {
      if (raw->from != own) return lose(losses_, path, "Another provider's own part is left out.");
      json_.raw(raw->json);
    }
  }

  void put_media(const std::string& path, const Media& media) {
    const auto url = detail::url_of(media);
    const bool file = media.kind == Media::Kind::file;
    if (media.kind == Media::Kind::image && !url.empty()) {
      json_.object().field("type", "image_url").key("image_url").object().field("url", url);
      if (!media.detail.empty()) json_.field("detail", media.detail);
      json_.end().end();
    } else if (media.kind == Media::Kind::audio && !url.empty()) {
      json_.object().field("type", "input_audio");
      json_.field("input_audio", media.url.empty() ? media.base64 : media.url).end();
    } else if (file && !media.text.empty()) {
      const auto words = media.name.empty() ? media.text : media.name + "\n\n" + media.text;
      json_.object().field("type", "text").field("text", words).end();
    } else if (file && !url.empty()) {
      json_.object().field("type", "document_url").field("document_url", url);
      if (!media.name.empty()) json_.field("document_name", media.name);
      json_.end();
    } else if (file && native_ && !media.file_id.empty()) {
      json_.object().field("type", "file").field("file_id", media.file_id).end();
    } else {
      lose_meaning(losses_, path, "This model takes images, sound and documents by address or content.");
    }
  }

  void tool_result(const std::string& path, const ToolResult& result) {
    const auto name = result.name.empty() ? detail::name_of_call(request_.messages, result.call_id)
                                          : std::string_view(result.name);
    json_.object().field("role", "tool").field("tool_call_id", id_of(result.call_id));
    if (!name.empty()) json_.field("name", name);
    std::vector<const Part*> parts;
    for (const auto& part : result.parts) parts.push_back(&part);
    if (parts.empty())
      json_.field("content", "");
    else
      put_content(under(path, "content"), parts);
    if (result.is_error)
      lose(losses_, under(path, "is_error"), "That the tool failed is said by its text alone.");
    json_.end();
    after_tool_ = true;
  }

  /// Nine letters or digits, as the server wants them.
  static std::string id_of(std::string_view id) {
    return detail::call_id(id, detail::IdCharacters::alphanumeric, 9, 9);
  }

  void put_calls(const std::string& path, const std::vector<const Part*>& calls) {
    json_.key("tool_calls").array();
    for (const auto* part : calls) {
      const auto& call = std::get<ToolCall>(part->content);
      if (call.kind == ToolCall::Kind::custom)
        lose(losses_, path, "The call's arguments are plain text, which the target takes for JSON.");
      json_.object().field("id", id_of(call.id)).field("type", "function").key("function").object();
      json_.field("name", call.name).field("arguments", call.arguments.empty() ? "{}" : call.arguments);
      json_.end().end();
    }
    json_.end();
  }

  void sampling() {
    const auto& given = request_.sampling;
    const auto put = [&](std::string_view name, const auto& value) {
      if (value) json_.field(name, *value);
    };
    constexpr double warmest = 1.5;
    if (given.temperature && *given.temperature > warmest)
      lose(losses_, "temperature", "The target's highest is 1.5.");
    if (given.temperature) json_.field("temperature", std::min(*given.temperature, warmest));
    put("top_p", given.top_p);
    put("max_tokens", given.max_tokens);
    put("random_seed", given.seed);
    put("frequency_penalty", given.frequency_penalty);
    put("presence_penalty", given.presence_penalty);
    put("repetition_penalty", given.repeat_penalty);
    put("top_k", given.top_k);
    put("n", given.n);
    put("logprobs", given.logprobs);
    put("top_logprobs", given.top_logprobs);
    if (!given.stop.empty()) {
      json_.key("stop").array();
      for (const auto& word : given.stop) json_.value(word);
      json_.end();
    }
    if (given.min_p) lose(losses_, "min_p", "The target has no such field.");
    if (!given.logit_bias.empty()) lose_meaning(losses_, "logit_bias", "The target has no such field.");
  }

  void tool(std::size_t index) {
    const auto& tool = request_.tools[index];
    const auto path = at("tools", index);
    if (tool.kind == ToolCall::Kind::custom)
      return lose_meaning(losses_, path, "This model's functions take JSON objects, not plain text.");
    json_.object().field("type", "function").key("function").object().field("name", tool.name);
    if (!tool.description.empty()) json_.field("description", tool.description);
    json_.key("parameters")
        .raw(tool.schema_json.empty() ? R"({"type":"object","properties":{}})" : tool.schema_json);
    if (tool.strict) json_.field("strict", *tool.strict);
    json_.end().end();
    detail::lose_others(tool.others, path, losses_);
    if (tool.cache) lose(losses_, under(path, "cache_control"), "The target chooses itself what it keeps.");
  }

  void tools() {
    using Mode = ToolChoice::Mode;
    if (request_.tools.empty() && request_.server_tools.empty()) return;
    const auto& choice = request_.tool_choice;
    const bool all = choice.mode == Mode::named || choice.names.empty();
    json_.key("tools").array();
    for (std::size_t i = 0; i < request_.tools.size(); ++i)
      if (all || std::ranges::find(choice.names, request_.tools[i].name) != choice.names.end()) tool(i);
    for (const auto& each : request_.server_tools) {
      if (each.from == own)
        json_.raw(each.json);
      else
        lose_meaning(losses_, "tools",
                     fmt::format("The tool \"{}\" runs at another provider.", detail::plain_word(each.type)));
    }
    json_.end();
    if (choice.mode == Mode::named && !choice.names.empty()) {
      json_.key("tool_choice").object().field("type", "function").key("function").object();
      json_.field("name", choice.names[0]).end().end();
    } else if (choice.mode != Mode::unset && choice.mode != Mode::named) {
      json_.field("tool_choice", choice.mode == Mode::none       ? "none"
                                 : choice.mode == Mode::required ? "any"
                                                                 : "auto");
    }
    if (choice.parallel) json_.field("parallel_tool_calls", *choice.parallel);
  }

  void output() {
    using Kind = OutputFormat::Kind;
    const auto& given = request_.output;
    if (!given.verbosity.empty()) lose(losses_, "verbosity", "The target has no such field.");
    if (given.kind == Kind::unset) return;
    json_.key("response_format").object();
    json_.field("type", given.kind == Kind::text          ? "text"
                        : given.kind == Kind::json_object ? "json_object"
                                                          : "json_schema");
    if (given.kind == Kind::json_schema) {
      json_.key("json_schema").object().field("name", given.name.empty() ? "answer" : given.name);
      if (!given.description.empty()) json_.field("description", given.description);
      json_.key("schema").raw(given.schema_json).field("strict", given.strict.value_or(false)).end();
    }
    json_.end();
  }

  void reasoning() {
    const auto& given = request_.reasoning;
    const auto effort = detail::effort_of(given);
    detail::write_others(json_, given.others, own, "", losses_);
    if (!given.summary.empty())
      lose(losses_, "reasoning.summary", "The target gives no summaries of thoughts.");
    if (effort.empty()) return;
    // Models that always reason are told to by their mode.
    const bool by_mode = options_.model.find("magistral") != std::string::npos;
    if (!by_mode)
      json_.field("reasoning_effort", effort);
    else if (effort != "none" && !native_)
      json_.field("prompt_mode", "reasoning");
    if (given.effort.empty() && given.budget_tokens)
      lose(losses_, "reasoning.budget_tokens", "The model chooses itself how long it reasons.");
  }

  void rest() {
    if (request_.stream) json_.field("stream", true);
    if (request_.safe_prompt) json_.field("safe_prompt", *request_.safe_prompt);
    if (!request_.prompt_cache_key.empty()) json_.field("prompt_cache_key", request_.prompt_cache_key);
    const auto& tier = request_.service_tier;
    if (native_ && !tier.empty())
      json_.field("service_tier", tier);
    else if (!tier.empty() && tier != "auto" && tier != "default")
      lose(losses_, "service_tier", "The target has no such tier.");
    if (!request_.metadata.empty()) {
      json_.key("metadata").object();
      for (const auto& [name, value] : request_.metadata) json_.field(name, value);
      json_.end();
    }
    if (!request_.user.empty()) lose(losses_, "user", "The target is not told who asks.");
    if (!request_.safety_settings_json.empty())
      lose(losses_, "safetySettings", "The target's filters cannot be set.");
    if (request_.cache) lose(losses_, "cache_control", "The target chooses itself what it keeps.");
    detail::put_others(json_, request_.others, own);
    detail::lose_others(losses_, request_.others, own);
  }

  const ChatRequest& request_;
  const EncodeOptions& options_;
  Losses& losses_;
  const bool native_;
  JsonWriter json_;
  bool after_tool_ = false;
};

}  // namespace

Result<ChatRequest> read_request(std::string_view body) {
  auto out = detail::read_openai_request(own, body);
  if (!out) return out;
  for (auto& message : out->messages) {
    read_documents(message.parts);
    for (auto& part : message.parts)
      if (auto* result = std::get_if<ToolResult>(&part.content)) read_documents(result->parts);
  }
  return out;
}

Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options, Losses& losses) {
  return Writer(request, options, losses).write();
}

}  // namespace bastide::dialects::mistral
