#include "chat/chat.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_map>

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "chat/answer_writer.h"
#include "chat/message_json.h"

namespace bastide::chat {
namespace {

constexpr std::size_t content_bytes_max = 1024 * 1024;
constexpr std::size_t running_per_person_max = 16;
constexpr std::size_t title_bytes_max = 80;
constexpr std::size_t events_page = 2000;

std::string title_of(std::string_view content) {
  auto line = trim(content.substr(0, content.find('\n')));
  auto cut = utf8_prefix(line, title_bytes_max);
  if (cut.size() < line.size())
    if (auto blank = cut.rfind(' '); blank != std::string_view::npos && blank > title_bytes_max / 2)
      cut = cut.substr(0, blank);
  return std::string(cut) + (cut.size() < line.size() ? "…" : "");
}

std::string settings_of(const Turn& turn) {
  JsonWriter json;
  json.object().field("model", turn.model).field("label", turn.label).field("quote_only", turn.quote_only);
  json.key("collections").array();
  for (const auto& id : turn.collections) json.value(id);
  return json.end().end().take();
}

using ById = std::unordered_map<std::string, const StoredMessage*>;

// From the first message down to `leaf`.
std::vector<const StoredMessage*> branch(const ById& by_id, const std::string& leaf) {
  std::vector<const StoredMessage*> path;
  for (auto at = by_id.find(leaf); at != by_id.end() && path.size() <= by_id.size();
       at = by_id.find(at->second->parent))
    path.push_back(at->second);
  std::ranges::reverse(path);
  return path;
}

// The text that a reader of these events saw.
std::string shown_by(const std::vector<StreamEvent>& events) {
  std::string content;
  for (const auto& event : events) {
    if (event.name != "delta" && event.name != "replace") continue;
    auto data = parse_json(event.data_json);
    if (!data) continue;
    if (event.name == "replace") content.clear();
    content += data->value("text", "");
  }
  return content;
}

/// The model that began to write, as its stage told; empty when none did.
std::string writer_of(const std::vector<StreamEvent>& events) {
  std::string model;
  for (const auto& event : events) {
    if (event.name != "stage") continue;
    const auto data = parse_json(event.data_json);
    if (!data || data->value("name", "") != "call") continue;
    model = data->value("decision", "");
    if (model == "quotes" || model == "failed") model.clear();
  }
  return model;
}
}  // namespace

Chat::Chat(ConversationStore& store, const exchange::Pipeline& pipeline, const policy::Labels& labels,
           const policy::Router& router, Pool& pool, Metrics& metrics, OnRemoved on_removed)
    : store_(store),
      pipeline_(pipeline),
      labels_(labels),
      router_(router),
      pool_(pool),
      on_removed_(std::move(on_removed)),
      hub_(store, metrics) {}

Chat::~Chat() = default;

Result<Chat::Prepared> Chat::prepare(const identity::Principal& who, const std::string& conversation,
                                     const Turn& turn) {
  auto found = store_.find(conversation, who.person);
  if (!found) return pass(found);
  auto stored = store_.messages(conversation, who.person);
  if (!stored) return pass(stored);
  ById by_id;
  for (const auto& message : *stored) by_id.emplace(message.id, &message);

  Prepared out;
  auto& answer = out.turn.answer;
  std::vector<const StoredMessage*> path;
  if (auto again = turn.retry.empty() ? turn.go_on : turn.retry; !again.empty()) {
    auto old = by_id.find(again);
    if (old == by_id.end() || old->second->speaker != Speaker::assistant)
      return fail(Code::not_found, "There is no such answer in this conversation.", "no_message");
    if (old->second->state == MessageState::streaming)
      return fail(Code::conflict, "This answer is still being written.", "answer_running", "Stop it first.");
    answer.parent = old->second->parent;
    path = branch(by_id, answer.parent);
    if (!turn.go_on.empty()) out.begin_with = old->second->content;
  } else {
    if (trim(turn.content).empty()) return fail(Code::invalid, "The message is empty.", "empty_message");
    if (turn.content.size() > content_bytes_max)
      return fail(Code::too_large, "The message is longer than 1 MB.", "message_too_long",
                  "Put the text in a file and add it to a collection.");
    if (!is_utf8(turn.content)) return fail(Code::invalid, "The message is not valid UTF-8.", "not_utf8");
    StoredMessage question;
    question.id = new_id("msg");
    question.conversation = conversation;
    question.parent = turn.parent.value_or(found->leaf);
    if (!question.parent.empty() && !by_id.contains(question.parent))
      return fail(Code::not_found, "There is no such message in this conversation.", "no_message");
    question.content = turn.content;
    question.created_at = now_ms();
    path = branch(by_id, question.parent);
    answer.parent = question.id;
    out.turn.question = std::move(question);
  }
  answer.id = new_id("msg");
  answer.conversation = conversation;
  answer.speaker = Speaker::assistant;
  answer.state = MessageState::streaming;
  answer.created_at = now_ms();
  answer.exchange = new_id("ex");
  answer.stream = new_id("str");
  out.turn.settings_json = settings_of(turn);
  if (!turn.idempotency_key.empty())
    out.turn.key = ConversationStore::TurnKey{sha256_hex(turn.idempotency_key), turn.request_hash};
  if (found->title.empty() && out.turn.question) out.turn.title = title_of(turn.content);

  auto& ask = out.ask;
  ask.door = "web";
  ask.conversation = conversation;
  ask.model = turn.model;
  ask.label = turn.label;
  if (!found->label.empty()) ask.floor_label = found->label;
  ask.collections = turn.collections;
  ask.quote_only = turn.quote_only;
  ask.language = turn.language;
  for (const auto* message : path) {
    if (message->content.empty()) continue;
    bool user = message->speaker == Speaker::user;
    ask.messages.push_back(
        dialects::text_message(user ? dialects::Role::user : dialects::Role::assistant, message->content));
  }
  if (out.turn.question) ask.messages.push_back(dialects::text_message(dialects::Role::user, turn.content));
  if (!out.begin_with.empty())
    ask.messages.push_back(dialects::text_message(dialects::Role::assistant, out.begin_with));
  return out;
}

Task<Result<std::optional<Asked>>> Chat::asked_before(std::string person, const Turn& turn) {
  if (turn.idempotency_key.empty()) co_return std::nullopt;
  auto kept = co_await run_on(
      pool_, [this, &person, &turn] { return store_.turn_of_key(person, sha256_hex(turn.idempotency_key)); });
  if (!kept) co_return pass(kept);
  if (!*kept) co_return std::nullopt;
  const auto& [request, question, answer] = **kept;
  if (request != turn.request_hash)
    co_return fail(Code::conflict, "This Idempotency-Key was used for something else.",
                   "idempotency_key_reused", "Use a new key for each question.");
  co_return Asked{answer.id, question, answer.stream, answer.exchange};
}

Task<Result<Asked>> Chat::ask(identity::Principal who, std::string conversation, Turn turn) {
  auto before = co_await asked_before(who.person, turn);
  if (!before) co_return pass(before);
  if (*before) co_return **before;
  auto prepared =
      co_await run_on(pool_, [this, &who, &conversation, &turn] { return prepare(who, conversation, turn); });
  if (!prepared) co_return pass(prepared);
  Asked asked{prepared->turn.answer.id, prepared->turn.question ? prepared->turn.question->id : "",
              prepared->turn.answer.stream, prepared->turn.answer.exchange};
  std::stop_source stop;
  {
    std::lock_guard lock(mutex_);
    auto theirs =
        std::ranges::count_if(running_, [&](const auto& entry) { return entry.second.person == who.person; });
    if (static_cast<std::size_t>(theirs) >= running_per_person_max)
      co_return fail(Code::overloaded, "Sixteen of your answers are still being written.", "too_many_answers",
                     "Wait for one to end, or stop one.");
    running_.emplace(asked.stream, Running{who.person, conversation, stop});
  }
  hub_.open(asked.stream);
  auto& stored_turn = prepared->turn;
  auto stored =
      co_await run_on(pool_, [this, &who, &stored_turn] { return store_.add_turn(who.person, stored_turn); });
  if (!stored) {
    hub_.close({asked.stream, 1, "error", "{}"});
    {
      std::lock_guard lock(mutex_);
      running_.erase(asked.stream);
    }
    if (stored.error().detail != "turn_exists") co_return pass(stored);
    // The same request, sent at the same time, was quicker.
    before = co_await asked_before(who.person, turn);
    if (!before) co_return pass(before);
    if (*before) co_return **before;
    co_return pass(stored);
  }
  spawn("answer", answer(std::move(who), std::move(*prepared), stop.get_token()));
  co_return asked;
}

Task<void> Chat::answer(identity::Principal who, Prepared prepared, std::stop_token stop) {
  auto stream = prepared.turn.answer.stream;
  exchange::Exchange exchange;
  exchange.id = prepared.turn.answer.exchange;
  exchange.started_at = now_ms();
  exchange.who = std::move(who);
  exchange.ask = std::move(prepared.ask);
  exchange.stop = std::move(stop);
  AnswerWriter writer(prepared.turn.answer, store_, hub_, pool_, labels_, router_);
  exchange.sink = &writer;

  JsonWriter start;
  start.object().field("message", prepared.turn.answer.id).field("exchange", exchange.id).end();
  auto result = co_await hub_.append(stream, "start", start.take());
  if (result && !prepared.begin_with.empty())
    result = co_await writer.begin_with(std::move(prepared.begin_with));
  if (result) result = co_await pipeline_.run(exchange);
  if (!result) {
    auto kept = co_await writer.on_failed(exchange, result.error());
    if (!kept)
      log::error("answer_not_kept", {{"exchange", exchange.id}, {"code", code_name(kept.error().code)}});
  }
  bool removed = false;
  {
    std::lock_guard lock(mutex_);
    removed = running_.at(stream).removed;
  }
  if (removed) {
    const auto& conversation = prepared.turn.answer.conversation;
    auto forgotten = co_await run_on(pool_, [this, &conversation] { return on_removed_(conversation); });
    if (!forgotten) log::error("conversation_not_forgotten", {{"code", code_name(forgotten.error().code)}});
  }
  std::lock_guard lock(mutex_);
  running_.erase(stream);
}

Task<Result<void>> Chat::preview(identity::Principal who, std::string conversation, Turn turn,
                                 exchange::Exchange& out) {
  out.id = new_id("ex");
  out.ask.messages.push_back(dialects::text_message(dialects::Role::user, turn.content));
  if (!conversation.empty()) {
    auto prepared = co_await run_on(
        pool_, [this, &who, &conversation, &turn] { return prepare(who, conversation, turn); });
    if (!prepared) co_return pass(prepared);
    out.ask = std::move(prepared->ask);
  } else {
    out.ask.model = turn.model;
    out.ask.label = turn.label;
    out.ask.collections = turn.collections;
    out.ask.language = turn.language;
    out.ask.quote_only = turn.quote_only;
  }
  out.who = std::move(who);
  auto result = co_await pipeline_.preview(out);
  co_return result;
}

Result<void> Chat::stop(std::string_view person, std::string_view stream) {
  std::optional<std::stop_source> source;
  {
    std::lock_guard lock(mutex_);
    auto found = running_.find(stream);
    if (found == running_.end() || found->second.person != person)
      return fail(Code::not_found, "No such answer is being written.", "no_stream");
    source = found->second.stop;
  }
  source->request_stop();
  return {};
}

void Chat::stop_all(std::string_view person) { stop_in(person, {}, Kept::yes); }

void Chat::stop_in(std::string_view person, std::string_view conversation, Kept kept) {
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock(mutex_);
    for (auto& [stream, running] : running_) {
      if (running.person != person || (!conversation.empty() && running.conversation != conversation))
        continue;
      if (kept == Kept::no) running.removed = true;
      sources.push_back(running.stop);
    }
  }
  for (auto& source : sources) source.request_stop();
}

