// Bringing models onto this machine: what the commands do, without their words.
#pragma once

#include <string>

#include "base/result.h"
#include "models/catalogue/installable.h"
#include "models/install/progress.h"

namespace bastide::models {

/// Fetches `model` into `folder` (DATA/models), checks its hash, converts it where needed, and then makes it
/// visible. An interrupted call leaves nothing visible and is taken up by the next one. Blocks.
/// Code::conflict with detail pull_running when another process fetches it now.
[[nodiscard]] Result<Manifest> pull_model(const Installable& model, const std::string& folder,
                                          PullTeller& teller);

/// Copies a GGUF file that stands on this machine; its kind, context and size are read from it.
/// Code::conflict when `id` is taken.
[[nodiscard]] Result<Manifest> import_model(const std::string& file, const std::string& id,
                                            const std::string& folder);

/// The same for a LoRA adapter, which then answers to BASE:ID. `base` is the id of an installed chat model of
/// the architecture that the adapter was made for: Code::invalid, other_architecture; Code::not_found.
[[nodiscard]] Result<Manifest> import_adapter(const std::string& file, const std::string& id,
                                              const std::string& base, const std::string& folder);

/// `id` as it is called. Code::not_found. A server that has it loaded goes on with it until it unloads.
[[nodiscard]] Result<void> remove_model(const std::string& id, const std::string& folder);

/// A name for people as an id: lower case, other characters as '-'.
[[nodiscard]] std::string id_from_name(std::string_view name);

}  // namespace bastide::models
