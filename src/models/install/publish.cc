#include "models/install/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "models/gguf/shards.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;

Result<ModelFile> move_in(const std::string& from, const std::string& to) {
  auto hash = hash_file(from);
  if (!hash) return pass(hash);
  std::error_code failed;
  const auto bytes = fs::file_size(from, failed);
  if (failed || ::rename(from.c_str(), to.c_str()) != 0)
    return fail(Code::unavailable, fmt::format("{} cannot be written.", to));
  return ModelFile{to, bytes, std::move(*hash), modified_ns(to)};
}

/// By which llama.cpp finds all of them from the first.
std::string weights_name(const std::string& id, std::size_t index, std::size_t count) {
  if (count == 1) return id + ".gguf";
  return gguf::ShardName{id, ".gguf", 0, static_cast<int>(count)}.at(static_cast<int>(index));
}

void add_capability(Manifest& manifest, std::string_view name) {
  if (std::ranges::find(manifest.capabilities, name) == manifest.capabilities.end())
    manifest.capabilities.emplace_back(name);
}

}  // namespace

Result<Manifest> publish(Manifest manifest, const Arrived& files, const std::string& folder) {
  if (!files.weights.empty()) {
    if (const auto& first = files.weights.front(); !first.empty()) {
      const auto facts = gguf::read_facts(first);
      if (!facts) return std::unexpected(facts.error());
      if (manifest.kind == Kind::chat && facts->has_infill) add_capability(manifest, "fim");
    }
    const auto count = files.weights.size();
    auto weights = weights_of(manifest);
    weights.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (files.weights[i].empty()) continue;
      auto moved = move_in(files.weights[i], folder + "/" + weights_name(manifest.id, i, count));
      if (!moved) return pass(moved);
      weights[i] = std::move(*moved);
    }
    set_weights(manifest, std::move(weights));
  }
  if (!files.vision.empty()) {
    auto moved = move_in(files.vision, folder + "/" + manifest.id + ".mmproj.gguf");
    if (!moved) return pass(moved);
    manifest.vision = std::move(*moved);
  }
  if (auto written = write_manifest(manifest, folder); !written) return pass(written);
  return manifest;
}

Result<gguf::FileFacts> read_model(const std::string& file) {
  auto facts = gguf::read_facts(file);
  if (facts && facts->is_projector)
    return fail(Code::invalid,
                "This file (mmproj) is a part of a model, by which it reads images, not a model.",
                "projector_alone", "Import the model with it: bastide model import MODEL --vision FILE");
  return facts;
}

Result<gguf::FileFacts> read_projector(const std::string& file) {
  auto facts = gguf::read_facts(file);
  if (facts && !facts->has_vision)
    return fail(Code::invalid,
                facts->is_projector ? "This file is a part of a model by which it hears; it reads no images."
                                    : "This file is a model, not the part of one by which it reads images.",
                "no_projector",
                "Give the second file that was published with the model: it has \"mmproj\" in its name.");
  return facts;
}

Result<void> check_space(const std::string& folder, std::uint64_t needed_bytes) {
  std::error_code failed;
  const auto space = fs::space(folder, failed);
  if (failed || space.available >= needed_bytes) return {};
  return std::unexpected(
      error_with({{"needs", ByteCount{needed_bytes}}, {"free", ByteCount{space.available}}},
                 Code::storage_full, "The model needs {needs} of disk; {free} are free.", "storage_full",
                 "Free some space, then try again."));
}

}  // namespace bastide::models
