// A neutral call as a chat completions body.
#include <fmt/format.h>

#include "dialects/openai/openai.h"

namespace bastide::dialects::detail {
namespace {

std::string_view role_word(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::developer:
      return "developer";
    case Role::assistant:
      return "assistant";
    case Role::tool:
      return "tool";
    default:
      return "user";
  }
}

std::string audio_format(std::string_view media_type) {
  const auto format = media_type.substr(media_type.find('/') + 1);
  if (format == "mpeg") return "mp3";
  return format == "x-wav" || format == "wave" ? "wav" : std::string(format);
}

void put_cache(JsonWriter& json, const std::optional<CacheMarker>& cache, bool spoken) {
  if (!cache || !spoken) return;
  json.key("cache_control").object().field("type", "ephemeral");
  if (!cache->ttl.empty()) json.field("ttl", cache->ttl);
  json.end();
}

class Writer {
 public:
  Writer(Dialect self, const ChatRequest& request, const EncodeOptions& options, Losses& losses)
      : self_(self), request_(request), options_(options), losses_(losses), native_(request.from == self) {}

  Result<std::string> write() {
    json_.object();
    if (!options_.model.empty()) json_.field("model", options_.model);
    json_.key("messages").array();
    for (std::size_t i = 0; i < request_.messages.size(); ++i) message(i, request_.messages[i]);
    json_.end();
    sampling();
    write_openai_tools(json_, self_, request_, losses_);
    format();
    reasoning();
    rest();
    json_.end();
    return json_.take();
  }

 private:
  [[nodiscard]] bool is_plain(const std::vector<const Part*>& parts) const {
    return parts.size() == 1 && std::holds_alternative<Text>(parts[0]->content) &&
           !(parts[0]->cache && native_);
  }

  void message(std::size_t at, const Message& message) {
    std::vector<const Part*> content;
    std::vector<const Part*> calls;
    std::vector<const Part*> thoughts;
    std::vector<const Part*> seen;  // images that tools gave, which a tool's message cannot hold
    for (const auto& part : message.parts) {
      if (const auto* result = std::get_if<ToolResult>(&part.content))
        tool_result(at, message, *result, seen);
      else if (std::holds_alternative<ToolCall>(part.content))
        calls.push_back(&part);
      else if (std::holds_alternative<Reasoning>(part.content))
        thoughts.push_back(&part);
      else
        content.push_back(&part);
    }
    for (const auto* part : seen) content.push_back(part);
    if (message.role == Role::tool && content.empty()) return;
    if (message.role == Role::user && content.empty() && !message.parts.empty()) return;
    json_.object().field("role", message.role == Role::tool ? "user" : role_word(message.role));
    if (!message.name.empty()) json_.field("name", message.name);
    put_content(at, message, content, calls);
    reasoning_of(at, thoughts);
    if (!calls.empty()) put_calls(calls);
    prefix(at, message);
    put_others(json_, message.others, self_);
    lose_others(losses_, message.others, self_, fmt::format("messages[{}].", at));
    json_.end();
  }

  void put_content(std::size_t at, const Message& message, const std::vector<const Part*>& content,
                   const std::vector<const Part*>& calls) {
    if (content.size() == 1)
      if (const auto* refusal = std::get_if<Refusal>(&content[0]->content)) {
        json_.key("content").null().field("refusal", refusal->text);
        return;
      }
    json_.key("content");
    if (content.empty()) {
      calls.empty() ? json_.value("") : json_.null();
    } else if (is_plain(content)) {
      lose_cache(part_path(at, 0), *content[0]);
      json_.value(std::get<Text>(content[0]->content).text);
    } else {
      json_.array();
      for (std::size_t i = 0; i < content.size(); ++i) part(part_path(at, i), message, *content[i]);
      json_.end();
    }
  }

  void lose_cache(const std::string& path, const Part& part) {
    if (part.cache && !native_)
      lose(losses_, path + ".cache_control", "The provider caches prompts by itself.");
  }

