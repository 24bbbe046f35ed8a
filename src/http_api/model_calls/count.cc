#include "http_api/model_calls/count.h"

#include <algorithm>

#include "dialects/count.h"
#include "http_api/model_calls/left_files.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t bytes_a_token = 3;

}  // namespace

Task<Result<std::int64_t>> count_prompt(Call& call, dialects::Dialect dialect, dialects::RequestPath path) {
  const auto body = co_await call.http.read_all(body_bytes_max);
  if (!body) co_return std::unexpected(body.error());
  auto request = dialects::decode_count_request(dialect, *body, path);
  if (!request) co_return pass(request);
  if (names_left_file(*request)) {
    const auto& services = call.services;
    auto put = co_await call.blocking(
        [&] { return put_left_files(services.files, services.read_text, call.who.person, *request); });
    if (!put) co_return pass(put);
  }
  const auto catalogue = call.services.models.catalogue();
  const auto card = std::ranges::find(catalogue, request->model, &policy::ModelCard::id);
  if (card == catalogue.end())
    co_return fail(Code::not_found, "There is no model \"" + request->model + "\".", "model_not_found");
  auto tokens = call.services.models.count_tokens(*card, request->messages);
  std::size_t tools = 0;
  for (const auto& tool : request->tools)
    tools += tool.name.size() + tool.description.size() + tool.schema_json.size();
  co_return tokens + static_cast<std::int64_t>((tools + bytes_a_token - 1) / bytes_a_token);
}

}  // namespace bastide::http_api
