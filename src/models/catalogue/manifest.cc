#include "models/catalogue/manifest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "models/gguf/shards.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t manifest_max_bytes = 64 * 1024;
constexpr std::size_t manifests_max = 1000;
constexpr std::string_view catalogue_file = "catalogue.json";  // what can be fetched: installable.h

void put_range(JsonWriter& json, std::string_view name, const Range& range) {
  json.key(name).array().value(range.low).value(range.high).end();
}

Range get_range(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_array() || found->size() != 2 || !(*found)[0].is_number() ||
      !(*found)[1].is_number())
    return {};
  return {(*found)[0].get<double>(), (*found)[1].get<double>()};
}

std::vector<std::string> get_words(const nlohmann::json& json, const char* name) {
  std::vector<std::string> out;
  const auto found = json.find(name);
  if (found != json.end() && found->is_array())
    for (const auto& word : *found)
      if (word.is_string()) out.push_back(word.get<std::string>());
  return out;
}

std::string get_text(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t get_number(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// {"file","bytes","sha256","modified_ns"} of an object that is open; the file stands beside its description.
void put_file(JsonWriter& json, const ModelFile& file) {
  json.field("file", fs::path(file.file).filename().string());
  json.field("bytes", file.bytes).field("sha256", file.sha256).field("modified_ns", file.modified_ns);
}

/// Nothing where a name has a path in it, which is not ours, or there is no size.
std::optional<ModelFile> get_file(const nlohmann::json& json, const std::string& folder) {
  if (!json.is_object()) return std::nullopt;
  const std::string name = get_text(json, "file");
  const auto bytes = get_number(json, "bytes");
  if (name.empty() || name.find('/') != std::string::npos || name.front() == '.' || bytes <= 0)
    return std::nullopt;
  return ModelFile{folder + "/" + name, static_cast<std::uint64_t>(bytes), get_text(json, "sha256"),
                   get_number(json, "modified_ns")};
}

void put_words(JsonWriter& json, std::string_view name, const std::vector<std::string>& words) {
  json.key(name).array();
  for (const auto& word : words) json.value(word);
  json.end();
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::embedding:
      return "embedding";
    case Kind::reranker:
      return "reranker";
    case Kind::adapter:
      return "adapter";
    default:
      return "chat";
  }
}

Kind kind_of(std::string_view name) {
  for (const auto kind : {Kind::embedding, Kind::reranker, Kind::adapter})
    if (name == kind_name(kind)) return kind;
  return Kind::chat;
}

bool is_pooling(std::string_view name) { return name == "mean" || name == "cls" || name == "last"; }

std::string_view main_capability(Kind kind) {
  switch (kind) {
    case Kind::embedding:
      return "embeddings";
    case Kind::reranker:
      return "rerank";
    default:
      return "chat";
  }
}

bool is_model_id(std::string_view id) {
  return !id.empty() && id.size() <= 80 && id.front() != '.' && id.front() != '-' &&
         !id.ends_with(".mmproj") && !gguf::parse_shard_name(fmt::format("{}.gguf", id)) &&
         std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
         });
}

std::string called(const Manifest& manifest) {
  return manifest.kind == Kind::adapter ? manifest.base + ":" + manifest.id : manifest.id;
}

std::vector<ModelFile> weights_of(const Manifest& manifest) {
  std::vector<ModelFile> out{{manifest.file, manifest.bytes, manifest.sha256, manifest.modified_ns}};
  out.insert(out.end(), manifest.shards.begin(), manifest.shards.end());
  return out;
}

void set_weights(Manifest& manifest, std::vector<ModelFile> files) {
  auto& first = files.front();
  manifest.file = std::move(first.file);
  manifest.bytes = first.bytes;
  manifest.sha256 = std::move(first.sha256);
  manifest.modified_ns = first.modified_ns;
  files.erase(files.begin());
  manifest.shards = std::move(files);
}

std::vector<ModelFile> files_of(const Manifest& manifest) {
  auto out = weights_of(manifest);
  if (manifest.vision) out.push_back(*manifest.vision);
  return out;
}

