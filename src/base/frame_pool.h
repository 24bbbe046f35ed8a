// Memory for coroutine frames: a call makes a dozen of the same sizes, one after another.
#pragma once

#include <cstddef>

namespace bastide::detail {

/// Frames that ended are kept by the thread that ended them, at most some hundred KB each, and used again.
/// Larger ones, and all under the address sanitizer, come from operator new.
[[nodiscard]] void* take_frame(std::size_t size);
void give_frame(void* frame, std::size_t size) noexcept;

}  // namespace bastide::detail
