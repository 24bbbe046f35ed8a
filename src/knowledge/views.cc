#include "knowledge/views.h"

#include <array>

namespace bastide::knowledge {
namespace {
constexpr std::array<std::string_view, 5> names{"queued", "parsing", "embedding", "ready", "failed"};
}

std::string_view state_name(DocumentState state) { return names[static_cast<std::size_t>(state)]; }

DocumentState state_of(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<DocumentState>(i);
  return DocumentState::failed;
}

}  // namespace bastide::knowledge
