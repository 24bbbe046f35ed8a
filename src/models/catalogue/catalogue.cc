#include "models/catalogue/catalogue.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "models/gguf/reader.h"
#include "models/gguf/shards.h"

namespace bastide::models {
namespace {

constexpr Millis look_again{1000};

/// "stopped" when the files can be loaded, else what is wrong with one of them.
void set_state(policy::ModelCard& card, const Manifest& manifest) {
  card.ready = true;
  card.state = "stopped";
  card.state_detail = "Loaded at the first question.";
  card.state_error.reset();
  const auto broken = [&](const char* state, Error error) {
    card.ready = false;
    card.state = state;
    card.state_detail = error.message + " " + error.action;
    card.state_error = std::move(error);
  };
  for (const auto& file : files_of(manifest)) {
    const auto which = which_file(manifest, file);
    struct stat info{};
    const bool is_there = ::stat(file.file.c_str(), &info) == 0;
    if (!is_there && manifest.is_placed)
      return broken("missing",
                    {Code::unavailable, fmt::format("Its {} is not there.", which), "file_missing",
                     "Put it where its [[model]] in bastide.toml says (\"file\"), or change that."});
    if (!is_there)
      return broken("missing", {Code::unavailable, fmt::format("Its {} is not there.", which), "missing",
                                fmt::format("Fetch it with `bastide model pull {}`.", manifest.id)});
    if (file.bytes != 0 && static_cast<std::uint64_t>(info.st_size) != file.bytes)
      return broken(
          "failed",
          {Code::corrupt,
           fmt::format("Its {} is damaged: {} of {} bytes are there.", which, info.st_size, file.bytes),
           "cut_short", fmt::format("Fetch it again with `bastide model pull {}`.", manifest.id)});
  }
}

policy::ModelCard card_of(const Manifest& manifest) {
  policy::ModelCard card;
  card.id = manifest.id;
  card.name = manifest.name;
  card.provider = "local";
  card.upstream = manifest.id;
  card.zone = "walls";
  card.local = true;
  card.capabilities = manifest.capabilities;
  // The worker holds every chat model to a schema, and goes on from any text.
  for (const std::string_view every : {"structured_output", "completions"})
    if (card.can("chat") && !card.can(every)) card.capabilities.emplace_back(every);
  if (manifest.vision && !card.can("vision")) card.capabilities.emplace_back("vision");
  card.context_tokens = manifest.context_tokens;
  if (manifest.parameters_total.high > 0) card.parameters_total = manifest.parameters_total;
  if (manifest.parameters_active.high > 0) card.parameters_active = manifest.parameters_active;
  card.answers_documents = manifest.answers_documents;
  set_state(card, manifest);
  return card;
}

/// A description of a file that the configuration names and nobody installed.
Manifest describe(const ModelConfig& model) {
  Manifest out;
  out.id = model.id;
  out.name = model.name.empty() ? model.id : model.name;
  out.capabilities = model.capabilities;
  out.context_tokens = model.context_tokens;
  out.is_placed = !model.file.empty();
  const auto has = [&](std::string_view capability) {
    return std::ranges::find(model.capabilities, capability) != model.capabilities.end();
  };
  out.kind = has("rerank") ? Kind::reranker : has("embeddings") ? Kind::embedding : Kind::chat;
  std::error_code absent;
  const auto of_size = [&](const std::string& file) {
    const auto bytes = std::filesystem::file_size(file, absent);
    return ModelFile{file, absent ? 0 : bytes, "", 0};
  };
  std::vector<ModelFile> weights;
  for (const auto& file : gguf::shard_files(model.file)) weights.push_back(of_size(file));
  set_weights(out, std::move(weights));
  if (!model.vision.empty()) out.vision = of_size(model.vision);
  if (const auto facts = gguf::read_model_facts(model.file)) {
    const double billion = static_cast<double>(facts->parameters) / 1e9;
    out.parameters_total = out.parameters_active = {billion, billion};
    if (facts->context_tokens > 0) out.context_tokens = std::min(out.context_tokens, facts->context_tokens);
    if (out.kind == Kind::chat && facts->has_infill && !has("fim")) out.capabilities.emplace_back("fim");
  }
  return out;
}

}  // namespace

Catalogue::Catalogue(const Config& config, std::string folder)
    : models_(config.models), providers_(config.providers), folder_(std::move(folder)) {
  std::error_code ignored;
  std::filesystem::create_directories(folder_, ignored);
}

std::vector<Catalogue::Entry> Catalogue::all() const {
  refresh();
  const std::lock_guard lock(mutex_);
  std::vector<Entry> out;
  for (const auto& [id, entry] : entries_) out.push_back(entry);
  return out;
}

std::optional<Catalogue::Entry> Catalogue::find(std::string_view id) const {
  refresh();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

void Catalogue::refresh() const {
  const std::lock_guard lock(mutex_);
  const auto now = Steady::now();
  if (folder_modified_ns_ >= 0 && now - looked_at_ < look_again) return;
  looked_at_ = now;
  const auto modified = modified_ns(folder_);
  if (modified != folder_modified_ns_) {
    folder_modified_ns_ = modified;
    entries_.clear();
    const auto manifests = read_manifests(folder_);
    for (const auto& model : models_) entries_.insert_or_assign(model.id, configured(model, manifests));
    for (const auto& manifest : manifests)
      if (manifest.kind != Kind::adapter)
        entries_.try_emplace(manifest.id, Entry{card_of(manifest), manifest});
    for (const auto& manifest : manifests)
      if (manifest.kind == Kind::adapter) add_adapter(manifest);
  }
  for (auto& [id, entry] : entries_) {
    if (entry.local) set_state(entry.card, *entry.local);
    if (entry.adapter && entry.card.ready) set_state(entry.card, *entry.adapter);
  }
}

void Catalogue::add_adapter(const Manifest& adapter) const {
  const auto base = entries_.find(adapter.base);
  if (base == entries_.end() || !base->second.local) return;  // nothing to go on top of
  Entry out = base->second;
  out.card.id = out.card.upstream = called(adapter);
  out.card.name = adapter.name;
  out.card.fallback.clear();
  out.adapter = adapter;
  entries_.try_emplace(out.card.id, std::move(out));
}

Catalogue::Entry Catalogue::configured(const ModelConfig& model,
                                       const std::vector<Manifest>& manifests) const {
  Entry out;
  if (model.provider == "local") {
    // Either a file of its own, or one that was pulled and is configured further here.
    const std::string name = model.upstream.empty() ? model.id : model.upstream;
    const auto installed = std::ranges::find(manifests, name, &Manifest::id);
    Manifest manifest;
    if (!model.file.empty() || installed == manifests.end()) {
      manifest = describe(model);
      if (manifest.file.empty()) manifest.file = folder_ + "/" + name + ".gguf";
    } else {
      manifest = *installed;
      manifest.id = model.id;
      if (!model.name.empty()) manifest.name = model.name;
      if (model.capabilities != ModelConfig{}.capabilities) manifest.capabilities = model.capabilities;
    }
    if (!model.draft.empty()) manifest.draft = model.draft;
    if (!model.pooling.empty()) manifest.pooling = model.pooling;
    manifest.keep_loaded = model.keep_loaded.value_or(manifest.keep_loaded);
    manifest.gpu_layers = model.gpu_layers.value_or(manifest.gpu_layers);
    out.card = card_of(manifest);
    out.local = std::move(manifest);
  } else {
    const auto provider = std::ranges::find(providers_, model.provider, &ProviderConfig::id);
    out.card.id = model.id;
    out.card.provider = model.provider;
    out.card.upstream = model.upstream.empty() ? model.id : model.upstream;
    out.card.zone = provider == providers_.end() ? "" : provider->zone;
    out.card.capabilities = model.capabilities;
    out.card.context_tokens = model.context_tokens;
    out.card.ready = provider != providers_.end();
    out.card.state = out.card.ready ? "ready" : "failed";
    if (!out.card.ready) {
      out.card.state_error =
          Error{Code::unavailable, "The configuration names no such provider.", "no_such_provider"};
      out.card.state_detail = out.card.state_error->message;
    }
  }
  out.card.name = model.name.empty() ? (out.local ? out.local->name : model.id) : model.name;
  out.card.price = model.price;
  out.card.output_tokens_max = model.output_tokens_max;
  out.card.fallback = model.fallback;
  out.card.hedge_after_ms = model.hedge_after_ms;
  out.card.aliases = model.aliases;
  out.card.tags = model.tags;
  out.card.embedding_dimensions = model.embedding_dimensions;
  if (model.parameters_active) out.card.parameters_active = model.parameters_active;
  if (model.parameters_total) out.card.parameters_total = model.parameters_total;
  if (model.answers_documents)
    out.card.answers_documents = *model.answers_documents;
  else if (out.card.parameters_total && out.card.answers_documents)
    out.card.answers_documents = out.card.parameters_total->high >= answers_documents_min_billion;
  return out;
}

}  // namespace bastide::models
