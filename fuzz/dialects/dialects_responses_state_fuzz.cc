// Bodies of responses from outside, taken apart and put together again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dialects/responses_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::dialects;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto call = read_responses_call(body);
  constexpr std::size_t items_at_half = 1000;  // of what a call may have
  // What references name is put in by the caller.
  if (call && call->references.empty() && call->items.size() <= items_at_half) {
    const auto again = read_responses_call(whole_call(*call, call->items));
    if (!again || again->items.size() != 2 * call->items.size()) std::abort();
    for (const auto& item : call->items)
      if (!listed_item(item, "0")) std::abort();
    const auto read = items_of(json_of_items(call->items));
    if (!read || *read != call->items) std::abort();
  }
  if (const auto left = read_conversation_call(body))
    for (const auto& item : left->items)
      if (!item_with_id(item, "msg_0")) std::abort();
  (void)output_of(body, ItemIds::of_providers);
  (void)without_sealed_reasoning(body);
  return 0;
}
