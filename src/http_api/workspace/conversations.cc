// Conversations, asking, and the streams of answers.
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/error_text.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/message_json.h"
#include "http_api/problem.h"
#include "http_api/routes.h"
#include "net/sse.h"

namespace bastide::http_api {
namespace {

constexpr Millis ping_every{15'000};
constexpr std::size_t idempotency_key_bytes_max = 255;

void write_summary(JsonWriter& json, const chat::Conversation& c) {
  json.field("id", c.id)
      .field("title", c.title)
      .field("label", c.label)
      .field("created_at", rfc3339(c.created_at))
      .field("updated_at", rfc3339(c.updated_at));
}

Task<Result<void>> list_conversations(Call& call) {
  auto& store = call.services.chat.store();
  auto q = call.query("q");
  auto after = call.query("after");
  auto limit = call.limit();
  auto page = co_await call.blocking([&] {
    return q.empty() ? store.list(call.who.person, after, limit)
                     : store.search(call.who.person, q, after, limit);
  });
  if (!page) co_return pass(page);
  JsonWriter json;
  json.object().key("conversations").array();
  for (std::size_t i = 0; i < page->conversations.size(); ++i) {
    json.object();
    write_summary(json, page->conversations[i]);
    if (!page->snippets[i].empty()) json.field("snippet", page->snippets[i]);
    json.end();
  }
  json.end().key("next");
  page->next.empty() ? json.null() : json.value(page->next);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

Task<Result<void>> create_conversation(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto title = text_field(*body, "title");
  if (!title) co_return pass(title);
  if (title->size() > 500)
    co_return fail(Code::too_large, "A title has 500 characters at most.", "wrong_field");
  chat::Conversation made;
  made.id = new_id("cnv");
  made.organisation = call.who.organisation;
  made.person = call.who.person;
  made.title = std::move(*title);
  made.created_at = made.updated_at = now_ms();
  made.settings_json = "{}";
  auto done = co_await call.blocking([&] { return call.services.chat.store().create(made); });
  if (!done) co_return done;
  JsonWriter json;
  auto sent = co_await call.send_json(201, json.object().field("id", made.id).end().take());
  co_return sent;
}

// Errors are stored in English and told in the reader's language, in a stream as in a conversation read
// later.
void translate(nlohmann::json& problem, const std::string& language) {
  Error error{Code::internal, problem.value("detail", ""), problem.value("detail_code", ""),
              problem.value("action", "")};
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code)
    if (code_name(static_cast<Code>(code)) == problem.value("code", "")) error.code = static_cast<Code>(code);
  error.values = read_values(problem.value("values", nlohmann::json::object()));
  auto told = in_language(error, language);
  problem["detail"] = told.message;
  problem["action"] = told.action;
}

std::string event_data(const chat::StreamEvent& event, const std::string& language) {
  if (event.name != "error" || language != "fr") return event.data_json;
  auto data = parse_json(event.data_json);
  if (!data || !data->is_object()) return event.data_json;
  translate(*data, language);
  return data->dump();
}

void translate_error(chat::StoredMessage& message, const std::string& language) {
  if (message.meta_json.find("\"error\"") == std::string::npos || language != "fr") return;
  auto meta = parse_json(message.meta_json);
  if (!meta || !meta->is_object() || !meta->contains("error") || !(*meta)["error"].is_object()) return;
  translate((*meta)["error"], language);
  message.meta_json = meta->dump();
}

Task<Result<void>> get_conversation(Call& call) {
  auto& store = call.services.chat.store();
  std::vector<chat::StoredMessage> messages;
  auto found = co_await call.blocking([&]() -> Result<chat::Conversation> {
    auto conversation = store.find(call.variables[0], call.who.person);
    if (!conversation) return conversation;
    auto all = store.messages(call.variables[0], call.who.person);
    if (!all) return pass(all);
    messages = std::move(*all);
    return conversation;
  });
  if (!found) co_return pass(found);
  JsonWriter json;
  json.object();
  write_summary(json, *found);
  json.key("leaf");
  found->leaf.empty() ? json.null() : json.value(found->leaf);
  json.key("settings")
      .raw(found->settings_json.empty() ? "{}" : found->settings_json)
      .key("messages")
      .array();
  for (auto& message : messages) {
    translate_error(message, call.language);
    chat::write_message(json, message);
  }
  auto sent = co_await call.send_json(200, json.end().end().take());
  co_return sent;
}

Task<Result<void>> change_conversation(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto title = maybe_text(*body, "title");
  if (!title) co_return pass(title);
  if (*title && (*title)->size() > 500)
    co_return fail(Code::too_large, "A title has 500 characters at most.", "wrong_field");
  auto leaf = maybe_text(*body, "leaf");
  if (!leaf) co_return pass(leaf);
  auto done = co_await call.blocking(
      [&] { return call.services.chat.store().update(call.variables[0], call.who.person, *title, *leaf); });
  if (!done) co_return done;
  auto sent = co_await call.send_nothing();
  co_return sent;
}

Task<Result<void>> delete_conversation(Call& call) {
  auto done =
      co_await call.blocking([&] { return call.services.chat.remove(call.who.person, call.variables[0]); });
  if (!done) co_return done;
  auto sent = co_await call.send_nothing();
  co_return sent;
}

Result<chat::Turn> turn_of(const Call& call, const nlohmann::json& body) {
  chat::Turn turn;
  turn.language = call.language;
  if (auto content = body.find("content"); content != body.end()) {
    if (!content->is_string())
      return fail(Code::invalid, "The field \"content\" must be a text.", "wrong_field");
    turn.content = content->get<std::string>();
  }
  for (auto [name, into] :
       {std::pair{"retry", &turn.retry}, {"continue", &turn.go_on}, {"model", &turn.model}}) {
    auto text = text_field(body, name);
    if (!text) return pass(text);
    *into = std::move(*text);
  }
  auto label = maybe_text(body, "label");
  if (!label) return pass(label);
  if (*label && !(*label)->empty()) turn.label = std::move(*label);
  if (body.contains("parent")) {
    auto parent = text_field(body, "parent");
    if (!parent) return pass(parent);
    turn.parent = std::move(*parent);
  }
  auto collections = text_list(body, "collections");
  if (!collections) return pass(collections);
  turn.collections = std::move(*collections);
  if (auto language = body.find("language");
      language != body.end() && (*language == "fr" || *language == "en"))
    turn.language = language->get<std::string>();
  turn.quote_only = body.contains("quote_only") && body["quote_only"] == true;
  return turn;
}

Task<Result<void>> post_message(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto turn = turn_of(call, *body);
  if (!turn) co_return pass(turn);
  turn->idempotency_key = call.request().headers.find("idempotency-key").value_or("");
  if (turn->idempotency_key.size() > idempotency_key_bytes_max)
    co_return fail(Code::invalid, "The Idempotency-Key has 255 characters at most.", "wrong_field");
  turn->request_hash = sha256_hex(call.variables[0] + "\n" + body->dump());
  auto asked = co_await call.services.chat.ask(call.who, call.variables[0], std::move(*turn));
  if (!asked) co_return pass(asked);
  JsonWriter json;
  json.object().field("message", asked->message).key("question");
  asked->question.empty() ? json.null() : json.value(asked->question);
  json.field("stream", asked->stream).field("exchange", asked->exchange).end();
  auto sent = co_await call.send_json(202, json.take(), {{"x-bastide-exchange", asked->exchange}});
  co_return sent;
}

std::uint64_t resume_point(const Call& call) {
  auto text = std::string(call.request().headers.find("last-event-id").value_or(""));
  if (text.empty()) text = call.query("after");
  std::uint64_t after = 0;
  std::from_chars(text.data(), text.data() + text.size(), after);
  return after;
}

Task<Result<void>> get_stream(Call& call) {
  auto& chat = call.services.chat;
  const auto& id = call.variables[0];
  auto after = resume_point(call);
  auto batch = co_await chat.follow(call.who.person, id, after, Deadline::in(Millis(1)));
  if (!batch) co_return pass(batch);
  call.answered = true;
  auto told = co_await call.http.start(
      200,
      {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}, {"x-accel-buffering", "no"}});
  if (!told) co_return told;
  std::stop_callback leaving(call.http.gone(), [&chat, id] { chat.hub().nudge(id); });
  while (true) {
    std::string bytes;
    for (const auto& event : batch->events) {
      bytes += net::sse_text(event_data(event, call.language), event.name, std::to_string(event.seq));
      after = event.seq;
    }
    if (bytes.empty() && !batch->ended) bytes = ": waiting\n\n";
    if (!bytes.empty()) {
      told = co_await call.http.write(std::move(bytes));
      if (!told) co_return told;
    }
    if (batch->ended) break;
    batch = co_await chat.follow(call.who.person, id, after, Deadline::in(ping_every));
    if (!batch) co_return pass(batch);
    if (call.http.gone().stop_requested()) co_return fail(Code::cancelled, "The reader left.");
  }
  auto ended = co_await call.http.finish();
  co_return ended;
}

Task<Result<void>> stop_stream(Call& call) {
  auto stopped = call.services.chat.stop(call.who.person, call.variables[0]);
  if (!stopped) co_return stopped;
  auto sent = co_await call.send_nothing();
  co_return sent;
}

}  // namespace

void add_conversation_routes(Routes& routes) {
  routes.add({"GET", "/api/conversations", Access::person, list_conversations});
  routes.add({"POST", "/api/conversations", Access::person, create_conversation});
  routes.add({"GET", "/api/conversations/{}", Access::person, get_conversation});
  routes.add({"PATCH", "/api/conversations/{}", Access::person, change_conversation});
  routes.add({"DELETE", "/api/conversations/{}", Access::person, delete_conversation});
  routes.add({"POST", "/api/conversations/{}/messages", Access::person, post_message});
  routes.add({"GET", "/api/streams/{}", Access::person, get_stream});
  routes.add({"POST", "/api/streams/{}/stop", Access::person, stop_stream});
}

}  // namespace bastide::http_api
