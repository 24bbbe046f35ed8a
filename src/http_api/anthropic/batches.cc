// Anthropic's message batches, on the engine of all batches: their requests come in the body and are kept as
// a file.
#include "batches/batches.h"

#include <algorithm>

#include "base/json.h"
#include "dialects/batch_lines.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/openai/batch_wish.h"
#include "http_api/openai/vector_stores.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using batches::Batch;
using batches::State;

constexpr std::string_view door = "anthropic";
constexpr std::string_view endpoint = "/v1/messages";
constexpr std::size_t read_bytes = 1024 * 1024;

void write_time(JsonWriter& json, std::string_view name, UnixMillis at) {
  json.key(name);
  at > 0 ? json.value(rfc3339(at)) : json.null();
}

void write_batch(JsonWriter& json, const Call& call, const Batch& batch) {
  const bool ended = has_ended(batch.state);
  const auto rest = batch.total - batch.completed - batch.failed;
  const auto base = "/v1/messages/batches/" + batch.id;
  json.object()
      .field("id", batch.id)
      .field("type", "message_batch")
      .field("processing_status", ended                     ? "ended"
                                  : batch.cancelling_at > 0 ? "canceling"
                                                            : "in_progress")
      .key("request_counts")
      .object()
      .field("processing", ended ? 0 : rest)
      .field("succeeded", batch.completed)
      .field("errored", batch.failed)
      .field("canceled", ended && batch.state != State::expired ? rest : 0)
      .field("expired", batch.state == State::expired ? rest : 0)
      .end();
  write_time(json, "created_at", batch.created_at);
  write_time(json, "expires_at", batch.expires_at);
  write_time(json, "ended_at", batch.ended_at);
  write_time(json, "cancel_initiated_at", batch.cancelling_at);
  write_time(json, "archived_at", 0);
  json.key("results_url");
  ended ? json.value(call.services.config.server.public_url + base + "/results") : json.null();
  json.end();
}

