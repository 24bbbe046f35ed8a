// Messages and tools of chat completions as neutral values.
#include <algorithm>
#include <iterator>

#include "dialects/openai/openai.h"

namespace bastide::dialects::detail {
namespace {

std::unexpected<Error> wrong_content() { return wrong("content", "a text or a list of parts"); }

/// "wav" and "mp3" are what the dialect calls them.
std::string media_type_of_audio(std::string_view format) {
  if (format.empty()) return {};
  return format == "mp3" ? "audio/mpeg" : "audio/" + std::string(format);
}

std::optional<CacheMarker> cache_of(const object& fields) {
  const auto marker = object_at(fields, "cache_control");
  if (!marker) return std::nullopt;
  return CacheMarker{std::string(text(*marker, "ttl"))};
}

Part raw_part(Dialect self, std::string_view type, const object& fields) {
  return Part{Raw{self, std::string(type), raw(fields)}};
}

Result<Part> read_part(Dialect self, const object& fields) {
  const auto type = text(fields, "type");
  Part out;
  out.cache = cache_of(fields);
  if (type == "text" || type == "input_text" || type == "output_text") {
    element value;
    if (fields["text"].get(value) != simdjson::SUCCESS || !value.is_string())
      return wrong("content.text", "a text");
    out.content = Text{std::string(text(fields, "text"))};
    return out;
  }
  if (type == "image_url" || type == "video_url" || type == "document_url") {
    Media media;
    media.kind = type == "image_url"   ? Media::Kind::image
                 : type == "video_url" ? Media::Kind::video
                                       : Media::Kind::file;
    element value;
    if (fields[type].get(value) != simdjson::SUCCESS) return wrong(type, "a URL");
    if (const auto url = as_text(value)) {
      put_url(media, *url);
    } else if (const auto inner = as_object(value)) {
      put_url(media, text(*inner, "url"));
      media.detail = text(*inner, "detail");
    }
    if (url_of(media).empty()) return wrong(type, "a URL");
    media.name = text(fields, "document_name");
    out.content = std::move(media);
    return out;
  }
  if (type == "input_audio") {
    Media media;
    media.kind = Media::Kind::audio;
    element value;
    if (fields["input_audio"].get(value) != simdjson::SUCCESS) return wrong("input_audio", "an object");
    if (const auto plain = as_text(value)) {  // Mistral: base64 or a URL
      plain->starts_with("http") ? put_url(media, *plain) : void(media.base64 = *plain);
    } else if (const auto inner = as_object(value)) {
      media.base64 = text(*inner, "data");
      media.media_type = media_type_of_audio(text(*inner, "format"));
    }
    if (url_of(media).empty()) return wrong("input_audio", "base64 data with its format");
    out.content = std::move(media);
    return out;
  }
  if (type == "file") {
    const auto inner = object_at(fields, "file");
    Media media;
    media.kind = Media::Kind::file;
    if (inner) {
      media.file_id = text(*inner, "file_id");
      media.name = text(*inner, "filename");
      put_url(media, text(*inner, "file_data"));
      if (!media.url.empty() && !media.url.starts_with("http")) std::swap(media.url, media.base64);
    } else {
      media.file_id = text(fields, "file_id");  // Mistral
    }
    if (media.file_id.empty() && url_of(media).empty()) return wrong("file", "a file_id or file_data");
    out.content = std::move(media);
    return out;
  }
  if (type == "refusal") {
    out.content = Refusal{std::string(text(fields, "refusal"))};
    return out;
  }
  if (type == "thinking") {
    Reasoning reasoning;
    if (const auto list = array_at(fields, "thinking")) {
      for (const auto each : *list)
        if (const auto inner = as_object(each)) reasoning.text += text(*inner, "text");
    } else {
      reasoning.text = text(fields, "thinking");
    }
    out.content = std::move(reasoning);
    out.signature = text(fields, "signature");
    return out;
  }
  return raw_part(self, type, fields);
}

Result<ToolCall> read_call(const object& fields, Others& others, Dialect self, std::string& signature) {
  ToolCall out;
  out.id = text(fields, "id");
  if (const auto custom = object_at(fields, "custom")) {
    out.kind = ToolCall::Kind::custom;
    out.name = text(*custom, "name");
    out.arguments = text(*custom, "input");
  } else if (const auto function = object_at(fields, "function")) {
    out.name = text(*function, "name");
    element arguments;
    if ((*function)["arguments"].get(arguments) == simdjson::SUCCESS)
      out.arguments = arguments.is_string() ? std::string(*as_text(arguments)) : raw(arguments);
  } else {
    return wrong("tool_calls", "a list of calls with a function each");
  }
  for (const auto [name, value] : fields) {
    if (name == "id" || name == "type" || name == "index" || name == "custom" || name == "function") continue;
    if (name == "extra_content") {  // how Gemini's signatures travel in this dialect
      if (const auto inner = as_object(value))
        if (const auto google = object_at(*inner, "google")) signature = text(*google, "thought_signature");
      if (!signature.empty()) continue;
    }
    if (!value.is_null()) others.push_back({self, std::string(name), raw(value)});
  }
  return out;
}

/// What thinking blocks of Anthropic become on the way through this dialect, and back.
void read_thinking_blocks(const array& blocks, std::vector<Part>& parts) {
  for (const auto each : blocks) {
    const auto block = as_object(each);
    if (!block) continue;
    Part part{Reasoning{std::string(text(*block, "thinking"))}};
    std::get<Reasoning>(part.content).encrypted = text(*block, "data");
    part.signature = text(*block, "signature");
    parts.push_back(std::move(part));
  }
}

}  // namespace

Result<std::vector<Part>> read_openai_content(Dialect self, element content) {
  std::vector<Part> out;
  if (content.is_null()) return out;
  if (const auto plain = as_text(content)) {
    out.push_back(text_part(std::string(*plain)));
    return out;
  }
  const auto list = as_array(content);
  if (!list) return wrong_content();
  if (list->size() > parts_max) return wrong("content", "a list of at most 4,096 parts");
  for (const auto each : *list) {
    if (const auto plain = as_text(each)) {
      out.push_back(text_part(std::string(*plain)));
      continue;
    }
    const auto fields = as_object(each);
    if (!fields) return wrong_content();
    auto part = read_part(self, *fields);
    if (!part) return pass(part);
    out.push_back(std::move(*part));
  }
  return out;
}

Result<Message> read_openai_message(Dialect self, const object& message) {
  Message out;
  const auto role = text(message, "role");
  if (role == "user") {
    out.role = Role::user;
  } else if (role == "assistant") {
    out.role = Role::assistant;
  } else if (role == "system") {
    out.role = Role::system;
  } else if (role == "developer") {
    out.role = Role::developer;
  } else if (role == "tool" || role == "function") {
    out.role = Role::tool;
  } else {
    return wrong("messages", "a list whose roles are system, developer, user, assistant or tool");
  }
  std::string reasoning;
  std::vector<Part> thinking;
  std::vector<Part> content;
  std::vector<Part> calls;
  ToolResult result;
  for (const auto [name, value] : message) {
    if (value.is_null() || name == "role") continue;
    if (name == "content") {
      auto parts = read_openai_content(self, value);
      if (!parts) return pass(parts);
      content = std::move(*parts);
    } else if (name == "name") {
      out.name = as_text(value).value_or("");
    } else if (name == "prefix") {
      out.prefix = as_flag(value).value_or(false);
    } else if (name == "tool_call_id" && out.role == Role::tool) {
      result.call_id = as_text(value).value_or("");
    } else if (name == "refusal" && value.is_string()) {
      content.push_back(Part{Refusal{std::string(*as_text(value))}});
    } else if ((name == "reasoning_content" || name == "reasoning") && value.is_string()) {
      reasoning = *as_text(value);
    } else if (name == "thinking_blocks" && value.is_array()) {
      read_thinking_blocks(*as_array(value), thinking);
    } else if (name == "tool_calls" && out.role == Role::assistant) {
      const auto list = as_array(value);
      if (!list || list->size() > tools_max) return wrong("tool_calls", "a list of calls");
      for (const auto each : *list) {
        const auto fields = as_object(each);
        if (!fields) return wrong("tool_calls", "a list of calls");
        Part part;
        auto call = read_call(*fields, part.others, self, part.signature);
        if (!call) return pass(call);
        part.content = std::move(*call);
        calls.push_back(std::move(part));
      }
    } else {
      out.others.push_back({self, std::string(name), raw(value)});
    }
  }
  if (out.role == Role::tool) {
    result.name = std::exchange(out.name, {});
    result.parts = std::move(content);
    out.parts.push_back(Part{std::move(result)});
    return out;
  }
  if (thinking.empty() && !reasoning.empty()) thinking.push_back(Part{Reasoning{std::move(reasoning)}});
  for (auto* list : {&thinking, &content, &calls}) std::ranges::move(*list, std::back_inserter(out.parts));
  return out;
}

Result<void> read_openai_tools(Dialect self, element given, ChatRequest& out) {
  const auto list = as_array(given);
  if (!list || list->size() > tools_max) return wrong("tools", "a list of at most 1,024 tools");
  for (const auto each : *list) {
    const auto fields = as_object(each);
    if (!fields) return wrong("tools", "a list of objects");
    const auto type = text(*fields, "type");
    const auto function = object_at(*fields, "function");
    const auto custom = object_at(*fields, "custom");
    if (!function && !custom) {
      out.server_tools.push_back({self, std::string(type), raw(each)});
      continue;
    }
    Tool tool;
    tool.kind = function ? ToolCall::Kind::function : ToolCall::Kind::custom;
    tool.cache = cache_of(*fields);
    const auto& inner = function ? *function : *custom;
    for (const auto [name, value] : inner) {
      if (value.is_null()) continue;
      if (name == "name")
        tool.name = as_text(value).value_or("");
      else if (name == "description")
        tool.description = as_text(value).value_or("");
      else if (name == "parameters" && value.is_object())
        tool.schema_json = raw(value);
      else if (name == "strict" && value.is_bool())
        tool.strict = as_flag(value);
      else
        tool.others.push_back({self, std::string(name), raw(value)});
    }
    if (tool.name.empty()) return wrong("tools", "a list of functions with a name each");
    out.tools.push_back(std::move(tool));
  }
  return {};
}

}  // namespace bastide::dialects::detail
