// Conversations that are kept item by item: the port. storage/responses implements it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "responses/response_store.h"

namespace bastide::responses {

struct StoredConversation {
  std::string id;
  std::string person;
  UnixMillis created_at = 0;
  std::string metadata_json;
};

/// Everything is of one person: another's id is Code::not_found, detail no_conversation, as one that does not
/// exist. Responses that name a conversation as their chain are deleted with it. Blocking, thread-safe; what
/// returned is on the disk.
class ConversationStore {
 public:
  virtual ~ConversationStore() = default;

  virtual Result<void> create(const StoredConversation& conversation,
                              std::span<const ConversationItem> items) = 0;
  virtual Result<StoredConversation> find(std::string_view id, std::string_view person) = 0;
  virtual Result<void> set_metadata(std::string_view id, std::string_view person,
                                    std::string_view metadata_json) = 0;
  virtual Result<void> remove(std::string_view id, std::string_view person) = 0;

  /// The first one first. Code::too_large beyond the bounds.
  virtual Result<std::vector<ConversationItem>> items(std::string_view id, std::string_view person,
                                                      ChainBounds bounds) = 0;
  /// After those that are there. Code::too_large when there would be more than `items_max`;
  /// Code::invalid, duplicate_item, when one of them is there.
  virtual Result<void> append(std::string_view id, std::string_view person,
                              std::span<const ConversationItem> items, std::size_t items_max) = 0;
  /// Code::not_found, no_item.
  virtual Result<void> remove_item(std::string_view id, std::string_view person, std::string_view item) = 0;
  /// Code::not_found, no_item.
  virtual Result<ConversationItem> item_of(std::string_view id, std::string_view person,
                                           std::string_view item) = 0;
  /// That of this id in the person's conversation that went on last. Code::not_found, no_item.
  virtual Result<ConversationItem> holding(std::string_view item, std::string_view person) = 0;
};

}  // namespace bastide::responses
