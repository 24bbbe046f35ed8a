// Items as they are listed: pages of what a response or a conversation holds.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "dialects/responses_state.h"

namespace bastide::responses {

/// How a provider sealed what its model thought is shown to readers who ask for it.
enum class Sealed : std::uint8_t { shown, hidden };

/// Which items are listed.
struct ItemPage {
  enum class Order : std::uint8_t { newest_first, oldest_first };
  Order order = Order::newest_first;
  std::string after{};  // id of an item; empty: from the beginning
  std::size_t limit = 20;
};

/// `items`, the oldest first, as a list of the dialect. Code::invalid, invalid_after.
[[nodiscard]] Result<std::string> page_of(std::vector<dialects::ListedItem> items, const ItemPage& page,
                                          Sealed sealed);

}  // namespace bastide::responses
