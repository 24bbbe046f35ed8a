#include "responses/responses.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "responses/conversations.h"

namespace bastide::responses {
namespace {

constexpr std::size_t chains_a_sweep = 200;
constexpr UnixMillis day_ms = 24LL * 3600 * 1000;

std::unexpected<Error> not_to_be_found() {
  return fail(Code::invalid,
              "There is no previous response of this id, or one that it builds on was deleted.",
              "previous_response_not_found", "Send the conversation's items as input.");
}

std::unexpected<Error> no_item(std::string_view id) {
  constexpr std::size_t shown_bytes_max = 80;
  return fail(Code::not_found,
              fmt::format("Item with id '{}' not found.", to_valid_utf8(id.substr(0, shown_bytes_max))),
              "no_item", "Items are kept with their response, where it was stored. Send the item itself.");
}

/// What was asked and answered in a turn.
Result<std::vector<std::string>> items_of(const StoredResponse& turn, dialects::ItemIds ids) {
  auto out = dialects::items_of(turn.items_json);
  if (!out) return out;
  auto answered = dialects::output_of(turn.response_json, ids);
  if (!answered) return answered;
  std::ranges::move(*answered, std::back_inserter(*out));
  return out;
}

std::string_view without_prefix(std::string_view id) {
  return id.substr(std::min<std::size_t>(5, id.size()));
}

}  // namespace

void go_on_from(const Begun& begun, std::string_view answer_id, exchange::Ask& ask) {
  if (!begun.label.empty()) ask.floor_label = begun.label;
  ask.conversation = begun.chain;
  if (begun.keep != Begun::Keep::yes) return;
  if (begun.chain.empty()) ask.conversation = dialects::response_id_of(answer_id);
  // A provider that keeps nothing gives its reasoning to us, sealed: the next call gives it back.
  if (!begun.wants_sealed) ask.include.emplace_back("reasoning.encrypted_content");
}

Responses::Responses(ResponseStore& store, ConversationStore& conversations, Options options,
                     const policy::Labels& labels, Pool& pool, Forget forget)
    : store_(store),
      conversations_(conversations),
      options_(options),
      labels_(labels),
      pool_(pool),
      forget_(std::move(forget)) {}

Task<Result<Begun>> Responses::begin(std::string person, dialects::ResponsesCall call) {
  if (!call.conversation.empty() && !keeps(call))
    co_return fail(Code::invalid, "\"store\" must be true: a conversation keeps what is said in it.",
                   "invalid_store", "Leave \"store\" or \"conversation\" out.");
  auto begun = co_await run_on(pool_, [this, &person, &call] { return read(person, call); });
  if (!begun) co_return begun;
  begun->keep = keeps(call) ? Begun::Keep::yes : Begun::Keep::no;
  begun->previous = std::move(call.previous);
  begun->wants_sealed = call.wants_sealed;
  begun->repeated = std::move(call.repeated);
  begun->repeated.push_back({dialects::Dialect::responses, "store", keeps(call) ? "true" : "false"});
  co_return begun;
}

Result<policy::Label> Responses::fill_in(const std::string& person, dialects::ResponsesCall& call) {
  policy::Label highest{};
  for (const auto& [at, id] : call.references) {
    auto holder = store_.holding(id, person);
    auto item = holder ? dialects::item_of(holder->response_json, id) : Result<std::string>(pass(holder));
    if (item) {
      call.items[at] = std::move(*item);
      highest = policy::join(highest, labels_.find_or_highest(holder->label));
      continue;
    }
    if (item.error().code != Code::not_found) return pass(item);
    auto said = conversations_.holding(id, person);
    if (!said && said.error().code == Code::not_found) return no_item(id);
    if (!said) return pass(said);
    call.items[at] = std::move(said->json);
    if (!said->label.empty()) highest = policy::join(highest, labels_.find_or_highest(said->label));
  }
  return highest;
}

Result<Begun> Responses::read(const std::string& person, dialects::ResponsesCall& call) {
  Begun out;
  auto filled = fill_in(person, call);
  if (!filled) return pass(filled);
  policy::Label highest = *filled;  // what was read stays labelled, whichever turn read it
  if (!call.references.empty()) out.label = labels_.id(highest);
  out.items_json = dialects::json_of_items(call.items);
  std::vector<std::string> earlier;
  if (!call.conversation.empty() || !call.previous.empty()) {
    auto read = call.previous.empty() ? conversation_items(person, call, out, highest)
                                      : earlier_items(person, call, out, highest);
    if (!read) return pass(read);
    earlier = std::move(*read);
  }
  if (earlier.size() + call.items.size() > conversation_items_max) return conversation_too_long();
  out.body = dialects::whole_call(call, earlier);
  return out;
}

Result<std::vector<std::string>> Responses::earlier_items(const std::string& person,
                                                          const dialects::ResponsesCall& call, Begun& out,
                                                          policy::Label& highest) {
  auto turns = store_.chain(call.previous, person, conversation_max);
  if (!turns && turns.error().code == Code::not_found) return not_to_be_found();
  if (!turns && turns.error().code == Code::too_large) return conversation_too_long();
  if (!turns) return pass(turns);
  if (turns->back().state != State::ended)
    return fail(Code::invalid, "The previous response has not ended yet.", "previous_response_running",
                "Wait for its end, or cancel it.");
  if (is_in_conversation(turns->front()))
    return fail(Code::invalid, "The previous response belongs to a conversation.",
                "previous_response_in_conversation", "Name the conversation in its place.");
  out.chain = turns->back().chain;
  std::vector<std::string> earlier;
  for (const auto& turn : *turns) {
    auto items = items_of(turn, dialects::ItemIds::of_providers);
    if (!items) return pass(items);
    std::ranges::move(*items, std::back_inserter(earlier));
    highest = policy::join(highest, labels_.find_or_highest(turn.label));
  }
  out.label = labels_.id(highest);
  return earlier;
}

Result<std::vector<std::string>> Responses::conversation_items(const std::string& person,
                                                               const dialects::ResponsesCall& call,
                                                               Begun& out, policy::Label& highest) {
  auto said = conversations_.items(call.conversation, person, conversation_max);
  if (!said && said.error().code == Code::too_large) return conversation_too_long();
  if (!said) return pass(said);
  for (const auto& json : call.items)
    if (auto item = dialects::listed_item(json, {});
        item && std::ranges::find(*said, item->id, &ConversationItem::id) != said->end())
      return fail(Code::invalid, "An item of this id is in the conversation.", "duplicate_item",
                  "Leave it out of the input: the conversation brings it.");
  out.chain = call.conversation;
  out.is_in_conversation = true;
  std::vector<std::string> earlier;
  for (auto& item : *said) {
    earlier.push_back(std::move(item.json));
    if (item.label.empty()) continue;
    highest = policy::join(highest, labels_.find_or_highest(item.label));
    out.label = labels_.id(highest);
  }
  return earlier;
}

Task<Result<void>> Responses::keep(std::string person, const Begun& begun, const dialects::ChatAnswer& answer,
                                   policy::Label label) {
  StoredResponse stored;
  stored.id = dialects::response_id_of(answer.id);
  stored.chain = begun.chain.empty() ? stored.id : begun.chain;
  stored.previous = begun.previous;
  stored.person = std::move(person);
  stored.created_at = now_ms();
  stored.label = labels_.id(label);
  stored.items_json = begun.items_json;
  stored.response_json = dialects::response_json(answer, {});
  if (auto ids = dialects::item_ids_of(stored.response_json)) stored.item_ids = std::move(*ids);
  if (begun.is_in_conversation) {
    auto said = said_in(stored);
    if (!said) co_return pass(said);
    stored.said = std::move(*said);
  }
  auto kept = co_await run_on(pool_, [this, &stored] { return store_.add(stored, {}); });
  co_return kept;
}

Task<Result<std::string>> Responses::find(std::string person, std::string id, Sealed sealed) {
  auto found = co_await run_on(pool_, [this, &person, &id] { return store_.find(id, person); });
  if (!found) co_return pass(found);
  if (sealed == Sealed::shown) co_return std::move(found->response_json);
  co_return dialects::without_sealed_reasoning(found->response_json);
}

Result<std::string> Responses::list(const std::string& person, const std::string& id, const ItemPage& page,
                                    Sealed sealed) {
  auto own = store_.find(id, person);
  if (!own) return pass(own);
  std::vector<StoredResponse> turns;
  if (!own->previous.empty()) {
    auto before = store_.chain(own->previous, person, conversation_max);
    // Where an earlier turn was deleted the list begins with what is there: its own.
    if (before) turns = std::move(*before);
    if (!before && before.error().code != Code::not_found) return pass(before);
  }
  std::vector<dialects::ListedItem> items;
  const auto add = [&](const StoredResponse& turn, const std::vector<std::string>& jsons) -> Result<void> {
    for (const auto& json : jsons) {
      auto item = dialects::listed_item(json, fmt::format("{}_in{}", without_prefix(turn.id), items.size()));
      if (!item) return pass(item);
      items.push_back(std::move(*item));
    }
    return {};
  };
  for (const auto& turn : turns) {
    auto read = items_of(turn, dialects::ItemIds::all);
    if (!read) return pass(read);
    if (auto added = add(turn, *read); !added) return pass(added);
  }
  auto asked = dialects::items_of(own->items_json);
  if (!asked) return pass(asked);
  if (auto added = add(*own, *asked); !added) return pass(added);

  return page_of(std::move(items), page, sealed);
}

Task<Result<std::string>> Responses::input_items(std::string person, std::string id, ItemPage page,
                                                 Sealed sealed) {
  auto listed = co_await run_on(pool_, [&] { return list(person, id, page, sealed); });
  co_return listed;
}

Task<Result<void>> Responses::remove(std::string person, std::string id) {
  auto removed = co_await run_on(pool_, [this, &person, &id]() -> Result<void> {
    auto gone = store_.remove(id, person);
    if (!gone) return pass(gone);
    return gone->was_last ? forget_(gone->chain) : Result<void>();
  });
  co_return removed;
}

Result<std::int64_t> Responses::remove_all(std::string_view person) { return store_.remove_all(person); }

Result<std::size_t> Responses::sweep(UnixMillis now) {
  auto chains = store_.sweep(now - options_.keep_days * day_ms, chains_a_sweep);
  if (!chains) return pass(chains);
  for (const auto& chain : *chains)
    if (auto forgotten = forget_(chain); !forgotten) return pass(forgotten);
  return chains->size();
}

}  // namespace bastide::responses
