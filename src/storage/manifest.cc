#include "storage/manifest.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace bastide::storage::detail {
namespace {
constexpr std::string_view format_name = "bastide-backup";
constexpr int format_version = 1;
}  // namespace

std::string manifest_json(const Manifest& manifest) {
  JsonWriter json;
  json.object().field("format", format_name).field("version", format_version);
  json.field("created_at", rfc3339(manifest.created_at)).field("created_at_ms", manifest.created_at);
  json.key("files").array();
  for (const auto& file : manifest.files)
    json.object().field("name", file.name).field("sha256", file.sha256).field("bytes", file.bytes).end();
  json.end().field("blobs", manifest.blobs).key("damaged").array();
  for (const auto& name : manifest.damaged) json.value(name);
  json.end().end();
  return json.take();
}

Result<Manifest> parse_manifest(std::string_view text) {
  auto bad = [] {
    return fail(Code::corrupt, "The archive is no backup of bastide.", "no_manifest", "Use another file.");
  };
  auto json = parse_json(text, 8);
  if (!json || !json->is_object() || json->value("format", "") != format_name) return bad();
  try {
    if (json->at("version").get<int>() > format_version)
      return fail(Code::unsupported, "The backup was made by a newer version of bastide.", "newer_backup",
                  "Restore it with that version.");
    Manifest out;
    out.created_at = json->at("created_at_ms").get<UnixMillis>();
    for (const auto& file : json->at("files"))
      out.files.push_back({file.at("name").get<std::string>(), file.at("sha256").get<std::string>(),
                           file.at("bytes").get<std::uint64_t>()});
    out.blobs = json->at("blobs").get<std::uint64_t>();
    out.damaged = json->at("damaged").get<std::vector<std::string>>();
    return out;
  } catch (const nlohmann::json::exception&) {
    return bad();
  }
}

}  // namespace bastide::storage::detail
