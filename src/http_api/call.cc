#include "http_api/call.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "http_api/problem.h"

namespace bastide::http_api {
namespace {
std::unexpected<Error> wrong(std::string_view name, std::string_view expected) {
  return std::unexpected(error_with({{"field", std::string(name)}, {"expected", std::string(expected)}},
                                    Code::invalid, "The field \"{field}\" must be {expected}.",
                                    "wrong_field"));
}
}  // namespace

Task<Result<nlohmann::json>> Call::json_body(std::size_t bytes_max) {
  auto text = co_await http.read_all(bytes_max);
  if (!text) co_return pass(text);
  co_return json_object(*text);
}

Result<nlohmann::json> Call::json_object(std::string_view text) {
  if (trim(text).empty()) return nlohmann::json::object();
  auto json = parse_json(text);
  if (!json) return pass(json);
  if (!json->is_object()) return fail(Code::invalid, "The body must be a JSON object.", "json_malformed");
  return json;
}

std::size_t Call::limit(std::size_t otherwise) const {
  auto text = query("limit");
  std::size_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && value > 0 ? std::min<std::size_t>(value, 200) : otherwise;
}

std::string Call::query(std::string_view name) const {
  auto value = request().parameter(name).value_or("");
  return is_utf8(value) ? value : to_valid_utf8(value);
}

Task<Result<void>> Call::send_json(int status, std::string json, net::Headers headers) {
  headers.add("content-type", "application/json");
  headers.add("cache-control", "no-store");
  answered = true;
  auto sent = co_await http.send({status, std::move(headers), std::move(json)});
  co_return sent;
}

Task<Result<void>> Call::send_nothing(int status) {
  answered = true;
  auto sent = co_await http.send({status, {}, {}});
  co_return sent;
}

Task<Result<void>> Call::send_bytes(std::string bytes, std::string media_type, net::Headers headers) {
  headers.add("content-type", std::move(media_type));
  answered = true;
  auto sent = co_await http.send({200, std::move(headers), std::move(bytes)});
  co_return sent;
}

Task<Result<void>> Call::send_error(const Error& error, std::string exchange, std::string header_lines) {
  told = error;
  net::Headers headers;
  headers.add_lines(std::move(header_lines));
  if (!exchange.empty()) headers.add("x-bastide-exchange", exchange);
  if (dialect) {
    auto encoded = dialect->encode_error(in_language(error, language), exchange);
    for (auto& [name, value] : encoded.headers) headers.add(name, value);
    auto sent = co_await send_json(encoded.status, std::move(encoded.body), std::move(headers));
    co_return sent;
  }
  const auto status = http_status(error.code);
  if (status == 429 || status == 503) headers.add("retry-after", retry_after(error));
  headers.add("content-type", "application/problem+json");
  headers.add("cache-control", "no-store");
  answered = true;
  auto sent = co_await http.send({status, std::move(headers), problem_json(error, language)});
  co_return sent;
}

Result<std::string> text_field(const nlohmann::json& body, std::string_view name) {
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::string{};
  if (!found->is_string()) return wrong(name, "a text");
  return std::string(trim(found->get_ref<const std::string&>()));
}

Result<std::optional<std::string>> maybe_text(const nlohmann::json& body, std::string_view name) {
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::optional<std::string>{};
  if (!found->is_string()) return wrong(name, "a text");
  return std::optional<std::string>(trim(found->get_ref<const std::string&>()));
}

Result<std::vector<std::string>> text_list(const nlohmann::json& body, std::string_view name) {
  constexpr std::size_t items_max = 1000;
  std::vector<std::string> out;
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return out;
  if (!found->is_array() || found->size() > items_max) return wrong(name, "a list of texts");
  for (const auto& item : *found) {
    if (!item.is_string()) return wrong(name, "a list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

}  // namespace bastide::http_api
