// Any bytes past the quick look: it reads nothing beyond them, and what it names stands where it says.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "dialects/scan.h"

using namespace bastide::dialects;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scanner scanner;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto dialect :
       {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini, Dialect::mistral}) {
    const auto head = scanner.head_of_request(dialect, "/v1beta/models/m:streamGenerateContent", bytes);
    if (head && head->model_bytes > 0) {
      if (head->model_at + head->model_bytes > size) std::abort();
      if (bytes.substr(head->model_at + 1, head->model_bytes - 2) != head->model) std::abort();
    }
    // With room behind them, the same bytes take the quick way.
    std::vector<char> roomy(size + 64, '"');
    if (size > 0) std::memcpy(roomy.data(), data, size);
    const auto quick = scanner.head_of_request(dialect, "/v1beta/models/m:streamGenerateContent",
                                               {roomy.data(), size}, roomy.size());
    if (head && quick &&
        (head->model_at != quick->model_at || head->stream != quick->stream ||
         head->choices != quick->choices || head->max_tokens != quick->max_tokens ||
         head->input_tokens_max != quick->input_tokens_max))
      std::abort();
    (void)scanner.usage_of_answer(dialect, bytes);
    StreamMeter meter(dialect);
    meter.take(scanner.scan_event(dialect, bytes));
  }
  return 0;
}
