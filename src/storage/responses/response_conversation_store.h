// responses::ConversationStore on SQLite, in the tables of open_response_store.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "responses/conversation_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// `database` must outlive the store. `key_of` gives the 32-byte key that seals a person's payloads.
[[nodiscard]] std::unique_ptr<responses::ConversationStore> open_response_conversation_store(
    Database& database, std::function<Result<std::string>(std::string_view person)> key_of);

}  // namespace bastide::storage