Result<void> Chat::remove(std::string_view person, std::string_view conversation) {
  if (auto removed = store_.remove(conversation, person); !removed) return removed;
  stop_in(person, conversation, Kept::no);
  return on_removed_(conversation);
}

Result<std::int64_t> Chat::remove_all(std::string_view person) {
  auto removed = store_.remove_all(person);
  if (removed) stop_in(person, {}, Kept::no);
  return removed;
}

Task<Result<StreamHub::Batch>> Chat::follow(std::string person, std::string stream, std::uint64_t after,
                                            Deadline deadline) {
  bool theirs = false;
  {
    std::lock_guard lock(mutex_);
    auto found = running_.find(stream);
    theirs = found != running_.end() && found->second.person == person;
  }
  if (theirs) {
    auto batch = co_await hub_.next(stream, after, deadline);
    if (batch.live) co_return batch;
  }
  // Not running here: its stored events, of which the last is its end.
  auto stored = co_await run_on(pool_, [&]() -> Result<StreamHub::Batch> {
    auto info = store_.stream(stream);
    if (!info) return pass(info);
    if (info->person != person) return fail(Code::not_found, "There is no such stream.", "no_stream");
    auto events = store_.events(stream, after, events_page);
    if (!events) return pass(events);
    StreamHub::Batch batch;
    batch.ended = events->size() < events_page;
    batch.events = std::move(*events);
    return batch;
  });
  co_return stored;
}

