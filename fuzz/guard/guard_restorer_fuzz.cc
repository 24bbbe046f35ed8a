// Any bytes as an answer, in any split: valid UTF-8 out, the same as in one piece.
#include <cstdlib>

#include "base/text.h"
#include "guard/restorer.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bastide;
  using namespace bastide::guard;
  if (size < 2) return 0;
  static const auto map = [] {
    auto made = std::make_shared<PseudonymMap>();
    for (int i = 1; i <= 12; ++i)
      (void)made->take(kind_of(Type::person), "Né \"" + std::to_string(i), Gender::unknown);
    (void)made->take(kind_of(Type::email), "a@b.fr", Gender::unknown);
    return made;
  }();
  std::size_t step = 1 + data[0] % 16;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  TextRestorer pieces(map, Writing::plain), one(map, Writing::plain);
  std::string a, b;
  for (std::size_t at = 0; at < text.size(); at += step) {
    a += pieces.feed(text.substr(at, step));
    if (!is_utf8(a)) std::abort();
  }
  a += pieces.finish();
  b = one.feed(text) + one.finish();
  if (is_utf8(text) && a != b) std::abort();
  if (!is_utf8(a) || !is_utf8(b)) std::abort();
  ConversationRestorer whole(map);
  (void)whole.restore_json(text);
  (void)PseudonymMap::parse(text);
  return 0;
}
