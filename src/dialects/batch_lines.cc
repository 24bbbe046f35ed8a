#include "dialects/batch_lines.h"

#include <fmt/format.h>

#include "base/json.h"
#include "dialects/json_in.h"

namespace bastide::dialects {
namespace {

using namespace detail;

using Fault = std::unexpected<LineFault>;

Fault fault(std::string code, std::string message, std::string param) {
  return Fault({std::move(code), std::move(message), std::move(param)});
}
Fault missing(std::string_view field) {
  return fault("missing_required_parameter", fmt::format("\"{}\" is missing or of another type.", field),
               std::string(field));
}

}  // namespace

struct BatchLineReader::Impl {
  JsonIn json;
};

BatchLineReader::BatchLineReader() : impl_(std::make_unique<Impl>()) {}
BatchLineReader::~BatchLineReader() = default;

std::expected<BatchLine, LineFault> BatchLineReader::read(std::string_view line, const BatchAsk& ask) {
  const auto root = impl_->json.object_of(line);
  if (!root) return fault("invalid_json_line", "This line is not parseable as valid JSON.", {});
  BatchLine out;
  out.custom_id = text(*root, "custom_id");
  if (out.custom_id.size() > custom_id_bytes_max)
    return fault("invalid_custom_id",
                 fmt::format("\"custom_id\" is longer than {} bytes.", custom_id_bytes_max), "custom_id");
  if (ask.shape == BatchAsk::Shape::openai) {
    if (out.custom_id.empty()) return missing("custom_id");
    if (text(*root, "method") != "POST") return fault("invalid_method", "\"method\" must be POST.", "method");
    const auto url = text(*root, "url");
    if (url.empty()) return missing("url");
    if (url != ask.endpoint) return fault("url_mismatch", "\"url\" is not the endpoint of the batch.", "url");
  }
  const auto body = object_at(*root, "body");
  if (!body) return missing("body");
  for (const auto* field : {"stream", "background"}) {
    element value;
    if ((*body)[field].get(value) == simdjson::SUCCESS && as_flag(value).value_or(false))
      return fault(
          "batch_streams",
          fmt::format("\"{}\": the lines of a batch are answered whole, and in the background.", field),
          fmt::format("body.{}", field));
  }
  out.body_json = raw(*body);
  element model;
  if (!ask.model.empty() && (*body)["model"].get(model) != simdjson::SUCCESS) {
    const auto named = JsonWriter().object().field("model", ask.model).end().take();
    out.body_json =
        out.body_json == "{}" ? named : named.substr(0, named.size() - 1) + ',' + out.body_json.substr(1);
  }
  return out;
}

std::string BatchLineReader::custom_id_of(std::string_view line) {
  const auto root = impl_->json.object_of(line);
  return root ? std::string(text(*root, "custom_id")) : std::string();
}

std::string batch_result_line(const BatchResult& result) {
  JsonWriter json;
  json.object().field("id", result.id).field("custom_id", result.custom_id).key("response");
  // A provider's own bytes may span lines.
  const auto body = valid_json(result.body_json);
  if (result.status == 0)
    json.null();
  else
    json.object()
        .field("status_code", result.status)
        .field("request_id", result.exchange)
        .key("body")
        .raw(body ? *body : "null")
        .end();
  json.key("error");
  if (result.status == 0)
    json.object().field("code", result.code).field("message", result.message).end();
  else
    json.null();
  return json.end().take();
}

Result<BatchResult> read_batch_result(std::string_view line) {
  JsonIn in;
  const auto root = in.object_of(line);
  if (!root) return fail(Code::invalid, "This is no result of a batch.", "invalid_json_line");
  BatchResult out;
  out.id = text(*root, "id");
  out.custom_id = text(*root, "custom_id");
  if (const auto response = object_at(*root, "response")) {
    out.status = static_cast<int>(integer(*response, "status_code"));
    out.exchange = text(*response, "request_id");
    if (const auto body = object_at(*response, "body")) out.body_json = raw(*body);
  }
  if (const auto error = object_at(*root, "error")) {
    out.code = text(*error, "code");
    out.message = text(*error, "message");
  }
  if (out.status != 0 && out.body_json.empty())
    return fail(Code::invalid, "This is no result of a batch.", "invalid_json_line");
  return out;
}

Result<BatchRequests> read_message_batch(std::string_view body, std::string_view endpoint) {
  JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return std::unexpected(root.error());
  const auto requests = array_at(*root, "requests");
  if (!requests) return wrong("requests", "a list of requests");
  BatchRequests out;
  for (const auto each : *requests) {
    const auto request = as_object(each);
    const auto params = request ? object_at(*request, "params") : std::nullopt;
    if (!params) return wrong("requests", "a list of requests with custom_id and params each");
    JsonWriter line;
    line.object()
        .field("custom_id", text(*request, "custom_id"))
        .field("method", "POST")
        .field("url", endpoint)
        .key("body")
        .raw(raw(*params))
        .end();
    out.lines += line.take() + '\n';
    ++out.count;
  }
  return out;
}

Result<BatchRequests> read_job_requests(std::string_view body) {
  JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return std::unexpected(root.error());
  const auto requests = array_at(*root, "requests");
  if (!requests || requests->size() == 0) return wrong("requests", "a list of requests");
  BatchRequests out;
  for (const auto each : *requests) {
    out.lines += raw(each) + '\n';
    ++out.count;
  }
  return out;
}

std::string message_batch_line(const BatchResult& result) {
  JsonWriter json;
  json.object().field("custom_id", result.custom_id).key("result").object();
  if (result.status == 200)
    json.field("type", "succeeded").key("message").raw(result.body_json);
  else if (result.status != 0)
    json.field("type", "errored").key("error").raw(result.body_json);
  else
    json.field("type", result.code == "batch_expired" ? "expired" : "canceled");
  return json.end().end().take();
}

}  // namespace bastide::dialects
