// Bringing models onto this machine: what the commands do, without their words.
#pragma once

#include <string>

#include "base/result.h"
#include "models/catalogue/installable.h"
#include "models/install/progress.h"

namespace bastide::models {

/// Fetches the files of `model` into `folder` (DATA/models), checks their hashes, converts them where needed,
/// and then makes it visible. What of it is installed and whole stays. An interrupted call leaves nothing
/// visible and is taken up by the next one. Blocks. Code::conflict with detail pull_running when another
/// process fetches it now.
[[nodiscard]] Result<Manifest> pull_model(const Installable& model, const std::string& folder,
                                          PullTeller& teller);

/// Whether `installed` was pulled and has not the file by which it would read images.
[[nodiscard]] bool lacks_vision(const Installable& model, const Manifest& installed);

/// A GGUF file that stands on this machine, of a model in several files the first.
struct ImportRequest {
  std::string file;
  std::string id;
  std::string vision{};   // its projector ("mmproj"), by which it reads images
  std::string pooling{};  // "mean", "cls" or "last": it is an embedding model; empty: what its file says
};

/// Copies its files; its kind, what it can do, its context and its size are read from them. Code::conflict
/// when `id` is taken; Code::invalid, projector_alone, no_projector, no_chat_model, and the errors of
/// gguf::read_model_facts.
[[nodiscard]] Result<Manifest> import_model(const ImportRequest& request, const std::string& folder);

/// The same for a LoRA adapter, which then answers to BASE:ID. `base` is the id of an installed chat model of
/// the architecture that the adapter was made for: Code::invalid, other_architecture; Code::not_found.
[[nodiscard]] Result<Manifest> import_adapter(const std::string& file, const std::string& id,
                                              const std::string& base, const std::string& folder);

/// `id` as it is called. Code::not_found. A server that has it loaded goes on with it until it unloads.
[[nodiscard]] Result<void> remove_model(const std::string& id, const std::string& folder);

enum class Keep { loaded, while_called };
/// Whether an installed model stays loaded when nobody calls it. Code::not_found. Adapters go with their
/// model: Code::invalid, not_a_model.
[[nodiscard]] Result<void> keep_model(const std::string& id, Keep keep, const std::string& folder);

/// A name for people as an id: lower case, other characters as '-'.
[[nodiscard]] std::string id_from_name(std::string_view name);

}  // namespace bastide::models
