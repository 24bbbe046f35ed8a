#include "base/frame_pool.h"

#include <array>
#include <new>
#include <utility>

namespace bastide::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

constexpr std::size_t step = 128;
constexpr std::size_t classes = 24;  // up to 3 KB
constexpr std::size_t kept_a_class = 16;

struct Free {
  Free* next;
};

struct Lists {
  std::array<Free*, classes> first{};
  std::array<std::size_t, classes> count{};
  ~Lists() {
    for (auto& list : first)
      while (list) ::operator delete(std::exchange(list, list->next));
    open = false;
  }
  bool open = true;
};
// Frames may end after the lists of their thread did, when it exits: then they are given back at once.
thread_local Lists lists;

std::size_t class_of(std::size_t size) { return (size - 1) / step; }
}  // namespace

void* take_frame(std::size_t size) {
  const auto at = class_of(size);
  if (!pooled || at >= classes) return ::operator new(size);
  auto& list = lists.first[at];
  if (!list || !lists.open) return ::operator new((at + 1) * step);
  --lists.count[at];
  return std::exchange(list, list->next);
}

void give_frame(void* frame, std::size_t size) noexcept {
  const auto at = class_of(size);
  if (!pooled || at >= classes || !lists.open || lists.count[at] >= kept_a_class) {
    ::operator delete(frame);
    return;
  }
  ++lists.count[at];
  lists.first[at] = new (frame) Free{lists.first[at]};
}

}  // namespace bastide::detail
