// A neutral call as a responses body.
#include <fmt/format.h>

#include "dialects/responses/responses.h"
#include "dialects/signature.h"

namespace bastide::dialects::responses {
namespace {

std::string_view role_word(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::developer:
      return "developer";
    case Role::assistant:
      return "assistant";
    default:
      return "user";
  }
}

class Writer {
 public:
  Writer(const ChatRequest& request, const EncodeOptions& options, Losses& losses)
      : request_(request), options_(options), losses_(losses), native_(request.from == self) {}

  Result<std::string> write() {
    json_.object();
    if (!options_.model.empty()) json_.field("model", options_.model);
    const bool instructs = !request_.messages.empty() && request_.messages[0].role == Role::system &&
                           request_.messages[0].parts.size() == 1 &&
                           std::holds_alternative<Text>(request_.messages[0].parts[0].content);
    if (instructs) json_.field("instructions", text_of(request_.messages[0]));
    json_.key("input").array();
    for (std::size_t i = instructs ? 1 : 0; i < request_.messages.size(); ++i)
      message(i, request_.messages[i]);
    json_.end();
    sampling();
    tools();
    choice();
    text();
    reasoning();
    rest();
    return json_.end().take();
  }

 private:
  void message(std::size_t at, const Message& message) {
    bool open = false;  // a message item, whose content goes on
    std::string id;
    const auto close = [&] {
      if (open) json_.end().end();
      open = false;
    };
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      const auto& part = message.parts[i];
      const auto path = part_path(at, i);
      if (std::holds_alternative<Text>(part.content) || std::holds_alternative<Media>(part.content) ||
          std::holds_alternative<Refusal>(part.content)) {
        if (open && part.id != id) close();
        if (!open) {
          json_.object().field("type", "message").field("role", role_word(message.role));
          if (!part.id.empty()) json_.field("id", part.id);
          put_others(json_, part.others, self);
          lose_others(losses_, part.others, self, path + ".");
          json_.key("content").array();
          open = true;
          id = part.id;
        }
        content(path, message.role, part);
        continue;
      }
      close();
      item(path, part);
    }
    close();
    if (message.prefix)
      lose_meaning(losses_, fmt::format("messages[{}].prefix", at),
                   "Responses cannot continue an answer that was begun.");
    lose_others(losses_, message.others, self, fmt::format("messages[{}].", at));
  }

