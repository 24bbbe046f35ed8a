// What the addresses say of lists of items, for responses and conversations.
#pragma once

#include "http_api/call.h"
#include "responses/item_page.h"

namespace bastide::http_api {

/// What is sealed is shown to who names it in `include` (or `include[]`, as SDKs write lists).
[[nodiscard]] responses::Sealed sealed_of(const Call& call);
/// `after`, `limit` and `order`; Code::invalid, invalid_order.
[[nodiscard]] Result<responses::ItemPage> item_page_of(const Call& call);

}  // namespace bastide::http_api
