// Conversations that a program makes, fills and names in its calls (OpenAI's /v1/conversations).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/pool.h"
#include "responses/conversation_store.h"
#include "responses/item_page.h"

namespace bastide::responses {

inline constexpr std::size_t conversation_items_max = 2000;  // as the codec reads
inline constexpr ChainBounds conversation_max{conversation_items_max, 48 * 1024 * 1024};
[[nodiscard]] std::unexpected<Error> conversation_too_long();

/// What a turn brings to its conversation: its own items and what was answered.
[[nodiscard]] Result<std::vector<ConversationItem>> said_in(const StoredResponse& turn);

/// What a person leaves is found by that person alone, in the same words as what does not exist:
/// Code::not_found, no_conversation or no_item. All answers are JSON of the dialect; bodies are the caller's.
/// Thread-safe; tasks work on `pool`.
class Conversations {
 public:
  /// Forgets what is kept elsewhere of a conversation. Blocks.
  using Forget = std::function<Result<void>(std::string_view id)>;
  enum class Keep : std::uint8_t { refused, allowed };

  /// All outlive it.
  Conversations(ConversationStore& store, Keep keep, Pool& pool, Forget forget)
      : store_(store), keep_(keep), pool_(pool), forget_(std::move(forget)) {}

  /// Code::unsupported, nothing_is_kept, where responses are not kept either.
  [[nodiscard]] Task<Result<std::string>> create(std::string person, std::string body);
  [[nodiscard]] Task<Result<std::string>> find(std::string person, std::string id);
  [[nodiscard]] Task<Result<std::string>> update(std::string person, std::string id, std::string body);
  /// With its items and responses.
  [[nodiscard]] Task<Result<std::string>> remove(std::string person, std::string id);

  [[nodiscard]] Task<Result<std::string>> items(std::string person, std::string id, ItemPage page,
                                                Sealed sealed);
  /// Gives those that were added.
  [[nodiscard]] Task<Result<std::string>> add(std::string person, std::string id, std::string body,
                                              Sealed sealed);
  [[nodiscard]] Task<Result<std::string>> item(std::string person, std::string id, std::string item,
                                               Sealed sealed);
  /// Gives the conversation.
  [[nodiscard]] Task<Result<std::string>> remove_item(std::string person, std::string id, std::string item);

 private:
  ConversationStore& store_;
  const Keep keep_;
  Pool& pool_;
  const Forget forget_;
};

}  // namespace bastide::responses
