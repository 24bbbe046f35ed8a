#include "responses/responses.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace bastide::responses {
namespace {

constexpr std::size_t items_max = 2000;  // as the codec reads
constexpr ChainBounds chain_max{items_max, 48 * 1024 * 1024};
constexpr std::size_t chains_a_sweep = 200;
constexpr UnixMillis day_ms = 24LL * 3600 * 1000;

std::unexpected<Error> not_to_be_found() {
  return fail(Code::invalid,
              "There is no previous response of this id, or one that it builds on was deleted.",
              "previous_response_not_found", "Send the conversation's items as input.");
}

std::unexpected<Error> too_long() {
  return fail(Code::invalid,
              fmt::format("The conversation has grown beyond {} items or {} MB.", items_max,
                          chain_max.bytes_max / (1024 * 1024)),
              "conversation_too_long", "Send the items that matter as input of a new conversation.");
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

Responses::Responses(ResponseStore& store, Options options, const policy::Labels& labels, Pool& pool,
                     Forget forget)
    : store_(store), options_(options), labels_(labels), pool_(pool), forget_(std::move(forget)) {}

Task<Result<Begun>> Responses::begin(std::string person, dialects::ResponsesCall call) {
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
    if (!item && item.error().code == Code::not_found) return no_item(id);
    if (!item) return pass(item);
    call.items[at] = std::move(*item);
    highest = policy::join(highest, labels_.find_or_highest(holder->label));
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
  if (!call.previous.empty()) {
    auto turns = store_.chain(call.previous, person, chain_max);
    if (!turns && turns.error().code == Code::not_found) return not_to_be_found();
    if (!turns && turns.error().code == Code::too_large) return too_long();
    if (!turns) return pass(turns);
    if (turns->back().state != State::ended)
      return fail(Code::invalid, "The previous response has not ended yet.", "previous_response_running",
                  "Wait for its end, or cancel it.");
    out.chain = turns->back().chain;
    for (const auto& turn : *turns) {
      auto items = items_of(turn, dialects::ItemIds::of_providers);
      if (!items) return pass(items);
      std::ranges::move(*items, std::back_inserter(earlier));
      highest = policy::join(highest, labels_.find_or_highest(turn.label));
    }
    out.label = labels_.id(highest);
  }
  if (earlier.size() + call.items.size() > items_max) return too_long();
  out.body = dialects::whole_call(call, earlier);
  return out;
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
    auto before = store_.chain(own->previous, person, chain_max);
    // Where an earlier turn was deleted the list begins with what is there: its own.
    if (before) turns = std::move(*before);
    if (!before && before.error().code != Code::not_found) return pass(before);
  }
  std::vector<dialects::ListedItem> items;
  const auto add = [&](const StoredResponse& turn, const std::vector<std::string>& jsons) -> Result<void> {
    for (const auto& json : jsons) {
      auto item = dialects::listed_item(json, fmt::format("{}_in{}", without_prefix(turn.id), items.size()));
      if (!item) return pass(item);
      if (sealed == Sealed::hidden) item->json = dialects::without_sealed_reasoning(item->json);
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

  if (page.order == ItemPage::Order::newest_first) std::ranges::reverse(items);
  auto first = items.begin();
  if (!page.after.empty()) {
    first = std::ranges::find(items, page.after, &dialects::ListedItem::id);
    if (first == items.end())
      return fail(Code::invalid, "\"after\" names no item of this response.", "invalid_after");
    ++first;
  }
  const auto count = std::min<std::size_t>(page.limit, static_cast<std::size_t>(items.end() - first));
  const auto last = first + static_cast<std::ptrdiff_t>(count);
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (auto item = first; item != last; ++item) json.raw(item->json);
  json.end().key("first_id");
  count == 0 ? json.null() : json.value(first->id);
  json.key("last_id");
  count == 0 ? json.null() : json.value((last - 1)->id);
  return json.field("has_more", last != items.end()).end().take();
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
