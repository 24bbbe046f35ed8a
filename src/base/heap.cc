#include "base/heap.h"

#include <malloc.h>

namespace bastide {

void tune_heap() {
  constexpr int kept_bytes = 8 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
  // Setting one of these ends glibc's own adaptation of the other: large blocks still go back at once.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

}  // namespace bastide