  void part(std::string path, const Message& message, const Part& part) {
    std::visit(Overloaded{[&](const Text& text) {
                            json_.object().field("type", "text").field("text", text.text);
                            put_cache(json_, part.cache, native_);
                            json_.end();
                          },
                          [&](const Media& media) { put_media(path, media); },
                          [&](const Refusal& refusal) {
                            json_.object().field("type", "refusal").field("refusal", refusal.text).end();
                          },
                          [&](const Raw& raw) {
                            if (raw.from == self_)
                              json_.raw(raw.json);
                            else
                              lose_meaning(losses_, path,
                                           fmt::format("A part of the type {} is known to {} only.",
                                                       plain_word(raw.type), dialect_name(raw.from)));
                          },
                          [](const auto&) {}},
               part.content);
    lose_cache(path, part);
    if (message.role != Role::assistant) lose_others(losses_, part.others, self_, path + ".");
  }

  void put_media(const std::string& path, const Media& media) {
    const auto url = url_of(media);
    switch (media.kind) {
      case Media::Kind::image:
      case Media::Kind::video: {
        if (media.kind == Media::Kind::video && !native_) break;
        if (url.empty()) break;
        const auto* name = media.kind == Media::Kind::image ? "image_url" : "video_url";
        json_.object().field("type", name).key(name).object().field("url", url);
        if (!media.detail.empty()) json_.field("detail", media.detail);
        json_.end().end();
        return;
      }
      case Media::Kind::audio:
        if (media.base64.empty()) break;
        json_.object().field("type", "input_audio").key("input_audio").object().field("data", media.base64);
        if (!media.media_type.empty()) json_.field("format", audio_format(media.media_type));
        json_.end().end();
        return;
      case Media::Kind::file:
        if (!media.text.empty()) {
          json_.object()
              .field("type", "text")
              .field("text", media.name.empty() ? media.text : media.name + "\n\n" + media.text);
          json_.end();
          return;
        }
        if (media.file_id.empty() && media.base64.empty()) break;
        json_.object().field("type", "file").key("file").object();
        if (!media.name.empty()) json_.field("filename", media.name);
        if (!media.file_id.empty()) json_.field("file_id", media.file_id);
        if (!media.base64.empty())
          json_.field("file_data", media.media_type.empty() && native_ ? media.base64 : url);
        json_.end().end();
        return;
    }
    lose_meaning(losses_, path,
                 "The dialect openai takes images by address or content, sound by content, files by "
                 "content or id.");
  }

  void tool_result(std::size_t at, const Message& message, const ToolResult& result,
                   std::vector<const Part*>& seen) {
    json_.object().field("role", "tool").field("tool_call_id", result.call_id);
    std::vector<const Part*> texts;
    for (const auto& part : result.parts)
      (std::holds_alternative<Media>(part.content) ? seen : texts).push_back(&part);
    json_.key("content");
    if (texts.empty()) {
      json_.value(seen.empty() ? "" : "The result follows.");
    } else if (is_plain(texts)) {
      lose_cache(part_path(at, 0), *texts[0]);
      json_.value(std::get<Text>(texts[0]->content).text);
    } else {
      json_.array();
      for (std::size_t i = 0; i < texts.size(); ++i) part(part_path(at, i), message, *texts[i]);
      json_.end();
    }
    if (result.is_error)
      lose(losses_, fmt::format("messages[{}].is_error", at),
           "That the tool failed is said by its text alone.");
    if (message.role == Role::tool) put_others(json_, message.others, self_);
    json_.end();
  }

  void put_calls(const std::vector<const Part*>& calls) {
    json_.key("tool_calls").array();
    for (const auto* part : calls) {
      const auto& call = std::get<ToolCall>(part->content);
      const bool custom = call.kind == ToolCall::Kind::custom;
      json_.object().field("id", call.id).field("type", custom ? "custom" : "function");
      json_.key(custom ? "custom" : "function")
          .object()
          .field("name", call.name)
          .field(custom ? "input" : "arguments", arguments_of(call))
          .end();
      if (!part->signature.empty() && options_.same_model)
        json_.key("extra_content")
            .object()
            .key("google")
            .object()
            .field("thought_signature", part->signature)
            .end()
            .end();
      put_others(json_, part->others, self_);
      json_.end();
    }
    json_.end();
  }

