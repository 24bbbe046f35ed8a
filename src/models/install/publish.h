// How files that arrived become a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/catalogue/manifest.h"
#include "models/gguf/reader.h"

namespace bastide::models {

/// Files of a model, ready to be moved into their places. Empty: what the manifest names stays there.
struct Arrived {
  std::vector<std::string> weights{};  // in the order of its shards, or none of them
  std::string vision{};
};

/// Moves files into their places in `folder` and completes the manifest, which comes last and makes the model
/// visible.
[[nodiscard]] Result<Manifest> publish(Manifest manifest, const Arrived& files, const std::string& folder);

/// Of a file that is to be a model or a part of its weights. Code::invalid, projector_alone, and the errors
/// of gguf::read_facts.
[[nodiscard]] Result<gguf::FileFacts> read_model(const std::string& file);
/// Of one by which a model is to read images. Code::invalid, no_projector.
[[nodiscard]] Result<gguf::FileFacts> read_projector(const std::string& file);

/// Code::storage_full where the folder's disk has no room for so much.
[[nodiscard]] Result<void> check_space(const std::string& folder, std::uint64_t needed_bytes);

}  // namespace bastide::models
