// responses::ConversationStore in memory.
#pragma once

#include <algorithm>
#include <map>

#include "responses/conversation_store.h"

namespace bastide::responses::testing {

class FakeConversations final : public ConversationStore {
 public:
  Result<void> create(const StoredConversation& conversation,
                      std::span<const ConversationItem> items) override {
    conversations[conversation.id] = {conversation, {items.begin(), items.end()}};
    return {};
  }
  Result<StoredConversation> find(std::string_view id, std::string_view person) override {
    auto* found = of(id, person);
    if (!found) return none();
    return found->row;
  }
  Result<void> set_metadata(std::string_view id, std::string_view person, std::string_view json) override {
    auto* found = of(id, person);
    if (!found) return none();
    found->row.metadata_json = json;
    return {};
  }
  Result<void> remove(std::string_view id, std::string_view person) override {
    if (!of(id, person)) return none();
    conversations.erase(std::string(id));
    return {};
  }
  Result<std::vector<ConversationItem>> items(std::string_view id, std::string_view person,
                                              ChainBounds bounds) override {
    auto* found = of(id, person);
    if (!found) return none();
    if (found->items.size() > bounds.responses_max) return fail(Code::too_large, "Too long.");
    return found->items;
  }
  Result<void> append(std::string_view id, std::string_view person, std::span<const ConversationItem> items,
                      std::size_t items_max) override {
    auto* found = of(id, person);
    if (!found) return none();
    if (found->items.size() + items.size() > items_max) return fail(Code::too_large, "Too long.");
    found->items.insert(found->items.end(), items.begin(), items.end());
    return {};
  }
  Result<void> remove_item(std::string_view id, std::string_view person, std::string_view item) override {
    auto* found = of(id, person);
    if (!found) return none();
    const auto gone = std::erase_if(found->items, [&](const auto& each) { return each.id == item; });
    if (gone == 0) return fail(Code::not_found, "None.", "no_item");
    return {};
  }
  Result<ConversationItem> item_of(std::string_view id, std::string_view person,
                                   std::string_view item) override {
    auto* found = of(id, person);
    if (!found) return none();
    for (const auto& each : found->items)
      if (each.id == item) return each;
    return fail(Code::not_found, "None.", "no_item");
  }
  Result<ConversationItem> holding(std::string_view item, std::string_view person) override {
    for (const auto& [id, held] : conversations)
      if (auto found = item_of(id, person, item)) return found;
    return fail(Code::not_found, "None.", "no_item");
  }

  struct Held {
    StoredConversation row;
    std::vector<ConversationItem> items;
  };
  std::map<std::string, Held> conversations;

 private:
  static std::unexpected<Error> none() { return fail(Code::not_found, "None.", "no_conversation"); }
  Held* of(std::string_view id, std::string_view person) {
    const auto found = conversations.find(std::string(id));
    return found == conversations.end() || found->second.row.person != person ? nullptr : &found->second;
  }
};

}  // namespace bastide::responses::testing