Result<std::size_t> Chat::recover() {
  auto cut = store_.running();
  if (!cut) return pass(cut);
  for (auto& message : *cut) {
    std::vector<StreamEvent> events;
    while (true) {
      auto page = store_.events(message.stream, events.empty() ? 0 : events.back().seq, events_page);
      if (!page) return pass(page);
      bool last = page->size() < events_page;
      events.insert(events.end(), std::make_move_iterator(page->begin()),
                    std::make_move_iterator(page->end()));
      if (last) break;
    }
    message.content = shown_by(events);
    message.state = MessageState::interrupted;
    JsonWriter error;
    error.object()
        .field("code", "interrupted")
        .field("detail_code", "server_restarted")
        .field("status", 503)
        .field("detail",
               "The server was restarted while this answer was being written. What is written is kept.")
        .field("action", "Continue the answer, or ask again.")
        .field("exchange", message.exchange)
        .end();
    JsonWriter meta;
    meta.object();
    if (const auto model = writer_of(events); !model.empty()) meta.field("model", model);
    message.meta_json = meta.key("error").raw(error.text()).end().take();
    auto kept = store_.finish(
        message, {message.stream, events.empty() ? 1 : events.back().seq + 1, "error", error.take()}, "");
    if (!kept) return pass(kept);
  }
  if (!cut->empty()) log::info("answers_interrupted", {{"count", cut->size()}});
  return cut->size();
}

std::size_t Chat::running() const {
  std::lock_guard lock(mutex_);
  return running_.size();
}

void Chat::drain(Millis patience) {
  auto deadline = Deadline::in(patience);
  std::vector<std::stop_source> sources;
  {
    std::lock_guard lock(mutex_);
    for (auto& [id, running] : running_) sources.push_back(running.stop);
  }
  for (auto& source : sources) source.request_stop();
  while (!deadline.passed()) {
    if (running() == 0) return;
    std::this_thread::sleep_for(Millis(5));
  }
}

}  // namespace bastide::chat
