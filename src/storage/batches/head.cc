#include "storage/batches/head.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace bastide::storage::batch_head {

using batches::Batch;
using batches::State;

std::string write(const Batch& batch) {
  JsonWriter json;
  json.object()
      .field("ends_as", static_cast<int>(batch.ends_as))
      .field("endpoint", batch.endpoint)
      .field("model", batch.model)
      .field("input_file", batch.input_file)
      .field("output_file", batch.output_file)
      .field("error_file", batch.error_file)
      .field("expires_at", batch.expires_at)
      .field("in_progress_at", batch.in_progress_at)
      .field("finalizing_at", batch.finalizing_at)
      .field("ended_at", batch.ended_at)
      .field("output_kept_s", batch.output_kept_s)
      .field("key", batch.key)
      .field("email", batch.email)
      .field("language", batch.language)
      .key("faults")
      .array();
  for (const auto& fault : batch.faults)
    json.object()
        .field("code", fault.code)
        .field("message", fault.message)
        .field("param", fault.param)
        .field("line", fault.line)
        .end();
  json.end().key("metadata").array();
  for (const auto& [name, value] : batch.metadata) json.array().value(name).value(value).end();
  return json.end().end().take();
}

Result<void> read(std::string_view text, Batch& batch) {
  auto json = parse_json(text);
  if (!json) return pass(json);
  const auto words = [&](const char* name) { return json->value(name, std::string()); };
  const auto number = [&](const char* name) { return json->value(name, std::int64_t{0}); };
  batch.ends_as = static_cast<State>(number("ends_as"));
  batch.endpoint = words("endpoint");
  batch.model = words("model");
  batch.input_file = words("input_file");
  batch.output_file = words("output_file");
  batch.error_file = words("error_file");
  batch.expires_at = number("expires_at");
  batch.in_progress_at = number("in_progress_at");
  batch.finalizing_at = number("finalizing_at");
  batch.ended_at = number("ended_at");
  batch.output_kept_s = number("output_kept_s");
  batch.key = words("key");
  batch.email = words("email");
  batch.language = words("language");
  for (const auto& fault : json->value("faults", nlohmann::json::array()))
    batch.faults.push_back({fault.value("code", ""), fault.value("message", ""), fault.value("param", ""),
                            fault.value("line", std::int64_t{0})});
  for (const auto& entry : json->value("metadata", nlohmann::json::array()))
    if (entry.size() == 2) batch.metadata.emplace_back(entry[0], entry[1]);
  return {};
}

}  // namespace bastide::storage::batch_head
