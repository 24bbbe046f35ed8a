// Items of responses as neutral parts.
#include <algorithm>
#include <array>

#include "dialects/responses/responses.h"
#include "dialects/signature.h"

namespace bastide::dialects::responses {
namespace {

Result<Part> read_media(std::string_view type, const object& fields) {
  Media media;
  media.file_id = text(fields, "file_id");
  media.name = text(fields, "filename");
  media.detail = text(fields, "detail");
  if (type == "input_image") {
    put_url(media, text(fields, "image_url"));
  } else if (type == "input_file") {
    media.kind = Media::Kind::file;
    media.url = text(fields, "file_url");
    if (const auto data = text(fields, "file_data"); !data.empty()) {
      Media content;
      put_url(content, data);
      media.media_type = content.media_type;
      media.base64 = content.base64.empty() ? content.url : content.base64;
    }
  } else {
    media.kind = Media::Kind::audio;
    if (const auto inner = object_at(fields, "input_audio")) {
      media.base64 = text(*inner, "data");
      const auto format = text(*inner, "format");
      media.media_type = format == "mp3" ? "audio/mpeg" : "audio/" + std::string(format);
    }
  }
  if (media.file_id.empty() && url_of(media).empty()) return wrong(type, "an address, a file_id or data");
  return Part{std::move(media)};
}

Result<Part> read_content_part(const object& fields) {
  const auto type = text(fields, "type");
  if (type == "input_text" || type == "output_text" || type == "text" || type == "summary_text") {
    Text out{std::string(text(fields, "text"))};
    if (const auto notes = array_at(fields, "annotations"))
      for (const auto each : *notes) out.citations.push_back(read_annotation(each));
    return Part{std::move(out)};
  }
  if (type == "refusal") return Part{Refusal{std::string(text(fields, "refusal"))}};
  if (type == "input_image" || type == "input_file" || type == "input_audio") return read_media(type, fields);
  return Part{Raw{self, std::string(type), raw(fields)}};
}

Part read_reasoning(const object& item) {
  Reasoning out;
  if (const auto list = array_at(item, "summary"))
    for (const auto each : *list)
      if (const auto fields = as_object(each)) out.summaries.emplace_back(text(*fields, "text"));
  if (const auto list = array_at(item, "content"))
    for (const auto each : *list)
      if (const auto fields = as_object(each)) out.text += text(*fields, "text");
  const auto sealed = text(item, "encrypted_content");
  const bool proof =
      !out.text.empty() && signature_read(self, sealed) == sealed;  // marked: of another dialect
  Part part;
  if (proof)
    part.signature = sealed;
  else
    out.encrypted = sealed;
  part.content = std::move(out);
  return part;
}

void keep_others(const object& item, std::initializer_list<std::string_view> known, Others& out) {
  for (const auto [name, value] : item)
    if (!value.is_null() && name != "type" && name != "id" && std::ranges::find(known, name) == known.end())
      out.push_back({self, std::string(name), raw(value)});
}

}  // namespace

Citation read_annotation(element annotation) {
  Citation out;
  out.raw = {self, "annotation", raw(annotation)};
  const auto fields = as_object(annotation);
  if (!fields) return out;
  out.url = text(*fields, "url");
  out.title = text(*fields, "title");
  out.file_id = text(*fields, "file_id");
  element offset;
  if ((*fields)["start_index"].get(offset) == simdjson::SUCCESS) out.start = as_integer(offset).value_or(-1);
  if ((*fields)["end_index"].get(offset) == simdjson::SUCCESS) out.end = as_integer(offset).value_or(-1);
  return out;
}

Result<std::vector<Part>> read_content(element content) {
  std::vector<Part> out;
  if (content.is_null()) return out;
  if (const auto plain = as_text(content)) {
    out.push_back(text_part(std::string(*plain)));
    return out;
  }
  const auto list = as_array(content);
  if (!list || list->size() > parts_max) return wrong("content", "a text or a list of parts");
  for (const auto each : *list) {
    const auto fields = as_object(each);
    if (!fields) return wrong("content", "a text or a list of parts");
    auto part = read_content_part(*fields);
    if (!part) return pass(part);
    out.push_back(std::move(*part));
  }
  return out;
}

Result<std::vector<Part>> read_item(const object& item) {
  const auto type = text(item, "type");
  std::vector<Part> out;
  if (type == "message" || (type.empty() && !text(item, "role").empty())) {
    element content;
    if (item["content"].get(content) != simdjson::SUCCESS)
      return wrong("content", "a text or a list of parts");
    auto parts = read_content(content);
    if (!parts) return pass(parts);
    out = std::move(*parts);
    if (!out.empty()) keep_others(item, {"role", "content", "status"}, out.front().others);
  } else if (type == "function_call" || type == "custom_tool_call") {
    const bool custom = type == "custom_tool_call";
    ToolCall call{std::string(text(item, "call_id")), std::string(text(item, "name")),
                  std::string(text(item, custom ? "input" : "arguments")),
                  custom ? ToolCall::Kind::custom : ToolCall::Kind::function};
    out.push_back(Part{std::move(call)});
    const auto extra = object_at(item, "extra_content");
    const auto google = extra ? object_at(*extra, "google") : std::nullopt;
    if (google) out.back().signature = text(*google, "thought_signature");
    keep_others(item, {"call_id", "name", "input", "arguments", "status", google ? "extra_content" : ""},
                out.back().others);
  } else if (type == "function_call_output" || type == "custom_tool_call_output") {
    ToolResult result;
    result.call_id = text(item, "call_id");
    if (type == "custom_tool_call_output") result.kind = ToolCall::Kind::custom;
    element output;
    if (item["output"].get(output) != simdjson::SUCCESS) return wrong("output", "a text or a list of parts");
    auto parts = read_content(output);
    if (!parts) return pass(parts);
    result.parts = std::move(*parts);
    out.push_back(Part{std::move(result)});
    keep_others(item, {"call_id", "output", "status"}, out.back().others);
  } else if (type == "reasoning") {
    out.push_back(read_reasoning(item));
    keep_others(item, {"summary", "content", "encrypted_content", "status"}, out.back().others);
  } else {
    out.push_back(Part{Raw{self, std::string(type), raw(item)}});
  }
  for (auto& part : out) part.id = text(item, "id");
  return out;
}

}  // namespace bastide::dialects::responses
