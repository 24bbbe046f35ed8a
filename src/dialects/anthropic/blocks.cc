// Content blocks, in requests, answers and the starts of streamed blocks.
#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/text.h"
#include "dialects/anthropic/anthropic.h"

namespace bastide::dialects::anthropic {
namespace {

using detail::array_at;
using detail::at;
using detail::object_at;
using detail::text;
using detail::under;
using detail::wrong;

constexpr auto own = Dialect::anthropic;

/// Whether `source` could be read into `media`.
bool read_source(const object& source, Media& media) {
  const auto type = text(source, "type");
  media.media_type = text(source, "media_type");
  if (type == "base64")
    media.base64 = text(source, "data");
  else if (type == "url")
    media.url = text(source, "url");
  else if (type == "file")
    media.file_id = text(source, "file_id");
  else if (type == "text")
    media.text = text(source, "data");
  else
    return false;
  return true;
}

Result<Part> read_tool_result(const object& block, const std::string& path) {
  ToolResult out;
  out.call_id = text(block, "tool_use_id");
  if (out.call_id.empty()) return wrong(under(path, "tool_use_id"), "the id of a tool_use block");
  bool is_error = false;
  out.is_error = block["is_error"].get(is_error) == simdjson::SUCCESS && is_error;
  const auto content = text(block, "content");
  if (!content.empty()) out.parts.push_back(text_part(std::string(content)));
  if (const auto list = array_at(block, "content")) {
    std::size_t index = 0;
    for (const auto each : *list) {
      const auto inner_path = at(under(path, "content"), index++);
      const auto inner = detail::as_object(each);
      if (!inner || text(*inner, "type") == "tool_result") return wrong(inner_path, "a content block");
      auto part = read_block(*inner, inner_path);
      if (!part) return part;
      out.parts.push_back(std::move(*part));
    }
  }
  Part part{std::move(out)};
  detail::keep_others(block, {"type", "tool_use_id", "content", "is_error", "cache_control"}, own,
                      part.others);
  return part;
}

Part read_text(const object& block) {
  Text out{std::string(text(block, "text"))};
  if (const auto list = array_at(block, "citations"))
    for (const auto each : *list)
      if (const auto citation = detail::as_object(each)) out.citations.push_back(read_citation(*citation));
  Part part{std::move(out)};
  detail::keep_others(block, {"type", "text", "citations", "cache_control"}, own, part.others);
  return part;
}

Result<Part> read_media(const object& block, const std::string& path, Media::Kind kind) {
  const auto source = object_at(block, "source");
  if (!source) return wrong(under(path, "source"), "an object");
  Media out;
  out.kind = kind;
  if (!read_source(*source, out))
    return Part{Raw{own, std::string(text(block, "type")), simdjson::minify(block)}};
  out.name = text(block, "title");
  Part part{std::move(out)};
  detail::keep_others(block, {"type", "source", "title", "cache_control"}, own, part.others);
  return part;
}

void write_source(JsonWriter& json, const Media& media) {
  json.key("source").object();
  if (!media.base64.empty())
    json.field("type", "base64").field("media_type", media.media_type).field("data", media.base64);
  else if (!media.url.empty())
    json.field("type", "url").field("url", media.url);
  else if (!media.file_id.empty())
    json.field("type", "file").field("file_id", media.file_id);
  else
    json.field("type", "text").field("media_type", "text/plain").field("data", media.text);
  json.end();
}

/// "image" or "document" where this dialect takes the medium, else "".
std::string_view block_of(const Media& media) {
  if (media.kind == Media::Kind::image) return "image";
  if (media.kind != Media::Kind::file) return {};
  const bool readable = media.base64.empty() || media.media_type == "application/pdf";
  return readable ? "document" : std::string_view{};
}

class Writer {
 public:
  Writer(const Part& part, const std::string& path, const BlockContext& context)
      : part_(part), path_(path), context_(context) {}