std::uint64_t bytes_of(const Manifest& manifest) {
  std::uint64_t out = 0;
  for (const auto& file : files_of(manifest)) out += file.bytes;
  return out;
}

std::string to_json(const Manifest& manifest) {
  JsonWriter json;
  json.object().field("id", manifest.id).field("name", manifest.name);
  put_file(json, files_of(manifest).front());
  if (!manifest.shards.empty()) {
    json.key("shards").array();
    for (const auto& shard : manifest.shards) {
      json.object();
      put_file(json, shard);
      json.end();
    }
    json.end();
  }
  if (manifest.vision) {
    json.key("vision").object();
    put_file(json, *manifest.vision);
    json.end();
  }
  json.field("kind", kind_name(manifest.kind));
  if (!manifest.base.empty()) json.field("base", manifest.base);
  put_words(json, "capabilities", manifest.capabilities);
  put_words(json, "languages", manifest.languages);
  json.field("licence", manifest.licence).field("context_tokens", manifest.context_tokens);
  put_range(json, "parameters_total", manifest.parameters_total);
  put_range(json, "parameters_active", manifest.parameters_active);
  json.field("answers_documents", manifest.answers_documents);
  if (!manifest.draft.empty()) json.field("draft", manifest.draft);
  if (manifest.gpu_layers >= 0) json.field("gpu_layers", manifest.gpu_layers);
  if (manifest.keep_loaded) json.field("keep_loaded", true);
  if (!manifest.pooling.empty()) json.field("pooling", manifest.pooling);
  json.field("query_prefix", manifest.query_prefix).field("passage_prefix", manifest.passage_prefix);
  if (manifest.speed) {
    json.key("speed").object();
    put_speed(json, *manifest.speed);
    json.end();
  }
  return json.field("source", manifest.source).end().take();
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& folder) {
  const auto json = parse_json(text, 8);
  const auto wrong = [] {
    return fail(Code::corrupt, "The model's description is damaged.", "damaged_manifest");
  };
  if (!json || !json->is_object()) return wrong();
  Manifest out;
  out.id = get_text(*json, "id");
  auto file = get_file(*json, folder);
  if (!is_model_id(out.id) || !file) return wrong();
  out.file = std::move(file->file);
  out.bytes = file->bytes;
  out.sha256 = std::move(file->sha256);
  out.modified_ns = file->modified_ns;
  if (const auto shards = json->find("shards"); shards != json->end()) {
    if (!shards->is_array() || shards->size() >= gguf::shards_max) return wrong();
    for (const auto& each : *shards) {
      auto shard = get_file(each, folder);
      if (!shard) return wrong();
      out.shards.push_back(std::move(*shard));
    }
  }
  if (const auto vision = json->find("vision"); vision != json->end()) {
    out.vision = get_file(*vision, folder);
    if (!out.vision) return wrong();
  }
  out.name = get_text(*json, "name");
  if (out.name.empty()) out.name = out.id;
  out.kind = kind_of(get_text(*json, "kind"));
  out.base = get_text(*json, "base");
  if (out.kind == Kind::adapter && !is_model_id(out.base)) return wrong();
  out.capabilities = get_words(*json, "capabilities");
  if (out.capabilities.empty()) out.capabilities = {std::string(main_capability(out.kind))};
  out.languages = get_words(*json, "languages");
  out.licence = get_text(*json, "licence");
  if (const auto context = get_number(*json, "context_tokens"); context > 0)
    out.context_tokens = std::min<std::int64_t>(context, 1 << 22);
  out.parameters_total = get_range(*json, "parameters_total");
  out.parameters_active = get_range(*json, "parameters_active");
  const auto answers = json->find("answers_documents");
  out.answers_documents = answers == json->end() || !answers->is_boolean() || answers->get<bool>();
  if (json->contains("gpu_layers"))
    out.gpu_layers = std::clamp<std::int64_t>(get_number(*json, "gpu_layers"), -1, gpu_layers_max);
  const auto keeps = json->find("keep_loaded");
  out.keep_loaded = keeps != json->end() && keeps->is_boolean() && keeps->get<bool>();
  out.draft = get_text(*json, "draft");
  if (auto pooling = get_text(*json, "pooling"); is_pooling(pooling)) out.pooling = std::move(pooling);
  out.query_prefix = get_text(*json, "query_prefix");
  out.passage_prefix = get_text(*json, "passage_prefix");
  out.source = get_text(*json, "source");
  if (const auto speed = json->find("speed"); speed != json->end()) out.speed = get_speed(*speed);
  return out;
}

