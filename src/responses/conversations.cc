#include "responses/conversations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "base/json.h"

namespace bastide::responses {
namespace {

std::string json_of(const StoredConversation& conversation) {
  JsonWriter json;
  json.object().field("id", conversation.id).field("object", "conversation");
  json.field("created_at", conversation.created_at / 1000).key("metadata").raw(conversation.metadata_json);
  return json.end().take();
}

/// Items of a caller, with the ids under which they will be found. `made`: what stands in those that had
/// none.
Result<std::vector<ConversationItem>> named(const std::vector<std::string>& items, std::string_view made,
                                            std::string_view label) {
  std::vector<ConversationItem> out;
  for (const auto& json : items) {
    auto item = dialects::listed_item(json, fmt::format("{}_{}", made, out.size()));
    if (!item) return pass(item);
    out.push_back({std::move(item->id), json, std::string(label)});
  }
  return out;
}

std::string made_name() { return new_id("c").substr(2); }

Result<std::vector<dialects::ListedItem>> listed(const std::vector<ConversationItem>& items) {
  std::vector<dialects::ListedItem> out;
  for (const auto& item : items) {
    auto json = dialects::item_with_id(item.json, item.id);
    if (!json) return pass(json);
    out.push_back({item.id, std::move(*json)});
  }
  return out;
}

}  // namespace

std::unexpected<Error> conversation_too_long() {
  return fail(Code::invalid,
              fmt::format("The conversation has grown beyond {} items or {} MB.", conversation_items_max,
                          conversation_max.bytes_max / (1024 * 1024)),
              "conversation_too_long", "Send the items that matter as input of a new conversation.");
}

Result<std::vector<ConversationItem>> said_in(const StoredResponse& turn) {
  auto asked = dialects::items_of(turn.items_json);
  if (!asked) return pass(asked);
  constexpr std::string_view prefix = "resp_";
  auto out = named(
      *asked, fmt::format("{}_in", std::string_view(turn.id).substr(std::min(prefix.size(), turn.id.size()))),
      turn.label);
  if (!out) return out;
  auto answered = dialects::output_of(turn.response_json, dialects::ItemIds::of_providers);
  if (!answered) return pass(answered);
  auto ids = dialects::item_ids_of(turn.response_json);
  if (!ids) return pass(ids);
  for (std::size_t i = 0; i < std::min(answered->size(), ids->size()); ++i)
    out->push_back({std::move((*ids)[i]), std::move((*answered)[i]), turn.label});
  return out;
}

Task<Result<std::string>> Conversations::create(std::string person, std::string body) {
  if (keep_ == Keep::refused)
    co_return fail(Code::unsupported, "Conversations and responses are not kept here.", "nothing_is_kept",
                   "Send the whole conversation with each call.");
  auto call = dialects::read_conversation_call(body);
  if (!call) co_return pass(call);
  const StoredConversation made{new_id("conv"), std::move(person), now_ms(),
                                call->metadata_json.empty() ? "{}" : std::move(call->metadata_json)};
  auto items = named(call->items, made_name(), {});
  if (!items) co_return pass(items);
  auto kept = co_await run_on(pool_, [&] { return store_.create(made, *items); });
  if (!kept) co_return pass(kept);
  co_return json_of(made);
}

Task<Result<std::string>> Conversations::find(std::string person, std::string id) {
  auto found = co_await run_on(pool_, [&] { return store_.find(id, person); });
  if (!found) co_return pass(found);
  co_return json_of(*found);
}

Task<Result<std::string>> Conversations::update(std::string person, std::string id, std::string body) {
  auto call = dialects::read_conversation_call(body);
  if (!call) co_return pass(call);
  if (call->metadata_json.empty())
    co_return fail(Code::invalid, "\"metadata\" must be an object.", "invalid_metadata");
  auto changed = co_await run_on(pool_, [&] { return store_.set_metadata(id, person, call->metadata_json); });
  if (!changed) co_return pass(changed);
  auto found = co_await find(std::move(person), std::move(id));
  co_return found;
}

Task<Result<std::string>> Conversations::remove(std::string person, std::string id) {
  auto removed = co_await run_on(pool_, [&]() -> Result<void> {
    if (auto gone = store_.remove(id, person); !gone) return gone;
    return forget_(id);
  });
  if (!removed) co_return pass(removed);
  JsonWriter json;
  json.object().field("id", id).field("object", "conversation.deleted").field("deleted", true).end();
  co_return json.take();
}

Task<Result<std::string>> Conversations::items(std::string person, std::string id, ItemPage page,
                                               Sealed sealed) {
  auto found = co_await run_on(pool_, [&]() -> Result<std::string> {
    auto items = store_.items(id, person, conversation_max);
    if (!items) return items.error().code == Code::too_large ? conversation_too_long() : pass(items);
    auto jsons = listed(*items);
    if (!jsons) return pass(jsons);
    return page_of(std::move(*jsons), page, sealed);
  });
  co_return found;
}

Task<Result<std::string>> Conversations::add(std::string person, std::string id, std::string body,
                                             Sealed sealed) {
  auto call = dialects::read_conversation_call(body);
  if (!call) co_return pass(call);
  if (call->items.empty())
    co_return fail(Code::invalid, "\"items\" must be a list of items.", "invalid_items");
  auto items = named(call->items, made_name(), {});
  if (!items) co_return pass(items);
  auto added = co_await run_on(pool_, [&]() -> Result<std::string> {
    auto kept = store_.append(id, person, *items, conversation_items_max);
    if (!kept) return kept.error().code == Code::too_large ? conversation_too_long() : pass(kept);
    auto jsons = listed(*items);
    if (!jsons) return pass(jsons);
    return page_of(std::move(*jsons), {ItemPage::Order::oldest_first, {}, items->size()}, sealed);
  });
  co_return added;
}

Task<Result<std::string>> Conversations::item(std::string person, std::string id, std::string item,
                                              Sealed sealed) {
  auto found = co_await run_on(pool_, [&]() -> Result<std::string> {
    auto one = store_.item_of(id, person, item);
    if (!one) return pass(one);
    auto json = dialects::item_with_id(one->json, one->id);
    if (!json || sealed == Sealed::shown) return json;
    return dialects::without_sealed_reasoning(*json);
  });
  co_return found;
}

Task<Result<std::string>> Conversations::remove_item(std::string person, std::string id, std::string item) {
  auto removed = co_await run_on(pool_, [&] { return store_.remove_item(id, person, item); });
  if (!removed) co_return pass(removed);
  auto found = co_await find(std::move(person), std::move(id));
  co_return found;
}

}  // namespace bastide::responses
