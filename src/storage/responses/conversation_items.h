// What a conversation holds, within a transaction of somebody's. Private to storage/responses.
#pragma once

#include <span>
#include <string_view>

#include "responses/conversation_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

[[nodiscard]] std::unexpected<Error> no_conversation();
[[nodiscard]] bool is_conversation(Connection& db, std::string_view id, std::string_view person);

/// `items` with their JSON sealed for `conversation`.
[[nodiscard]] std::vector<responses::ConversationItem> seal_items(
    const std::string& key, std::string_view conversation,
    std::span<const responses::ConversationItem> items);
/// After those that are there. One whose id is there takes its place anew, at the end.
void put_items(Connection& db, std::string_view conversation,
               std::span<const responses::ConversationItem> sealed);
/// What an item's seal is bound to.
[[nodiscard]] std::string content_of(std::string_view conversation, std::string_view item);

}  // namespace bastide::storage
