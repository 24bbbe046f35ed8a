// operator new and delete of the program: each thread keeps what it freed, by size, and uses it again. malloc
// keeps seven pieces of a size for a thread; a turn of an event loop holds the pieces of dozens of calls, and
// going to the arena for the rest was a tenth of what a call costs.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace {

// glibc's pieces hold 16k + 8 bytes; class k is those. Larger ones are malloc's own.
constexpr std::size_t classes = 256;
constexpr std::size_t class_bytes_max = 64 * 1024;     // kept of one size
constexpr std::size_t thread_bytes_max = 1024 * 1024;  // kept of all
constexpr std::size_t class_of_request(std::size_t size) { return std::max<std::size_t>((size + 7) / 16, 1); }

struct Kept {
  Kept* next;
};
enum class State : std::uint8_t { fresh, open, closed };
struct Cache {
  std::array<Kept*, classes> heads{};
  std::array<std::uint32_t, classes> bytes{};
  std::size_t total = 0;
  State state = State::fresh;
};
constinit thread_local Cache cache;

// Gives everything back when its thread ends; what is deleted after that goes to malloc.
struct Closing {
  ~Closing() {
    cache.state = State::closed;
    for (auto*& head : cache.heads)
      while (head != nullptr) {
        auto* piece = head;
        head = piece->next;
        std::free(piece);
      }
  }
  void begin() { cache.state = State::open; }
};
thread_local Closing closing;

// `pointer` holds what class `index` holds, or more.
void keep(void* pointer, std::size_t index) {
  const auto bytes = index * 16 + 8;
  if (index >= classes || cache.state == State::closed || cache.bytes[index] + bytes > class_bytes_max ||
      cache.total + bytes > thread_bytes_max) {
    std::free(pointer);
    return;
  }
  if (cache.state == State::fresh) closing.begin();
  cache.heads[index] = ::new (pointer) Kept{cache.heads[index]};
  cache.bytes[index] += static_cast<std::uint32_t>(bytes);
  cache.total += bytes;
}

void* allocate(std::size_t size) {
  for (;;) {
    if (void* piece = std::malloc(size)) return piece;
    auto handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

void* operator new(std::size_t size) {
  const auto index = class_of_request(size);
  if (index < classes) {
    if (auto* piece = cache.heads[index]) {
      const auto bytes = index * 16 + 8;
      cache.heads[index] = piece->next;
      cache.bytes[index] -= static_cast<std::uint32_t>(bytes);
      cache.total -= bytes;
      return piece;
    }
  }
  return allocate(size);
}

void operator delete(void* pointer) noexcept {
  if (pointer == nullptr) return;
  const auto usable = malloc_usable_size(pointer);
  if (usable % 16 == 8)
    keep(pointer, (usable - 8) / 16);
  else
    std::free(pointer);
}

// Whoever says the size spares looking for it in the memory before the piece.
void operator delete(void* pointer, std::size_t size) noexcept {
  if (pointer != nullptr) keep(pointer, class_of_request(size));
}

void* operator new[](std::size_t size) { return ::operator new(size); }
void operator delete[](void* pointer) noexcept { ::operator delete(pointer); }
void operator delete[](void* pointer, std::size_t size) noexcept { ::operator delete(pointer, size); }

#endif
