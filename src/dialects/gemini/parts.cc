// Parts of contents, in requests and answers.
#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"
#include "dialects/gemini/gemini.h"

namespace bastide::dialects::gemini {
namespace {

using detail::at;
using detail::under;
using detail::wrong;

constexpr std::string_view files_host = "https://generativelanguage.googleapis.com/";

Media::Kind kind_of(std::string_view media_type) {
  if (media_type.starts_with("image/")) return Media::Kind::image;
  if (media_type.starts_with("audio/")) return Media::Kind::audio;
  if (media_type.starts_with("video/")) return Media::Kind::video;
  return Media::Kind::file;
}

/// Google's clients send either alphabet of base64, the others know one.
std::string plain_base64(std::string_view given) {
  std::string out(given);
  std::ranges::replace(out, '-', '+');
  std::ranges::replace(out, '_', '/');
  while (out.size() % 4 != 0) out += '=';
  return out;
}

Media read_inline(const object& blob) {
  Media out;
  out.media_type = text_field(blob, "mimeType");
  out.base64 = plain_base64(text_field(blob, "data"));
  out.name = text_field(blob, "displayName");
  out.kind = kind_of(out.media_type);
  return out;
}

Media read_file(const object& file) {
  Media out;
  out.media_type = text_field(file, "mimeType");
  out.name = text_field(file, "displayName");
  const auto uri = text_field(file, "fileUri");
  const bool uploaded = uri.starts_with(files_host) || uri.find("://") == std::string_view::npos;
  (uploaded ? out.file_id : out.url) = uri;
  out.kind = kind_of(out.media_type);
  return out;
}

/// Clients of this dialect read proofs as base64: another dialect's marked one is wrapped in it.
std::string proof_for_client(const std::string& signature) {
  const auto native = signature_for_provider(own, signature);
  return native.empty() ? base64(signature) : std::string(native);
}

std::string read_proof(std::string_view given) {
  if (const auto unwrapped = unbase64(given); unwrapped && is_utf8(*unwrapped))
    if (auto read = signature_read(own, *unwrapped); read == *unwrapped) return read;
  return signature_read(own, given);
}

Result<Part> read_response(const object& given, const std::string& path) {
  ToolResult out;
  out.name = text_field(given, "name");
  out.call_id = text_field(given, "id");
  if (out.name.empty()) return wrong(under(path, "name"), "the name of a function");
  if (const auto response = object_field(given, "response")) {
    // Google's convention: "output" holds what it gave, "error" what went wrong.
    const auto output = response->size() == 1 ? text_field(*response, "output") : std::string_view{};
    const auto error = response->size() == 1 ? text_field(*response, "error") : std::string_view{};
    out.is_error = !error.empty();
    out.parts.push_back(text_part(!error.empty()    ? std::string(error)
                                  : !output.empty() ? std::string(output)
                                                    : simdjson::minify(*response)));
  }
  if (const auto parts = array_field(given, "parts")) {
    std::size_t index = 0;
    for (const auto each : *parts) {
      const auto here = at(under(path, "parts"), index++);
      const auto inner = detail::as_object(each);
      if (!inner) return wrong(here, "an object");
      if (const auto blob = object_field(*inner, "inlineData"))
        out.parts.push_back(Part{read_inline(*blob)});
      else if (const auto file = object_field(*inner, "fileData"))
        out.parts.push_back(Part{read_file(*file)});
      else
        return wrong(here, "inlineData or fileData");
    }
  }
  Part part{std::move(out)};
  keep_others(given, {"name", "id", "response", "parts"}, part.others, "functionResponse.");
  return part;
}

std::string guessed_type(const Media& media) {
  if (!media.media_type.empty()) return media.media_type;
  const auto path = std::string_view(media.url).substr(0, media.url.find('?'));
  for (const auto& [ending, type] : {std::pair{".png", "image/png"},
                                     {".jpg", "image/jpeg"},
                                     {".jpeg", "image/jpeg"},
                                     {".webp", "image/webp"},
                                     {".gif", "image/gif"},
                                     {".pdf", "application/pdf"},
                                     {".mp3", "audio/mp3"},
                                     {".wav", "audio/wav"},
                                     {".mp4", "video/mp4"}})
    if (path.ends_with(ending)) return type;
  switch (media.kind) {
    case Media::Kind::image:
      return "image/jpeg";
    case Media::Kind::audio:
      return "audio/wav";
    case Media::Kind::video:
      return "video/mp4";
    default:
      return "application/pdf";
  }
}

class Writer {
 public:
  Writer(const Part& part, const std::string& path, const PartContext& context)
      : part_(part), path_(path), context_(context) {}

