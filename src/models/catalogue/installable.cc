#include "models/catalogue/installable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/json.h"
#include "models/gguf/shards.h"

namespace bastide::models {
namespace {

constexpr const char* list_text =
#include "models/catalogue/installable_models.inc"
    ;

std::string repository_base() {
  const char* given = std::getenv("HF_ENDPOINT");
  std::string base = given && *given ? given : "https://huggingface.co";
  while (base.ends_with('/')) base.pop_back();
  return base;
}

Range range(const nlohmann::json& entry, const char* name) {
  return {entry.at(name).at(0).get<double>(), entry.at(name).at(1).get<double>()};
}

/// An address without what may be secret in it.
std::string plain(const std::string& url) {
  const auto host = url.find("://");
  const auto at = url.find('@');
  const auto end = url.find('?');
  const auto from = host != std::string::npos && at != std::string::npos ? at + 1 : 0;
  return (from > 0 ? url.substr(0, host + 3) : "") +
         url.substr(from, end == std::string::npos ? end : end - from);
}

PullSource read_source(const nlohmann::json& entry) {
  PullSource out;
  out.package = entry.value("package", "");
  out.package_sha256 = entry.value("package_sha256", "");
  out.package_platform = entry.value("package_platform", "");
  out.member = entry.value("member", "");
  out.conversion = entry.value("conversion", "");
  out.file = entry.value("path", "");
  out.url = entry.value("url", "");
  if (entry.contains("repository"))
    out.url = repository_base() + "/" + entry.at("repository").get<std::string>() + "/resolve/main/" +
              entry.at("file").get<std::string>();
  if (entry.contains("bucket")) {
    auto endpoint = entry.at("endpoint").get<std::string>();
    while (endpoint.ends_with('/')) endpoint.pop_back();
    out.url =
        endpoint + "/" + entry.at("bucket").get<std::string>() + "/" + entry.at("key").get<std::string>();
    out.s3 = PullSource::S3{entry.value("key_id_env", ""), entry.value("key_id_file", ""),
                            entry.value("secret_env", ""), entry.value("secret_file", ""),
                            entry.value("region", "us-east-1")};
  }
  const bool over_http = out.url.starts_with("https://") || out.url.starts_with("http://");
  if (out.package.empty() && out.file.empty() && !over_http)
    throw std::invalid_argument("a source is a package, a repository, a bucket, a url or a path");
  if (!out.package.empty() && (out.package_sha256.size() != 64 || out.member.empty()))
    throw std::invalid_argument("a package needs package_sha256 and member");
  if (const auto hash = entry.find("sha256"); hash != entry.end()) {
    auto hashes =
        hash->is_array() ? hash->get<std::vector<std::string>>() : std::vector{hash->get<std::string>()};
    if (hashes.size() != out.files().size())
      throw std::invalid_argument("sha256 is one for each of the model's files");
    out.sha256 = std::move(hashes.front());
    out.shard_sha256.assign(hashes.begin() + 1, hashes.end());
  }
  return out;
}

bool is_source(const nlohmann::json& entry) {
  return std::ranges::any_of(std::array{"package", "repository", "bucket", "url", "path"},
                             [&](const char* form) { return entry.contains(form); });
}

std::vector<PullSource> read_sources(const nlohmann::json& entry) {
  std::vector<PullSource> out;
  if (is_source(entry)) out.push_back(read_source(entry));
  if (entry.contains("sources"))
    for (const auto& each : entry.at("sources")) out.push_back(read_source(each));
  if (out.empty()) throw std::invalid_argument("there is no source");
  return out;
}

/// No figure without its source.
std::vector<Quality> read_quality(const nlohmann::json& entry) {
  std::vector<Quality> out;
  if (!entry.contains("quality")) return out;
  for (const auto& each : entry.at("quality")) {
    out.push_back({each.at("benchmark").get<std::string>(), each.at("score").get<double>(),
                   each.at("source").get<std::string>()});
    if (!out.back().source.starts_with("https://"))
      throw std::invalid_argument("the source of a figure is an address that begins with https://");
  }
  return out;
}

Installable read(const nlohmann::json& entry) {
  Installable out;
  auto& model = out.model;
  entry.at("id").get_to(model.id);
  if (!is_model_id(model.id)) throw std::invalid_argument("the id is no model's name");
  entry.at("name").get_to(model.name);
  model.kind = kind_of(entry.at("kind").get<std::string>());
  entry.at("capabilities").get_to(model.capabilities);
  entry.at("languages").get_to(model.languages);
  entry.at("licence").get_to(model.licence);
  entry.at("context_tokens").get_to(model.context_tokens);
  model.parameters_total = range(entry, "parameters_total");
  model.parameters_active = range(entry, "parameters_active");
  model.answers_documents = entry.value("answers_documents", true);
  model.query_prefix = entry.value("query_prefix", "");
  model.passage_prefix = entry.value("passage_prefix", "");
  out.family = entry.value("family", "");
  entry.at("download_bytes").get_to(out.download_bytes);
  out.memory_bytes = entry.value("memory_bytes", std::uint64_t{0});
  out.quality = read_quality(entry);
  out.from = read_sources(entry);
  if (const auto vision = entry.find("vision"); vision != entry.end() && !vision->is_null())
    out.vision_from = read_sources(*vision);
  return out;
}

void add(std::vector<Installable>& all, const nlohmann::json& entry) {
  const auto id = entry.at("id").get<std::string>();
  const auto known = std::ranges::find(all, id, [](const Installable& each) { return each.model.id; });
  if (known == all.end()) return all.push_back(read(entry));
  const auto put_before = [](std::vector<PullSource>& all_of_it, const nlohmann::json& ours) {
    const auto sources = read_sources(ours);
    all_of_it.insert(all_of_it.begin(), sources.begin(), sources.end());
  };
  const auto vision = entry.find("vision");
  if (vision == entry.end() || is_source(entry) || entry.contains("sources")) put_before(known->from, entry);
  if (vision == entry.end()) return;
  if (vision->is_null())
    known->vision_from.clear();
  else
    put_before(known->vision_from, *vision);
}

}  // namespace

std::string PullSource::name() const {
  if (!package.empty()) return "package " + package;
  return file.empty() ? plain(url) : file;
}

std::vector<PullSource> PullSource::files() const {
  const auto place = !package.empty() ? &PullSource::member
                     : !file.empty()  ? &PullSource::file
                                      : &PullSource::url;
  std::vector<PullSource> out;
  const auto name = gguf::parse_shard_name(this->*place);
  if (!name || name->index > 0) return {*this};
  for (int i = 0; i < name->count; ++i) {
    auto& each = out.emplace_back(*this);
    each.*place = name->at(i);
    each.shard_sha256.clear();
    if (i > 0) each.sha256 = shard_sha256.empty() ? "" : shard_sha256[static_cast<std::size_t>(i - 1)];
  }
  return out;
}

const std::vector<Installable>& installable_models() {
  static const std::vector<Installable> models = [] {
    std::vector<Installable> out;
    for (const auto& entry : nlohmann::json::parse(list_text)) out.push_back(read(entry));
    return out;
  }();
  return models;
}

Result<std::vector<Installable>> installable_models(const std::string& folder) {
  constexpr std::size_t entries_max = 1000;
  auto out = installable_models();
  std::ifstream in(folder + "/catalogue.json", std::ios::binary);
  if (!in) return out;
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto wrong = [](std::string_view what) {
    return fail(Code::corrupt, fmt::format("The list catalogue.json beside the models is wrong: {}.", what),
                "bad_catalogue", "Put it right; docs/inference.md has its form.");
  };
  const auto list = parse_json(text, 8);
  if (!list || !list->is_array() || list->size() > entries_max) return wrong("it is no list of models");
  for (std::size_t i = 0; i < list->size(); ++i) try {
      add(out, (*list)[i]);
    } catch (const std::exception& error) {
      return wrong(fmt::format("entry {}: {}", i + 1, error.what()));
    }
  return out;
}

}  // namespace bastide::models