  std::string write() {
    std::visit([this](const auto& content) { put(content); }, part_.content);
    if (!written_) return {};
    detail::write_others(json_, part_.others, own, path_, context_.losses);
    if (cacheable_) write_cache(json_, part_.cache);
    return json_.end().take();
  }

 private:
  void begin(std::string_view type) {
    json_.object().field("type", type);
    written_ = true;
  }

  void put(const Text& given) {
    if (trim(given.text).empty() && context_.reader == Reader::provider) return;  // refused when empty
    begin("text");
    json_.field("text", given.text);
    std::string citations;
    for (const auto& citation : given.citations) {
      const bool mine = context_.reader == Reader::client || citation.raw.from == own;
      const auto one = mine ? write_citation(citation) : std::string();
      if (one.empty()) {
        lose(context_.losses, under(path_, "citations"), "The target cannot be told this citation.");
        continue;
      }
      citations += (citations.empty() ? "" : ",") + one;
    }
    if (!citations.empty()) json_.key("citations").raw('[' + citations + ']');
  }

  void put(const Media& given) {
    auto media = given;
    if (media.kind == Media::Kind::file && media.media_type.starts_with("text/") && !media.base64.empty())
      if (auto plain = unbase64(media.base64); plain && is_utf8(*plain)) {
        media.text = std::move(*plain);
        media.base64.clear();
      }
    const auto type = block_of(media);
    const bool address = media.url.starts_with("http://") || media.url.starts_with("https://");
    if (type.empty() || (!media.url.empty() && !address)) {
      lose_meaning(context_.losses, path_, "This model takes images, PDF and text files only.");
      return;
    }
    if (!media.detail.empty() && media.detail != "auto")
      lose(context_.losses, under(path_, "detail"), "The target chooses the resolution itself.");
    begin(type);
    write_source(json_, media);
    if (type == "document" && !media.name.empty()) json_.field("title", media.name);
  }

  void put(const ToolCall& call) {
    auto input = detail::valid_object(call.arguments);
    if (call.kind == ToolCall::Kind::custom || !input) {
      // Plain text as the only field, for a dialect whose tools read objects.
      lose(context_.losses, path_,
           "The call's arguments are no object: they are sent as its field \"input\".");
      JsonWriter wrapped;
      input = wrapped.object().field("input", call.arguments).end().take();
    }
    begin("tool_use");
    json_.field("id", detail::call_id(call.id, detail::IdCharacters::word, 1, 128))
        .field("name", call.name)
        .key("input")
        .raw(*input);
  }

  void put(const ToolResult& result) {
    begin("tool_result");
    json_.field("tool_use_id", detail::call_id(result.call_id, detail::IdCharacters::word, 1, 128));
    std::string content;
    for (std::size_t i = 0; i < result.parts.size(); ++i) {
      const auto block = write_block(result.parts[i], at(under(path_, "content"), i), context_);
      if (!block.empty()) content += (content.empty() ? "" : ",") + block;
    }
    if (!content.empty()) json_.key("content").raw('[' + content + ']');
    if (result.is_error) json_.field("is_error", true);
  }

  void put(const Reasoning& thought) {
    cacheable_ = false;
    if (context_.reader == Reader::provider) {
      const auto sealed = signature_for_provider(own, thought.encrypted);
      const auto proof = signature_for_provider(own, part_.signature);
      if (!context_.same_model || (sealed.empty() && proof.empty())) {
        lose(context_.losses, path_, "Reasoning of another model is left out.");
        return;
      }
      if (!sealed.empty()) {
        begin("redacted_thinking");
        json_.field("data", sealed);
        return;
      }
      begin("thinking");
      json_.field("thinking", thought.text).field("signature", proof);
      return;
    }
    if (!thought.encrypted.empty() && thought.text.empty() && thought.summaries.empty()) {
      begin("redacted_thinking");
      json_.field("data", signature_for_client(own, thought.encrypted));
      return;
    }
    std::string shown = thought.text;
    for (const auto& summary : thought.summaries) shown += (shown.empty() ? "" : "\n\n") + summary;
    begin("thinking");
    json_.field("thinking", shown).field("signature", signature_for_client(own, part_.signature));
  }

