// OpenAI's batches: files of calls that are answered within a day.
#include "batches/batches.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/openai/batch_wish.h"
#include "http_api/openai/vector_stores.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using batches::Batch;
using batches::State;

constexpr std::string_view door = "openai";
constexpr std::array<std::string_view, 5> endpoints{"/v1/chat/completions", "/v1/completions",
                                                    "/v1/embeddings", "/v1/moderations", "/v1/responses"};
constexpr std::int64_t kept_min_s = 3600, kept_max_s = 30LL * 24 * 3600;

std::string_view status_of(const Batch& batch) {
  if (batch.cancelling_at > 0 && !has_ended(batch.state)) return "cancelling";
  switch (batch.state) {
    case State::validating:
      return "validating";
    case State::in_progress:
      return "in_progress";
    case State::finalizing:
      return "finalizing";
    case State::completed:
      return "completed";
    case State::failed:
      return "failed";
    case State::expired:
      return "expired";
    case State::cancelled:
      return "cancelled";
  }
  return "failed";
}

void write_faults(JsonWriter& json, const Batch& batch) {
  json.key("errors");
  if (batch.faults.empty()) {
    json.null();
    return;
  }
  json.object().field("object", "list").key("data").array();
  for (const auto& fault : batch.faults) {
    json.object().field("code", fault.code).field("message", fault.message);
    write_maybe(json, "param", fault.param);
    json.key("line");
    fault.line > 0 ? json.value(fault.line) : json.null();
    json.end();
  }
  json.end().end();
}

void write_batch(JsonWriter& json, const Batch& batch) {
  const bool ended = has_ended(batch.state);
  const auto end = [&](State state) { return batch.state == state ? batch.ended_at : 0; };
  json.object()
      .field("id", batch.id)
      .field("object", "batch")
      .field("endpoint", batch.endpoint)
      .field("input_file_id", batch.input_file)
      .field("completion_window", "24h")
      .field("status", status_of(batch));
  write_faults(json, batch);
  // Files that are being written are nobody's to read yet.
  write_maybe(json, "output_file_id", ended ? batch.output_file : "");
  write_maybe(json, "error_file_id", ended ? batch.error_file : "");
  write_unix_time(json, "created_at", batch.created_at);
  write_unix_time(json, "in_progress_at", batch.in_progress_at);
  write_unix_time(json, "expires_at", batch.expires_at);
  write_unix_time(json, "finalizing_at", batch.finalizing_at);
  write_unix_time(json, "completed_at", end(State::completed));
  write_unix_time(json, "failed_at", end(State::failed));
  write_unix_time(json, "expired_at", end(State::expired));
  write_unix_time(json, "cancelling_at", batch.cancelling_at);
  write_unix_time(json, "cancelled_at", end(State::cancelled));
  json.key("request_counts")
      .object()
      .field("total", batch.total)
      .field("completed", batch.completed)
      .field("failed", batch.failed)
      .end()
      .key("metadata");
  write_metadata(json, batch);
  json.end();
}

Task<Result<void>> send(Call& call, Result<Batch> batch) {
  if (!batch) co_return pass(batch);
  JsonWriter json;
  write_batch(json, *batch);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Result<void> read_expiry(const nlohmann::json& body, batches::Batches::Wish& wish) {
  const auto found = body.find("output_expires_after");
  if (found == body.end() || found->is_null()) return {};
  const auto seconds = found->is_object() ? found->value("seconds", nlohmann::json()) : nlohmann::json();
  if (!seconds.is_number_integer() || seconds < kept_min_s || seconds > kept_max_s ||
      found->value("anchor", nlohmann::json()) != "created_at")
    return fail(Code::invalid,
                "\"output_expires_after\" must have the anchor created_at and 3600 to 2592000 seconds.",
                "invalid_output_expires_after");
  wish.output_kept_s = seconds.get<std::int64_t>();
  return {};
}

Task<Result<void>> create(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  batches::Batches::Wish wish;
  wish.door = door;
  for (auto [name, into] :
       {std::pair{"input_file_id", &wish.input_file}, std::pair{"endpoint", &wish.endpoint}}) {
    auto text = text_field(*body, name);
    if (!text) co_return pass(text);
    *into = std::move(*text);
  }
  if (wish.input_file.empty())
    co_return fail(Code::invalid, "\"input_file_id\" must be a file's id.", "invalid_input_file_id");
  if (std::ranges::find(endpoints, wish.endpoint) == endpoints.end())
    co_return fail(
        Code::invalid,
        "\"endpoint\" must be /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/moderations or "
        "/v1/responses.",
        "invalid_endpoint");
  if (body->value("completion_window", nlohmann::json()) != "24h")
    co_return fail(Code::invalid, "\"completion_window\" must be 24h.", "invalid_completion_window");
  if (auto read = read_metadata(*body, wish); !read) co_return read;
  if (auto read = read_expiry(*body, wish); !read) co_return read;
  auto batch = co_await call.services.batches.accept(call.who, call.language, std::move(wish));
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
  batch = co_await call.services.batches.cancel(call.who.person, call.variables[0]);
  auto sent = co_await send(call, std::move(batch));
  co_return sent;
}

Task<Result<void>> list(Call& call) {
  const auto limit = call.limit(20);
  auto found = co_await call.services.batches.list(call.who.person,
                                                   {std::string(door), call.query("after"), limit + 1});
  if (!found) co_return pass(found);
  const bool has_more = found->size() > limit;
  if (has_more) found->pop_back();
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (const auto& batch : *found) write_batch(json, batch);
  json.end();
  end_list(json, found->empty() ? "" : found->front().id, found->empty() ? "" : found->back().id, has_more);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

}  // namespace

void add_batch_routes(Routes& routes) {
  routes.add({"POST", "/v1/batches", Access::person, create});
  routes.add({"GET", "/v1/batches", Access::person, list});
  routes.add({"GET", "/v1/batches/{}", Access::person, get});
  routes.add({"POST", "/v1/batches/{}/cancel", Access::person, cancel});
}

}  // namespace bastide::http_api