  std::string write() {
    std::visit([this](const auto& content) { put(content); }, part_.content);
    if (!written_) return {};
    Others mine;
    for (const auto& each : part_.others)
      if (each.name.find('.') == std::string::npos) mine.push_back(each);
    detail::write_others(json_, mine, own, path_, context_.losses);
    return json_.end().take();
  }

 private:
  void begin() {
    json_.object();
    written_ = true;
  }
  [[nodiscard]] std::string proof() const {
    if (context_.reader == Reader::client) return proof_for_client(part_.signature);
    return context_.same_model ? std::string(signature_for_provider(own, part_.signature)) : std::string();
  }
  void sign() {
    if (const auto given = proof(); !given.empty()) json_.field("thoughtSignature", given);
  }

  void put(const Text& given) {
    if (given.text.empty() && (context_.reader == Reader::provider && proof().empty())) return;
    begin();
    json_.field("text", given.text);
    sign();
  }
  void put(const Refusal& given) {
    if (given.text.empty()) return;
    begin();
    json_.field("text", given.text);
  }
  void put(const Reasoning& given) {
    std::string shown = given.text;
    for (const auto& summary : given.summaries) shown += (shown.empty() ? "" : "\n\n") + summary;
    const bool foreign = !part_.signature.empty() && signature_for_provider(own, part_.signature).empty();
    if (context_.reader == Reader::provider &&
        (foreign || !given.encrypted.empty() || !context_.same_model)) {
      lose(context_.losses, path_, "Reasoning of another model is left out.");
      return;
    }
    if (shown.empty() && part_.signature.empty()) return;
    begin();
    json_.field("text", shown).field("thought", true);
    sign();
  }
  void put(const Media& media) {
    const bool elsewhere = !media.file_id.empty() && !media.file_id.starts_with(files_host) &&
                           media.file_id.find("://") == std::string::npos &&
                           context_.reader == Reader::provider;
    if (elsewhere) {
      lose_meaning(context_.losses, path_, "The file was given to another provider.");
      return;
    }
    if (!media.detail.empty() && media.detail != "auto")
      lose(context_.losses, under(path_, "detail"), "The target chooses the resolution itself.");
    begin();
    put_media(json_, media);
  }
  static void put_media(JsonWriter& json, const Media& media) {
    if (media.url.empty() && media.file_id.empty()) {
      const bool plain = media.base64.empty();
      json.key("inlineData")
          .object()
          .field("mimeType", plain ? std::string("text/plain") : guessed_type(media))
          .field("data", plain ? base64(media.text) : media.base64)
          .end();
      return;
    }
    json.key("fileData")
        .object()
        .field("mimeType", guessed_type(media))
        .field("fileUri", media.url.empty() ? media.file_id : media.url)
        .end();
  }
  void put(const ToolCall& call) {
    auto arguments = detail::valid_object(call.arguments);
    if (call.kind == ToolCall::Kind::custom || !arguments) {
      lose(context_.losses, path_,
           "The call's arguments are no object: they are sent as its field \"input\".");
      JsonWriter wrapped;
      arguments = wrapped.object().field("input", call.arguments).end().take();
    }
    begin();
    json_.key("functionCall").object().field("name", call.name).key("args").raw(*arguments);
    if (context_.reader == Reader::client && !call.id.empty()) json_.field("id", call.id);
    json_.end();
    const auto given = proof();
    if (!given.empty())
      json_.field("thoughtSignature", given);
    else if (!context_.unsigned_mark.empty())
      json_.field("thoughtSignature", context_.unsigned_mark);
  }
  void put(const ToolResult& result) {
    begin();
    json_.key("functionResponse").object().field("name", result.name).key("response");
    const auto words = text_of(result.parts, "\n");
    const auto object = words.empty() || result.is_error ? std::nullopt : detail::valid_object(words);
    if (object)
      json_.raw(*object);
    else
      json_.object().field(result.is_error ? "error" : "output", words).end();
    bool open = false;
    for (std::size_t i = 0; i < result.parts.size(); ++i) {
      const auto* media = std::get_if<Media>(&result.parts[i].content);
      if (!media) {
        if (!std::holds_alternative<Text>(result.parts[i].content))
          lose(context_.losses, at(under(path_, "content"), i),
               "The target's tools give text and media only.");
        continue;
      }
      if (!open) json_.key("parts").array();
      open = true;
      json_.object();
      put_media(json_, *media);
      json_.end();
    }
    if (open) json_.end();
    for (const auto& each : part_.others)
      if (each.from == own && each.name.starts_with("functionResponse."))
        json_.key(each.name.substr(17)).raw(each.json);
    json_.end();
  }
  void put(const Raw& given) {
    const std::string_view whole = given.json;
    if (given.from != own || whole.size() <= 2) {
      lose(context_.losses, path_, "Another provider's own part is left out.");
      return;
    }
    begin();
    json_.fields(whole.substr(1, whole.size() - 2));
  }

