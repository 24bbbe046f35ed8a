// From a person to what the store knows of rights.
#pragma once

#include "identity/principal.h"
#include "knowledge/store.h"

namespace bastide::knowledge {

[[nodiscard]] Asker asker_of(const identity::Principal& who);
/// Creator and administrators.
[[nodiscard]] bool may_write(const identity::Principal& who, const std::string& owner);
/// "everyone", "p:..." or "g:...", not too long.
[[nodiscard]] bool is_reader(const Reader& reader);

}  // namespace bastide::knowledge