std::vector<Manifest> read_manifests(const std::string& folder) {
  std::vector<Manifest> out;
  std::error_code ignored;
  for (fs::directory_iterator at(folder, ignored), end; at != end && out.size() < manifests_max;
       at.increment(ignored)) {
    if (at->path().extension() != ".json" || at->path().filename() == catalogue_file ||
        !at->is_regular_file(ignored))
      continue;
    if (at->file_size(ignored) > manifest_max_bytes) continue;
    std::ifstream in(at->path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    auto manifest = parse_manifest(text, folder);
    if (manifest)
      out.push_back(std::move(*manifest));
    else
      log::warn("model_manifest_damaged", {{"file", at->path().filename().string()}});
  }
  std::ranges::sort(out, {}, &Manifest::id);
  return out;
}

Result<void> write_manifest(const Manifest& manifest, const std::string& folder) {
  return replace_file(folder + "/" + manifest.id + ".json", to_json(manifest) + "\n");
}

Result<void> check_file(const Manifest& manifest) {
  for (const auto& file : files_of(manifest))
    if (auto whole = check_file(manifest, file); !whole) return whole;
  return {};
}

Result<void> check_file(const Manifest& manifest, const ModelFile& file) {
  const auto name = fmt::format("{} of the model {}", which_file(manifest, file), manifest.name);
  const std::string action = fmt::format("Fetch it again with `bastide model pull {}`.", manifest.id);
  struct stat info{};
  if (::stat(file.file.c_str(), &info) != 0)
    return fail(Code::unavailable, fmt::format("The {} is not there any more.", name), "missing", action);
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  if (bytes != file.bytes)
    return fail(Code::corrupt,
                fmt::format("The {} is {}: {} of {} bytes are there.", name,
                            bytes < file.bytes ? "cut short" : "too long", bytes, file.bytes),
                "cut_short", action);
  if (file.sha256.empty() || modified_ns(file.file) == file.modified_ns) return {};
  auto hash = hash_file(file.file);
  if (!hash) return pass(hash);
  if (*hash != file.sha256)
    return fail(Code::corrupt, fmt::format("The {} is not the one that was installed.", name), "corrupt_file",
                action);
  return {};
}

std::string which_file(const Manifest& manifest, const ModelFile& file) {
  if (manifest.vision && file.file == manifest.vision->file) return "vision file";
  if (manifest.shards.empty()) return "file";
  const auto all = weights_of(manifest);
  const auto at = std::ranges::find(all, file.file, &ModelFile::file) - all.begin();
  return fmt::format("file {} of {}", at + 1, all.size());
}

Result<std::string> hash_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Code::not_found, fmt::format("{} cannot be read.", path), "missing");
  Sha256Stream hash;
  std::string buffer(1 << 20, '\0');
  while (true) {
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      ::close(fd);
      return fail(Code::unavailable, fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
    }
    if (n == 0) break;
    hash.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
  }
  ::close(fd);
  return hex(hash.finish());
}

std::int64_t modified_ns(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Result<void> replace_file(const std::string& path, std::string_view bytes) {
  const std::string part = path + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool ok = fd >= 0;
  while (ok && !bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    ok = n > 0;
    if (ok) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  ok = ok && ::fsync(fd) == 0;
  ok = ok && ::rename(part.c_str(), path.c_str()) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (ok) return {};
  ::unlink(part.c_str());
  if (why == ENOSPC) return fail(Code::storage_full, "The disk is full.", "storage_full", "Free some space.");
  return fail(Code::unavailable, fmt::format("{} cannot be written: {}.", path, std::strerror(why)));
}

}  // namespace bastide::models