  const Part& part_;
  const std::string& path_;
  const PartContext& context_;
  JsonWriter json_;
  bool written_ = false;
};

}  // namespace

Result<Part> read_part(const object& part, const std::string& path, std::string_view seed) {
  Part out;
  if (const auto call = object_field(part, "functionCall")) {
    ToolCall read;
    read.name = text_field(*call, "name");
    if (read.name.empty()) return wrong(under(path, "functionCall.name"), "the name of a function");
    read.id = text_field(*call, "id");
    if (read.id.empty()) read.id = made_id(seed);
    if (const auto arguments = object_field(*call, "args"); arguments && arguments->size() > 0)
      read.arguments = simdjson::minify(*arguments);
    out.content = std::move(read);
  } else if (const auto response = object_field(part, "functionResponse")) {
    auto read = read_response(*response, under(path, "functionResponse"));
    if (!read) return read;
    out = std::move(*read);
  } else if (const auto blob = object_field(part, "inlineData")) {
    out.content = read_inline(*blob);
  } else if (const auto file = object_field(part, "fileData")) {
    out.content = read_file(*file);
  } else if (const auto words = field(part, "text")) {
    const auto plain = detail::as_text(*words);
    if (!plain) return wrong(under(path, "text"), "a text");
    const auto thought = field(part, "thought");
    if (thought && detail::as_flag(*thought).value_or(false))
      out.content = Reasoning{std::string(*plain)};
    else
      out.content = Text{std::string(*plain)};
  } else {
    const auto first = part.begin();
    if (first == part.end()) return wrong(path, "a part with text, inlineData, fileData or a function");
    return Part{Raw{own, std::string(first.key()), simdjson::minify(part)}};
  }
  out.signature = read_proof(text_field(part, "thoughtSignature"));
  keep_others(
      part,
      {"text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse"},
      out.others);
  return out;
}

std::string write_part(const Part& part, const std::string& path, const PartContext& context) {
  return Writer(part, path, context).write();
}

}  // namespace bastide::dialects::gemini