  void put(const Refusal& refusal) {
    if (refusal.text.empty()) return;
    begin("text");
    json_.field("text", refusal.text);
  }

  void put(const Raw& given) {
    if (given.from != own) {
      lose(context_.losses, path_, "Another provider's own part is left out.");
      return;
    }
    cacheable_ = false;  // its own marker stands within
    const std::string_view whole = given.json;
    written_ = whole.size() > 2 && whole.front() == '{' && whole.back() == '}';
    if (written_) json_.object().fields(whole.substr(1, whole.size() - 2));
  }

  const Part& part_;
  const std::string& path_;
  const BlockContext& context_;
  JsonWriter json_;
  bool written_ = false;
  bool cacheable_ = true;
};

}  // namespace

std::optional<CacheMarker> read_cache(const object& from) {
  const auto marker = object_at(from, "cache_control");
  if (!marker) return std::nullopt;
  return CacheMarker{std::string(text(*marker, "ttl"))};
}

void write_cache(JsonWriter& json, const std::optional<CacheMarker>& cache) {
  if (!cache) return;
  json.key("cache_control").object().field("type", "ephemeral");
  if (!cache->ttl.empty()) json.field("ttl", cache->ttl);
  json.end();
}

Citation read_citation(const object& from) {
  Citation out;
  out.url = text(from, "url");
  if (out.url.empty()) out.url = text(from, "source");
  out.title = text(from, "title");
  if (out.title.empty()) out.title = text(from, "document_title");
  out.file_id = text(from, "file_id");
  out.quote = text(from, "cited_text");
  out.raw = {own, std::string(text(from, "type")), simdjson::minify(from)};
  return out;
}

std::string write_citation(const Citation& citation) {
  if (citation.raw.from == own && !citation.raw.json.empty()) return citation.raw.json;
  if (citation.url.empty()) return {};
  JsonWriter json;
  return json.object()
      .field("type", "web_search_result_location")
      .field("cited_text", citation.quote)
      .field("encrypted_index", "")
      .field("title", citation.title)
      .field("url", citation.url)
      .end()
      .take();
}

Result<Part> read_block(const object& block, const std::string& path) {
  const auto type = text(block, "type");
  if (type.empty()) return wrong(under(path, "type"), "the type of a content block");
  Result<Part> out = Part{Raw{own, std::string(type), simdjson::minify(block)}};
  if (type == "text") {
    out = read_text(block);
  } else if (type == "image") {
    out = read_media(block, path, Media::Kind::image);
  } else if (type == "document") {
    out = read_media(block, path, Media::Kind::file);
  } else if (type == "thinking") {
    out = Part{Reasoning{std::string(text(block, "thinking"))}};
    out->signature = signature_read(own, text(block, "signature"));
  } else if (type == "redacted_thinking") {
    Reasoning sealed;
    sealed.encrypted = signature_read(own, text(block, "data"));
    out = Part{std::move(sealed)};
  } else if (type == "tool_use") {
    const auto name = text(block, "name");
    const auto id = text(block, "id");
    if (name.empty() || id.empty()) return wrong(path, "a tool_use block with id and name");
    const auto input = object_at(block, "input");
    out = Part{ToolCall{std::string(id), std::string(name),
                        input && input->size() > 0 ? simdjson::minify(*input) : std::string()}};
    detail::keep_others(block, {"type", "id", "name", "input", "cache_control"}, own, out->others);
  } else if (type == "tool_result") {
    out = read_tool_result(block, path);
  } else {
    return out;  // whole, with its cache marker
  }
  if (out && !std::holds_alternative<Raw>(out->content)) out->cache = read_cache(block);
  return out;
}

std::string write_block(const Part& part, const std::string& path, const BlockContext& context) {
  return Writer(part, path, context).write();
}

}  // namespace bastide::dialects::anthropic