  void content(const std::string& path, Role role, const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.content)) {
      json_.object()
          .field("type", role == Role::assistant ? "output_text" : "input_text")
          .field("text", text->text);
      if (role == Role::assistant) {
        json_.key("annotations").array();
        for (const auto& citation : text->citations) write_annotation(json_, citation, losses_);
        json_.end();
      }
      json_.end();
    } else if (const auto* refusal = std::get_if<Refusal>(&part.content)) {
      json_.object().field("type", "refusal").field("refusal", refusal->text).end();
    } else if (const auto* media = std::get_if<Media>(&part.content)) {
      put_media(path, *media);
    }
    if (part.cache) lose(losses_, path + ".cache_control", "The provider caches prompts by itself.");
  }

  void put_media(const std::string& path, const Media& media) {
    const auto url = url_of(media);
    if (media.kind == Media::Kind::image) {
      json_.object().field("type", "input_image");
      if (!media.file_id.empty()) json_.field("file_id", media.file_id);
      if (!url.empty()) json_.field("image_url", url);
      if (!media.detail.empty()) json_.field("detail", media.detail);
      json_.end();
    } else if (media.kind == Media::Kind::file && !media.text.empty()) {
      json_.object().field("type", "input_text").field("text", media.text).end();
    } else if (media.kind == Media::Kind::file) {
      json_.object().field("type", "input_file");
      if (!media.name.empty()) json_.field("filename", media.name);
      if (!media.file_id.empty()) json_.field("file_id", media.file_id);
      if (!media.url.empty()) json_.field("file_url", media.url);
      if (!media.base64.empty()) json_.field("file_data", media.media_type.empty() ? media.base64 : url);
      json_.end();
    } else if (media.kind == Media::Kind::audio && !media.base64.empty()) {
      const auto format = media.media_type.substr(media.media_type.find('/') + 1);
      json_.object().field("type", "input_audio").key("input_audio").object().field("data", media.base64);
      json_.field("format", format == "mpeg" ? "mp3" : format).end().end();
    } else {
      lose_meaning(losses_, path, "Responses take no video, and sound by content only.");
    }
  }

  void item(const std::string& path, const Part& part) {
    if (const auto* result = std::get_if<ToolResult>(&part.content)) {
      const bool custom = result->kind == ToolCall::Kind::custom;
      json_.object().field("type", custom ? "custom_tool_call_output" : "function_call_output");
      if (!part.id.empty()) json_.field("id", part.id);
      json_.field("call_id", result->call_id).key("output");
      if (result->parts.size() == 1 && std::holds_alternative<Text>(result->parts[0].content)) {
        json_.value(std::get<Text>(result->parts[0].content).text);
      } else {
        json_.array();
        for (const auto& inner : result->parts) content(path, Role::user, inner);
        json_.end();
      }
      put_others(json_, part.others, self);
      json_.end();
      if (result->is_error)
        lose(losses_, path + ".is_error", "That the tool failed is said by its text alone.");
    } else if (const auto* raw = std::get_if<Raw>(&part.content)) {
      if (raw->from == self)
        json_.raw(raw->json);
      else
        lose_meaning(losses_, path,
                     fmt::format("A part of the type {} is known to {} only.", plain_word(raw->type),
                                 dialect_name(raw->from)));
    } else if (const auto* thought = std::get_if<Reasoning>(&part.content);
               thought && !knows(part, *thought)) {
      lose(losses_, path, "What another model thought is left out of the conversation.");
    } else {
      write_call_or_thought(part);
      lose_others(losses_, part.others, self, path + ".");
    }
  }

  /// A provider that keeps nothing knows a thought by its words or by its own seal.
  [[nodiscard]] bool knows(const Part& part, const Reasoning& thought) const {
    const auto& sealed = thought.encrypted;
    const bool is_foreign =
        !part.signature.empty() || (!sealed.empty() && signature_read(self, sealed) == sealed);
    return native_ && !is_foreign && !(thought.text.empty() && sealed.empty());
  }

  void write_call_or_thought(const Part& part) {
    if (const auto* call = std::get_if<ToolCall>(&part.content)) {
      const bool custom = call->kind == ToolCall::Kind::custom;
      json_.object().field("type", custom ? "custom_tool_call" : "function_call");
      if (!part.id.empty()) json_.field("id", part.id);
      json_.field("call_id", call->id).field("name", call->name);
      json_.field(custom ? "input" : "arguments", arguments_of(*call));
      put_others(json_, part.others, self);
      json_.end();
    } else {
      write_item(json_, part, "in", 0, losses_);
    }
  }

  void sampling() {
    const auto& sampling = request_.sampling;
    const auto put = [&](std::string_view name, const auto& value) {
      if (value) json_.field(name, *value);
    };
    const auto lost = [&](std::string_view name, bool said) {
      if (said) lose(losses_, std::string(name), "Left out: responses have no such field.");
    };
    put("temperature", sampling.temperature);
    put("top_p", sampling.top_p);
    put("max_output_tokens", sampling.max_tokens);
    put("top_logprobs", sampling.top_logprobs);
    lost("top_k", sampling.top_k.has_value());
    lost("min_p", sampling.min_p.has_value());
    lost("seed", sampling.seed.has_value());
    lost("frequency_penalty", sampling.frequency_penalty.has_value());
    lost("presence_penalty", sampling.presence_penalty.has_value());
    lost("repeat_penalty", sampling.repeat_penalty.has_value());
    lost("logit_bias", !sampling.logit_bias.empty());
    if (!sampling.stop.empty()) lose_meaning(losses_, "stop", "Responses know no stop words.");
    if (sampling.n.value_or(1) != 1) lose_meaning(losses_, "n", "Responses give one answer.");
  }

  void tools() {
    if (request_.tools.empty() && request_.server_tools.empty()) return;
    json_.key("tools").array();
    for (std::size_t i = 0; i < request_.tools.size(); ++i) {
      const auto& tool = request_.tools[i];
      json_.object()
          .field("type", tool.kind == ToolCall::Kind::custom ? "custom" : "function")
          .field("name", tool.name);
      if (!tool.description.empty()) json_.field("description", tool.description);
      if (tool.kind == ToolCall::Kind::function)
        json_.key("parameters")
            .raw(tool.schema_json.empty() ? R"({"type":"object","properties":{}})" : tool.schema_json);
      if (tool.strict) json_.field("strict", *tool.strict);
      put_others(json_, tool.others, self);
      lose_others(losses_, tool.others, self, fmt::format("tools[{}].", i));
      json_.end();
    }
    for (const auto& tool : request_.server_tools)
      if (tool.from == self)
        json_.raw(tool.json);
      else
        lose_meaning(losses_, "tools",
                     fmt::format("The tool {} runs at a provider of the dialect {}.", plain_word(tool.type),
                                 dialect_name(tool.from)));
    json_.end();
  }

  void choice() {
    using Mode = ToolChoice::Mode;
    const auto& choice = request_.tool_choice;
    if (choice.parallel) json_.field("parallel_tool_calls", *choice.parallel);
    if (choice.mode == Mode::unset) return;
    if (!choice.raw_json.empty() && choice.raw_from != self) {
      lose_meaning(losses_, "tool_choice", "It names a tool that only the caller's own dialect knows.");
      return;
    }
    json_.key("tool_choice");
    const auto* word = choice.mode == Mode::none       ? "none"
                       : choice.mode == Mode::required ? "required"
                                                       : "auto";
    if (!choice.raw_json.empty()) {
      json_.raw(choice.raw_json);
    } else if (choice.mode == Mode::named && !choice.names.empty()) {
      const auto* kind = "function";
      for (const auto& tool : request_.tools)
        if (tool.name == choice.names[0] && tool.kind == ToolCall::Kind::custom) kind = "custom";
      json_.object().field("type", kind).field("name", choice.names[0]).end();
    } else if (!choice.names.empty()) {
      json_.object().field("type", "allowed_tools").field("mode", word).key("tools").array();
      for (const auto& name : choice.names)
        json_.object().field("type", "function").field("name", name).end();
      json_.end().end();
    } else {
      json_.value(word);
    }
  }

  void text() {
    const auto& output = request_.output;
    using Kind = OutputFormat::Kind;
    if (output.kind == Kind::unset && output.verbosity.empty()) return;
    json_.key("text").object();
    if (!output.verbosity.empty()) json_.field("verbosity", output.verbosity);
    if (output.kind != Kind::unset) {
      json_.key("format").object();
      json_.field("type", output.kind == Kind::text          ? "text"
                          : output.kind == Kind::json_object ? "json_object"
                                                             : "json_schema");
      if (output.kind == Kind::json_schema) {
        json_.field("name", output.name.empty() ? "answer" : output.name);
        if (!output.description.empty()) json_.field("description", output.description);
        json_.key("schema").raw(output.schema_json);
        if (output.strict) json_.field("strict", *output.strict);
      }
      json_.end();
    }
    json_.end();
  }

  void reasoning() {
    const auto& reasoning = request_.reasoning;
    const auto effort = effort_of(reasoning);
    const bool said = !reasoning.effort.empty();
    const bool writes = said || (!effort.empty() && effort != "none");
    lose_others(losses_, reasoning.others, self, "reasoning.");
    if (!said && reasoning.budget_tokens)
      lose(losses_, "reasoning.budget_tokens", "Responses know no budget of thoughts: it became an effort.");
    if (!writes && reasoning.summary.empty() && reasoning.others.empty()) return;
    json_.key("reasoning").object();
    if (writes) json_.field("effort", effort);
    if (!reasoning.summary.empty()) json_.field("summary", reasoning.summary);
    put_others(json_, reasoning.others, self);
    json_.end();
  }

  void rest() {
    if (request_.stream) json_.field("stream", true);
    // What we keep ourselves the provider need not.
    json_.field("store", false);
    std::vector<std::string> include = request_.include;
    if (request_.sampling.logprobs.value_or(false) && !native_)
      include.emplace_back("message.output_text.logprobs");
    if (!include.empty()) {
      json_.key("include").array();
      for (const auto& wanted : include) json_.value(wanted);
      json_.end();
    }
    if (!request_.metadata.empty() && native_) {
      json_.key("metadata").object();
      for (const auto& [name, value] : request_.metadata) json_.field(name, value);
      json_.end();
    } else if (!request_.metadata.empty()) {
      lose(losses_, "metadata", "Left out: it is for the caller's own provider.");
    }
    if (!request_.user.empty()) json_.field("user", request_.user);
    // Both dialects of OpenAI have these.
    const bool family = native_ || request_.from == Dialect::openai;
    const auto put = [&](std::string_view name, const std::string& value) {
      if (value.empty()) return;
      if (family)
        json_.field(name, value);
      else
        lose(losses_, std::string(name), "Left out: it is for the caller's own provider.");
    };
    put("service_tier", request_.service_tier);
    put("prompt_cache_key", request_.prompt_cache_key);
    if (request_.safe_prompt) lose(losses_, "safe_prompt", "Left out: only Mistral knows it.");
    if (!request_.safety_settings_json.empty())
      lose(losses_, "safetySettings", "Left out: only Gemini knows them.");
    if (request_.cache) lose(losses_, "cache_control", "The provider caches prompts by itself.");
    put_others(json_, request_.others, self);
    lose_others(losses_, request_.others, self);
  }

  const ChatRequest& request_;
  const EncodeOptions& options_;
  Losses& losses_;
  const bool native_;
  JsonWriter json_;
};

}  // namespace

Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options, Losses& losses) {
  return Writer(request, options, losses).write();
}

}  // namespace bastide::dialects::responses
