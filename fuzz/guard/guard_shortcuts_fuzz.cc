// Any text: the quick ways of detection find what the plain ones find.
#include <cstdlib>

#include "base/text.h"
#include "tests/guard/shortcuts.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto text = bastide::to_valid_utf8({reinterpret_cast<const char*>(data), size});
  if (!bastide::guard::testing::difference(text).empty()) std::abort();
  return 0;
}
