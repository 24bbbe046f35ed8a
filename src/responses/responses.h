// Responses that a later call finds: what a call goes on from, and what is kept of its answer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/pool.h"
#include "dialects/responses_state.h"
#include "exchange/exchange.h"
#include "policy/labels.h"
#include "responses/conversation_store.h"
#include "responses/item_page.h"

namespace bastide::responses {

/// A call with all that it goes on from.
struct Begun {
  enum class Keep : std::uint8_t { no, yes };
  Keep keep = Keep::no;
  std::string body;                 // for the codec: earlier items stand before its own
  std::string chain;                // empty: it begins one
  bool is_in_conversation = false;  // which `chain` names
  std::string label;                // of what was read before; empty: nothing was
  std::string previous;
  std::string items_json;     // its own
  dialects::Others repeated;  // of the call, in its answer
  bool wants_sealed = false;  // the caller asked for reasoning as the provider sealed it
};

/// Tells the ask what the conversation brings with it. `answer_id`: of the response, without its prefix.
void go_on_from(const Begun& begun, std::string_view answer_id, exchange::Ask& ask);

struct Options {
  /// What happens to answers whose calls say nothing, or that they are to be kept.
  enum class Store : std::uint8_t { always_refused, as_asked };
  Store store = Store::as_asked;
  std::int64_t keep_days = 30;  // after their conversation went on last
};

/// Thread-safe; tasks work on `pool`. What belongs to another person is not found, in the same words as what
/// does not exist.
class Responses {
 public:
  /// Forgets what is kept elsewhere of a conversation, which the id of its first response names. Blocks.
  using Forget = std::function<Result<void>(std::string_view chain)>;

  /// All outlive it.
  Responses(ResponseStore& store, ConversationStore& conversations, Options options,
            const policy::Labels& labels, Pool& pool, Forget forget);

  /// Whether the answer of a call that says so about `store` is kept.
  [[nodiscard]] bool keeps(const dialects::ResponsesCall& call) const {
    return options_.store == Options::Store::as_asked && call.store.value_or(true);
  }

  /// Code::not_found: no_item, an item that is only named is in none of the person's responses and
  /// conversations; no_conversation.
  /// Code::invalid: previous_response_not_found, also when one before it is not there any more;
  /// previous_response_in_conversation, conversation_too_long, duplicate_item; invalid_store, when a response
  /// of a conversation is not to be kept.
  [[nodiscard]] Task<Result<Begun>> begin(std::string person, dialects::ResponsesCall call);
  /// Durable when it returns. `label`: the highest of what was read.
  [[nodiscard]] Task<Result<void>> keep(std::string person, const Begun& begun,
                                        const dialects::ChatAnswer& answer, policy::Label label);

  using Sealed = responses::Sealed;
  /// As JSON.
  [[nodiscard]] Task<Result<std::string>> find(std::string person, std::string id, Sealed sealed);
  /// What the model read for it, earlier turns included, as a list of the dialect.
  [[nodiscard]] Task<Result<std::string>> input_items(std::string person, std::string id, ItemPage page,
                                                      Sealed sealed);
  [[nodiscard]] Task<Result<void>> remove(std::string person, std::string id);

  /// All that a person has; gives how many. Blocks.
  Result<std::int64_t> remove_all(std::string_view person);
  /// Removes some conversations that did not go on for keep_days; gives how many. Blocks.
  Result<std::size_t> sweep(UnixMillis now);

 private:
  [[nodiscard]] Result<Begun> read(const std::string& person, dialects::ResponsesCall& call);
  /// Puts items that are only named into their places; gives the highest label of what held them.
  [[nodiscard]] Result<policy::Label> fill_in(const std::string& person, dialects::ResponsesCall& call);
  /// What stands before the call's own items; tells `out` where that came from, and how it is labelled.
  [[nodiscard]] Result<std::vector<std::string>> earlier_items(const std::string& person,
                                                               const dialects::ResponsesCall& call,
                                                               Begun& out, policy::Label& highest);
  [[nodiscard]] Result<std::vector<std::string>> conversation_items(const std::string& person,
                                                                    const dialects::ResponsesCall& call,
                                                                    Begun& out, policy::Label& highest);
  [[nodiscard]] Result<std::string> list(const std::string& person, const std::string& id,
                                         const ItemPage& page, Sealed sealed);

  ResponseStore& store_;
  ConversationStore& conversations_;
  const Options options_;
  const policy::Labels& labels_;
  Pool& pool_;
  const Forget forget_;
};

}  // namespace bastide::responses
