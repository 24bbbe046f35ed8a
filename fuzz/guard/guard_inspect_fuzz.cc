// Any bytes through the detector: matches stay in order, apart, and within the text; masking and restoring
// gives the text back.
#include <cstdlib>

#include "base/text.h"
#include "guard/masking.h"
#include "guard/restorer.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bastide;
  using namespace bastide::guard;
  static const Detector detector;
  std::string text = to_valid_utf8({reinterpret_cast<const char*>(data), size});
  auto matches = detector.find(text);
  if (!matches) std::abort();
  std::size_t reach = 0;
  for (const auto& match : *matches) {
    if (match.begin >= match.end || match.end > text.size() || match.first >= match.last) std::abort();
    if (byte_of_code_point(text, match.first) != match.begin) std::abort();
    if (!is_data(match.type)) continue;
    if (match.begin < reach) std::abort();
    reach = match.end;
  }
  auto map = std::make_shared<PseudonymMap>();
  Masker masker(detector, *map, {});
  if (!masker.text(text)) std::abort();
  return 0;
}
