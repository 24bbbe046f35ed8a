#include "models/install/publish.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

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

}  // namespace

Result<Manifest> publish(Manifest manifest, const Arrived& files, const std::string& folder) {
  if (!files.model.empty()) {
    const auto facts = gguf::read_facts(files.model);
    if (!facts) return std::unexpected(facts.error());
    if (manifest.kind == Kind::chat && facts->has_infill) manifest.capabilities.emplace_back("fim");
    auto moved = move_in(files.model, folder + "/" + manifest.id + ".gguf");
    if (!moved) return pass(moved);
    manifest.file = std::move(moved->file);
    manifest.bytes = moved->bytes;
    manifest.sha256 = std::move(moved->sha256);
    manifest.modified_ns = moved->modified_ns;
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
