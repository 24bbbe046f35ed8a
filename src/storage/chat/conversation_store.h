// chat::ConversationStore on SQLite.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "chat/conversation_store.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// The 32-byte key that seals a person's payloads, made when missing. Thread-safe; quick when called again.
using KeyOf = std::function<Result<std::string>(std::string_view person)>;

std::unique_ptr<chat::ConversationStore> open_conversation_store(Database& database, KeyOf key_of);

}  // namespace bastide::storage
