// Mistral's batch jobs, on the engine of all batches: their lines say less, and the job names the model.
#include "batches/batches.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "dialects/batch_lines.h"
#include "http_api/model_calls/model_call.h"
#include "http_api/openai/batch_wish.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using batches::Batch;
using batches::State;

constexpr std::string_view door = "mistral";
constexpr std::array<std::string_view, 5> endpoints{"/v1/chat/completions", "/v1/chat/moderations",
                                                    "/v1/embeddings", "/v1/fim/completions",
                                                    "/v1/moderations"};
constexpr std::int64_t hours_max = 168;
constexpr std::size_t page_max = 100, pages_max = 1000;

std::string_view status_of(const Batch& batch) {
  if (batch.cancelling_at > 0 && !has_ended(batch.state)) return "CANCELLATION_REQUESTED";
  switch (batch.state) {
    case State::validating:
      return "QUEUED";
    case State::completed:
      return "SUCCESS";
    case State::failed:
      return "FAILED";
    case State::expired:
      return "TIMEOUT_EXCEEDED";
    case State::cancelled:
      return "CANCELLED";
    default:
      return "RUNNING";
  }
}

void write_job(JsonWriter& json, const Batch& batch) {
  const bool ended = has_ended(batch.state);
  json.object().field("id", batch.id).field("object", "batch");
  json.key("input_files").array().value(batch.input_file).end();
  json.field("endpoint", batch.endpoint).field("status", status_of(batch));
  write_maybe(json, "model", batch.model);
  write_maybe(json, "output_file", ended ? batch.output_file : "");
  write_maybe(json, "error_file", ended ? batch.error_file : "");
  json.key("errors").array();
  for (const auto& fault : batch.faults) {
    const auto where = fault.line > 0 ? "Line " + std::to_string(fault.line) + ": " : std::string();
    json.object().field("message", where + fault.message).field("count", 1).end();
  }
  json.end();
  write_unix_time(json, "created_at", batch.created_at);
  write_unix_time(json, "started_at", batch.in_progress_at);
  write_unix_time(json, "completed_at", batch.ended_at);
  json.field("total_requests", batch.total)
      .field("completed_requests", batch.completed + batch.failed)
      .field("succeeded_requests", batch.completed)
      .field("failed_requests", batch.failed)
      .key("metadata");
  write_metadata(json, batch);
  json.end();
}

Task<Result<void>> send(Call& call, Result<Batch> batch) {
  if (!batch) co_return pass(batch);
  JsonWriter json;
  write_job(json, *batch);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

bool has_requests(const nlohmann::json& body) {
  const auto found = body.find("requests");
  return found != body.end() && !found->is_null();
}

/// The id of the job's one input.
Task<Result<std::string>> input_of(Call& call, const nlohmann::json& body, const std::string& text) {
  if (has_requests(body)) {
    auto kept = co_await call.blocking([&]() -> Result<std::string> {
      auto read = dialects::read_job_requests(text);
      if (!read) return pass(read);
      auto file = keep_lines(call.services.files, call.who.person, read->lines);
      if (!file) return pass(file);
      return file->id;
    });
    co_return kept;
  }
  auto ids = text_list(body, "input_files");
  if (!ids) co_return pass(ids);
  if (ids->size() != 1)
    co_return fail(Code::invalid, "\"input_files\" must be one file's id, in a list.", "invalid_input_files",
                   "Leave a job for each file.");
  co_return std::move(ids->front());
}

Task<Result<void>> create(Call& call) {
  call.http.allow_body(model_call_bytes_max);
  auto text = co_await call.http.read_all(model_call_bytes_max);
  if (!text) co_return pass(text);
  auto body = Call::json_object(*text);
  if (!body) co_return pass(body);
  batches::Batches::Wish wish;
  wish.door = door;
  for (auto [name, into] : {std::pair{"endpoint", &wish.endpoint}, std::pair{"model", &wish.model}}) {
    auto given = text_field(*body, name);
    if (!given) co_return pass(given);
    *into = std::move(*given);
  }
  if (std::ranges::find(endpoints, wish.endpoint) == endpoints.end())
    co_return fail(Code::invalid,
                   "\"endpoint\" must be /v1/chat/completions, /v1/chat/moderations, /v1/embeddings, "
                   "/v1/fim/completions or /v1/moderations.",
                   "invalid_job_endpoint");
  const auto hours = body->value("timeout_hours", nlohmann::json(24));
  if (!hours.is_number_integer() || hours < 1 || hours > hours_max)
    co_return fail(Code::invalid, "\"timeout_hours\" must be a number from 1 to 168.",
                   "invalid_timeout_hours");
  wish.window = std::chrono::hours(hours.get<std::int64_t>());
  if (const auto agent = body->find("agent_id"); agent != body->end() && !agent->is_null())
    co_return fail(Code::unsupported, "\"agent_id\": there are no agents of Mistral here.", "field:agent_id",
                   "Name a model.");
  if (auto read = read_metadata(*body, wish); !read) co_return read;
  auto input = co_await input_of(call, *body, *text);
  if (!input) co_return pass(input);
  wish.input_file = *input;
  auto batch = co_await call.services.batches.accept(call.who, call.language, std::move(wish));
  if (!batch && has_requests(*body))  // the file was made for it
    (void)co_await call.blocking([&] { return call.services.files.remove(*input, call.who.person); });
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

Task<Result<void>> remove(Call& call) {
  auto batch = co_await find_batch(call, door);
  if (!batch) co_return pass(batch);
  auto removed = co_await call.services.batches.remove(call.who.person, batch->id);
  if (!removed) co_return removed;
  JsonWriter json;
  json.object().field("id", batch->id).field("object", "batch").field("deleted", true).end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

std::size_t number_of(const Call& call, std::string_view name, std::size_t otherwise, std::size_t most) {
  const auto text = call.query(name);
  std::size_t value = otherwise;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::min(value, most) : otherwise;
}

Task<Result<void>> list(Call& call) {
  const auto size = std::max<std::size_t>(1, number_of(call, "page_size", page_max, page_max));
  const auto page = number_of(call, "page", 0, pages_max);
  for (const auto* filter : {"model", "agent_id", "metadata", "created_after", "status"})
    if (!call.query(filter).empty())
      co_return fail(Code::unsupported, "Jobs are listed whole, from the newest on.",
                     std::string("field:") + filter, "Leave the field out.");
  auto found =
      co_await call.services.batches.list(call.who.person, {std::string(door), {}, size, page * size});
  if (!found) co_return pass(found);
  auto total = co_await call.services.batches.count(call.who.person, std::string(door));
  if (!total) co_return pass(total);
  JsonWriter json;
  json.object().field("object", "list").field("total", *total).key("data").array();
  for (const auto& batch : *found) write_job(json, batch);
  auto sent = co_await call.send_json(200, json.end().end().take());
  co_return sent;
}

}  // namespace

void add_batch_job_routes(Routes& routes) {
  routes.add({"POST", "/v1/batch/jobs", Access::person, create});
  routes.add({"GET", "/v1/batch/jobs", Access::person, list});
  routes.add({"GET", "/v1/batch/jobs/{}", Access::person, get});
  routes.add({"DELETE", "/v1/batch/jobs/{}", Access::person, remove});
  routes.add({"POST", "/v1/batch/jobs/{}/cancel", Access::person, cancel});
}

}  // namespace bastide::http_api
