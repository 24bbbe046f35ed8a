#include "responses/item_page.h"

#include <algorithm>

#include "base/json.h"

namespace bastide::responses {

Result<std::string> page_of(std::vector<dialects::ListedItem> items, const ItemPage& page, Sealed sealed) {
  if (page.order == ItemPage::Order::newest_first) std::ranges::reverse(items);
  auto first = items.begin();
  if (!page.after.empty()) {
    first = std::ranges::find(items, page.after, &dialects::ListedItem::id);
    if (first == items.end())
      return fail(Code::invalid, "\"after\" names no item of this list.", "invalid_after");
    ++first;
  }
  const auto count = std::min<std::size_t>(page.limit, static_cast<std::size_t>(items.end() - first));
  const auto last = first + static_cast<std::ptrdiff_t>(count);
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (auto item = first; item != last; ++item)
    json.raw(sealed == Sealed::hidden ? dialects::without_sealed_reasoning(item->json) : item->json);
  json.end().key("first_id");
  count == 0 ? json.null() : json.value(first->id);
  json.key("last_id");
  count == 0 ? json.null() : json.value((last - 1)->id);
  return json.field("has_more", last != items.end()).end().take();
}

}  // namespace bastide::responses
