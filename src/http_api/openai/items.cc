#include "http_api/openai/items.h"

#include <algorithm>

namespace bastide::http_api {

using responses::ItemPage;
using responses::Sealed;

Sealed sealed_of(const Call& call) {
  const auto query = net::percent_decode(call.request().query, true).value_or("");
  return query.find("reasoning.encrypted_content") == std::string::npos ? Sealed::hidden : Sealed::shown;
}

Result<ItemPage> item_page_of(const Call& call) {
  constexpr std::size_t items_a_page_max = 100;
  ItemPage page;
  page.after = call.query("after");
  page.limit = std::min(call.limit(page.limit), items_a_page_max);
  const auto order = call.query("order");
  if (!order.empty() && order != "asc" && order != "desc")
    return fail(Code::invalid, "\"order\" must be asc or desc.", "invalid_order");
  if (order == "asc") page.order = ItemPage::Order::oldest_first;
  return page;
}

}  // namespace bastide::http_api