  void reasoning_of(std::size_t at, const std::vector<const Part*>& thoughts) {
    if (thoughts.empty()) return;
    std::string text;
    for (const auto* part : thoughts) text += std::get<Reasoning>(part->content).text;
    if (native_ && !text.empty())
      json_.field("reasoning_content", text);
    else
      lose(losses_, fmt::format("messages[{}].reasoning", at),
           "What another model thought is left out of the conversation.");
  }

  void prefix(std::size_t at, const Message& message) {
    if (message.prefix && native_) json_.field("prefix", true);
    if (!message.prefix || options_.continues_prefix) return;
    lose_meaning(losses_, fmt::format("messages[{}].prefix", at),
                 "The dialect openai cannot continue an answer that was begun.");
  }

  void sampling() {
    const auto& sampling = request_.sampling;
    const auto put = [&](std::string_view name, const auto& value) {
      if (value) json_.field(name, *value);
    };
    const auto put_own = [&](std::string_view name, const auto& value) {
      if (!value) return;
      if (native_)
        json_.field(name, *value);
      else
        lose(losses_, std::string(name), "Left out: the dialect openai has no such field.");
    };
    put("temperature", sampling.temperature);
    put("top_p", sampling.top_p);
    put("frequency_penalty", sampling.frequency_penalty);
    put("presence_penalty", sampling.presence_penalty);
    put("seed", sampling.seed);
    put(options_.limit == EncodeOptions::LimitField::max_tokens ? "max_tokens" : "max_completion_tokens",
        sampling.max_tokens);
    put("n", sampling.n);
    put("logprobs", sampling.logprobs);
    put("top_logprobs", sampling.top_logprobs);
    put_own("top_k", sampling.top_k);
    put_own("min_p", sampling.min_p);
    put_own("repeat_penalty", sampling.repeat_penalty);
    if (!sampling.stop.empty()) {
      json_.key("stop").array();
      for (const auto& word : sampling.stop) json_.value(word);
      json_.end();
    }
    if (!sampling.logit_bias.empty()) {
      json_.key("logit_bias").object();
      for (const auto& [token, bias] : sampling.logit_bias) json_.field(token, bias);
      json_.end();
    }
  }

  void format() {
    const auto& output = request_.output;
    using Kind = OutputFormat::Kind;
    if (!output.verbosity.empty()) json_.field("verbosity", output.verbosity);
    if (output.kind == Kind::unset) return;
    json_.key("response_format").object();
    if (output.kind == Kind::text) json_.field("type", "text");
    if (output.kind == Kind::json_object) json_.field("type", "json_object");
    if (output.kind == Kind::json_schema) {
      json_.field("type", "json_schema").key("json_schema").object();
      json_.field("name", output.name.empty() ? "answer" : output.name);
      if (!output.description.empty()) json_.field("description", output.description);
      json_.key("schema").raw(output.schema_json);
      if (output.strict) json_.field("strict", *output.strict);
      json_.end();
    }
    json_.end();
  }

  void reasoning() {
    const auto& reasoning = request_.reasoning;
    const auto effort = effort_of(reasoning);
    const bool said = !reasoning.effort.empty();
    if (said || (!effort.empty() && effort != "none")) json_.field("reasoning_effort", effort);
    if (!said && reasoning.budget_tokens)
      lose(losses_, "reasoning.budget_tokens",
           "The dialect openai knows no budget of thoughts: it became the effort " +
               (effort.empty() ? "auto" : effort) + ".");
    if (!reasoning.summary.empty())
      lose(losses_, "reasoning.summary", "Chat completions give no summaries of thoughts.");
    lose_others(losses_, reasoning.others, self_, "reasoning.");
  }