Task<Result<void>> send(Call& call, Result<Batch> batch) {
  if (!batch) co_return pass(batch);
  JsonWriter json;
  write_batch(json, call, *batch);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

/// What is wrong with the requests is told at once: this dialect knows no batch that failed.
Result<dialects::BatchRequests> checked(std::string_view body) {
  auto read = dialects::read_message_batch(body, endpoint);
  if (!read) return read;
  batches::InputScan scan({std::string(endpoint)}, {});
  scan.feed(read->lines);
  scan.finish();
  if (scan.faults().empty()) return read;
  const auto& fault = scan.faults().front();
  return fail(Code::invalid,
              fault.line > 0 ? "Request " + std::to_string(fault.line) + ": " + fault.message
                             : "There are no requests.",
              "invalid_requests");
}

Task<Result<void>> create(Call& call) {
  call.http.allow_body(model_call_bytes_max);
  auto body = co_await call.http.read_all(model_call_bytes_max);
  if (!body) co_return pass(body);
  auto requests = co_await call.blocking([&] { return checked(*body); });
  if (!requests) co_return pass(requests);
  auto input = co_await call.blocking(
      [&] { return keep_lines(call.services.files, call.who.person, requests->lines); });
  if (!input) co_return pass(input);
  batches::Batches::Wish wish;
  wish.door = door;
  wish.endpoint = endpoint;
  wish.input_file = input->id;
  wish.total = requests->count;
  auto batch = co_await call.services.batches.accept(call.who, call.language, std::move(wish));
  if (!batch)
    (void)co_await call.blocking([&] { return call.services.files.remove(input->id, call.who.person); });
  auto sent = co_await send(call, std::move(batch));
  co_return sent;
}

Task<Result<void>> get(Call& call) {
  auto batch = co_await find_batch(call, door);
  auto sent = co_await send(call, std::move(batch));
  co_return sent;
}

Task<Result<void>> cancel(Call& call) {
  auto batch = co_await find_batch(call, door);
  if (!batch) co_return pass(batch);
  if (!has_ended(batch->state))
    batch = co_await call.services.batches.cancel(call.who.person, call.variables[0]);
  auto sent = co_await send(call, std::move(batch));
  co_return sent;
}

Task<Result<void>> list(Call& call) {
  const auto limit = call.limit(20);
  if (!call.query("before_id").empty())
    co_return fail(Code::unsupported, "Batches are listed from the newest on.", "field:before_id",
                   "Leave before_id out.");
  auto found = co_await call.services.batches.list(call.who.person,
                                                   {std::string(door), call.query("after_id"), limit + 1});
  if (!found) co_return pass(found);
  const bool has_more = found->size() > limit;
  if (has_more) found->pop_back();
  JsonWriter json;
  json.object().key("data").array();
  for (const auto& batch : *found) write_batch(json, call, batch);
  json.end();
  end_list(json, found->empty() ? "" : found->front().id, found->empty() ? "" : found->back().id, has_more);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

/// The lines of a file of results in this dialect's words, piece by piece.
class Results {
 public:
  explicit Results(files::PieceReader reader) : reader_(std::move(reader)) {}
  /// Some lines; empty at the end.
  Result<std::string> next() {
    std::string out;
    while (out.empty() && place_ < reader_.bytes()) {
      auto bytes = reader_.read(place_, read_bytes);
      if (!bytes) return pass(bytes);
      place_ += static_cast<std::int64_t>(bytes->size());
      begun_ += *bytes;
      std::size_t from = 0;
      for (auto end = begun_.find('\n'); end != std::string::npos; end = begun_.find('\n', from)) {
        auto result = dialects::read_batch_result(std::string_view(begun_).substr(from, end - from));
        if (!result) return pass(result);
        out += dialects::message_batch_line(*result) + '\n';
        from = end + 1;
      }
      begun_.erase(0, from);
    }
    return out;
  }

 private:
  files::PieceReader reader_;
  std::int64_t place_ = 0;
  std::string begun_;
};

Task<Result<void>> results(Call& call) {
  auto batch = co_await find_batch(call, door);
  if (!batch) co_return pass(batch);
  if (!has_ended(batch->state))
    co_return fail(Code::invalid, "The batch has not ended.", "batch_running", "Ask again when it has.");
  std::vector<Results> all;
  for (const auto& id : {batch->output_file, batch->error_file}) {
    if (id.empty()) continue;
    auto reader = co_await call.blocking([&]() -> Result<files::PieceReader> {
      auto file = call.services.files.find(id, call.who.person);
      if (!file) return pass(file);
      return call.services.files.open(*file);
    });
    if (!reader) co_return pass(reader);
    all.emplace_back(std::move(*reader));
  }
  call.answered = true;
  auto told =
      co_await call.http.start(200, {{"content-type", "application/x-jsonl"}, {"cache-control", "no-store"}});
  for (auto& each : all)
    while (told) {
      auto lines = co_await call.blocking([&] { return each.next(); });
      if (!lines) co_return pass(lines);
      if (lines->empty()) break;
      told = co_await call.http.write(std::move(*lines));
    }
  if (told) told = co_await call.http.finish();
  co_return told;
}

Task<Result<void>> remove(Call& call) {
  auto batch = co_await find_batch(call, door);
  if (!batch) co_return pass(batch);
  auto removed = co_await call.services.batches.remove(call.who.person, batch->id);
  if (!removed) co_return removed;
  // Its files were never anything else's.
  for (const auto& id : {batch->input_file, batch->output_file, batch->error_file}) {
    if (id.empty()) continue;
    removed = co_await call.blocking([&] { return call.services.files.remove(id, call.who.person); });
    if (!removed && removed.error().code != Code::not_found) co_return removed;
  }
  JsonWriter json;
  json.object().field("id", batch->id).field("type", "message_batch_deleted").end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

}  // namespace

void add_message_batch_routes(Routes& routes) {
  routes.add({"POST", "/v1/messages/batches", Access::person, create});
  routes.add({"GET", "/v1/messages/batches", Access::person, list});
  routes.add({"GET", "/v1/messages/batches/{}", Access::person, get});
  routes.add({"DELETE", "/v1/messages/batches/{}", Access::person, remove});
  routes.add({"POST", "/v1/messages/batches/{}/cancel", Access::person, cancel});
  routes.add({"GET", "/v1/messages/batches/{}/results", Access::person, results});
}

}  // namespace bastide::http_api
