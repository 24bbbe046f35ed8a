#include "http_api/model_calls/left_files.h"

#include <algorithm>

#include "base/crypto.h"

namespace bastide::http_api {
namespace {

using dialects::Media;

// As base 64 this is what a call may be long.
constexpr std::size_t bytes_max = 40 * 1024 * 1024;

bool is_left(const Media& media) { return files::is_file_id(media.file_id); }

bool names_one(const std::vector<dialects::Part>& parts) {
  return std::ranges::any_of(parts, [](const dialects::Part& part) {
    if (const auto* media = std::get_if<Media>(&part.content)) return is_left(*media);
    const auto* result = std::get_if<dialects::ToolResult>(&part.content);
    return result && names_one(result->parts);
  });
}

/// By its first bytes, where its sender did not say it.
std::string image_type_of(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("GIF8")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  return {};
}

class Putting {
 public:
  Putting(files::Files& files, const ReadText& read_text, std::string_view person)
      : files_(files), read_text_(read_text), person_(person) {}

  Result<void> parts(std::vector<dialects::Part>& list) {
    for (auto& part : list) {
      Result<void> put;
      if (auto* medium = std::get_if<Media>(&part.content); medium && is_left(*medium))
        put = media(*medium);
      else if (auto* result = std::get_if<dialects::ToolResult>(&part.content))
        put = parts(result->parts);
      if (!put) return put;
    }
    return {};
  }

 private:
  Result<void> media(Media& media) {
    auto file = files_.find(media.file_id, person_);
    if (!file && file.error().code == Code::not_found)
      return fail(Code::invalid, "There is no file of this id.", "invalid_file_id",
                  "Send the file to /v1/files first, with a key of the same person.");
    if (!file) return pass(file);
    auto bytes = files_.read(*file, bytes_max - taken_);
    if (!bytes) return pass(bytes);
    taken_ += bytes->size();
    media.file_id.clear();
    if (media.name.empty()) media.name = file->name;
    const auto image = image_type_of(*bytes);
    if (media.kind == Media::Kind::image && image.empty())
      return fail(Code::unsupported, "The file is no image in PNG, JPEG, GIF or WebP.", "unsupported_type",
                  "Name it as a file, or convert it.");
    if (media.kind == Media::Kind::file && image.empty()) return document(media, *file, *bytes);
    if (media.kind == Media::Kind::file) media.kind = Media::Kind::image;
    media.media_type = image.empty() ? file->media_type : image;
    media.base64 = base64(*bytes);
    return {};
  }

  Result<void> document(Media& media, const files::StoredFile& file, const std::string& bytes) {
    const bool said = file.media_type != "application/octet-stream";
    auto text = read_text_(bytes, file.name, said ? file.media_type : "");
    if (text) {
      media.text = std::move(*text);
      media.media_type = "text/plain";
      return {};
    }
    // A scan, or of a kind that is not read here: the model may know what to do with it.
    const auto& why = text.error().detail;
    if (why != "no_text" && why != "unsupported_type") return pass(text);
    media.media_type = bytes.starts_with("%PDF-") ? "application/pdf" : file.media_type;
    media.base64 = base64(bytes);
    return {};
  }

  files::Files& files_;
  const ReadText& read_text_;
  const std::string_view person_;
  std::size_t taken_ = 0;
};

}  // namespace

bool names_left_file(const dialects::ChatRequest& request) {
  return std::ranges::any_of(request.messages,
                             [](const dialects::Message& message) { return names_one(message.parts); });
}

Result<void> put_left_files(files::Files& files, const ReadText& read_text, std::string_view person,
                            dialects::ChatRequest& request) {
  Putting putting(files, read_text, person);
  for (auto& message : request.messages)
    if (auto put = putting.parts(message.parts); !put) return put;
  return {};
}

}  // namespace bastide::http_api