  void rest() {
    if (request_.stream) {
      json_.field("stream", true);
      const bool usage = options_.ask_usage || request_.include_usage.value_or(false);
      const bool more = std::ranges::any_of(request_.others, [&](const RawField& other) {
        return other.from == self_ && other.name.starts_with("stream_options.");
      });
      if (usage || more) {
        json_.key("stream_options").object();
        if (usage) json_.field("include_usage", true);
        put_others(json_, request_.others, self_, "stream_options");
        json_.end();
      }
    }
    if (!request_.user.empty()) json_.field("user", request_.user);
    if (!request_.metadata.empty() && native_) {
      json_.key("metadata").object();
      for (const auto& [name, value] : request_.metadata) json_.field(name, value);
      json_.end();
    } else if (!request_.metadata.empty()) {
      lose(losses_, "metadata", "Left out: it is for the caller's own provider.");
    }
    const auto put_native = [&](std::string_view name, const std::string& value) {
      if (value.empty()) return;
      if (native_)
        json_.field(name, value);
      else
        lose(losses_, std::string(name), "Left out: it is for the caller's own provider.");
    };
    put_native("service_tier", request_.service_tier);
    put_native("prompt_cache_key", request_.prompt_cache_key);
    if (request_.store && native_) json_.field("store", *request_.store);
    if (request_.safe_prompt) {
      if (native_)
        json_.field("safe_prompt", *request_.safe_prompt);
      else
        lose(losses_, "safe_prompt", "Left out: only Mistral knows it.");
    }
    if (!request_.safety_settings_json.empty())
      lose(losses_, "safetySettings", "Left out: only Gemini knows them.");
    if (request_.cache) lose(losses_, "cache_control", "The provider caches prompts by itself.");
    put_others(json_, request_.others, self_);
    lose_others(losses_, request_.others, self_);
  }

  Dialect self_;
  const ChatRequest& request_;
  const EncodeOptions& options_;
  Losses& losses_;
  const bool native_;  // the caller speaks the same dialect: fields of servers like OpenAI's are welcome
  JsonWriter json_;
};

}  // namespace

void write_openai_tools(JsonWriter& json, Dialect self, const ChatRequest& request, Losses& losses) {
  if (!request.tools.empty() || !request.server_tools.empty()) {
    json.key("tools").array();
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
      const auto& tool = request.tools[i];
      const auto* kind = tool.kind == ToolCall::Kind::custom ? "custom" : "function";
      json.object().field("type", kind).key(kind).object().field("name", tool.name);
      if (!tool.description.empty()) json.field("description", tool.description);
      if (!tool.schema_json.empty()) json.key("parameters").raw(tool.schema_json);
      if (tool.strict) json.field("strict", *tool.strict);
      put_others(json, tool.others, self);
      lose_others(losses, tool.others, self, fmt::format("tools[{}].", i));
      json.end();
      put_cache(json, tool.cache, request.from == self);
      json.end();
    }
    for (const auto& tool : request.server_tools)
      if (tool.from == self)
        json.raw(tool.json);
      else
        lose_meaning(losses, "tools",
                     fmt::format("The tool {} runs at a provider of the dialect {}.", plain_word(tool.type),
                                 dialect_name(tool.from)));
    json.end();
  }
  const auto& choice = request.tool_choice;
  using Mode = ToolChoice::Mode;
  if (choice.parallel) json.field("parallel_tool_calls", *choice.parallel);
  if (choice.mode == Mode::unset) return;
  json.key("tool_choice");
  if (!choice.raw_json.empty()) {
    if (choice.raw_from != self)
      lose_meaning(losses, "tool_choice", "It names a tool that only the caller's own dialect knows.");
    choice.raw_from == self ? json.raw(choice.raw_json) : json.value("auto");
    return;
  }
  const auto word = choice.mode == Mode::none ? "none" : choice.mode == Mode::required ? "required" : "auto";
  if (choice.mode == Mode::named && !choice.names.empty()) {
    const auto* kind = "function";
    for (const auto& tool : request.tools)
      if (tool.name == choice.names[0] && tool.kind == ToolCall::Kind::custom) kind = "custom";
    json.object().field("type", kind).key(kind).object().field("name", choice.names[0]).end().end();
  } else if (!choice.names.empty()) {
    json.object().field("type", "allowed_tools").key("allowed_tools").object().field("mode", word);
    json.key("tools").array();
    for (const auto& name : choice.names)
      json.object().field("type", "function").key("function").object().field("name", name).end().end();
    json.end().end().end();
  } else {
    json.value(word);
  }
}

Result<std::string> write_openai_request(Dialect self, const ChatRequest& request,
                                         const EncodeOptions& options, Losses& losses) {
  return Writer(self, request, options, losses).write();
}

}  // namespace bastide::dialects::detail
