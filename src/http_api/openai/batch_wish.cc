#include "http_api/openai/batch_wish.h"

#include <nlohmann/json.hpp>

namespace bastide::http_api {
namespace {

constexpr std::size_t metadata_max = 16, name_bytes_max = 64, value_bytes_max = 512;
constexpr UnixMillis input_kept_ms = 30LL * 24 * 3600 * 1000;

}  // namespace

Result<void> read_metadata(const nlohmann::json& body, batches::Batches::Wish& wish) {
  const auto found = body.find("metadata");
  if (found == body.end() || found->is_null()) return {};
  bool fits = found->is_object() && found->size() <= metadata_max;
  if (fits)
    for (const auto& [name, value] : found->items()) {
      fits = fits && value.is_string() && name.size() <= name_bytes_max &&
             value.get_ref<const std::string&>().size() <= value_bytes_max;
      if (fits) wish.metadata.emplace_back(name, value.get<std::string>());
    }
  if (fits) return {};
  return fail(Code::invalid, "\"metadata\" must be at most 16 texts of 512 bytes, under names of at most 64.",
              "invalid_metadata");
}

void write_metadata(JsonWriter& json, const batches::Batch& batch) {
  if (batch.metadata.empty()) {
    json.null();
    return;
  }
  json.object();
  for (const auto& [name, value] : batch.metadata) json.field(name, value);
  json.end();
}

void write_maybe(JsonWriter& json, std::string_view name, const std::string& text) {
  json.key(name);
  text.empty() ? json.null() : json.value(text);
}

void write_unix_time(JsonWriter& json, std::string_view name, UnixMillis at) {
  json.key(name);
  at > 0 ? json.value(at / 1000) : json.null();
}

Result<files::StoredFile> keep_lines(files::Files& files, const std::string& person, std::string_view lines) {
  auto incoming = files.create();
  if (!incoming) return pass(incoming);
  if (auto written = (*incoming)->write(lines); !written) return pass(written);
  return files.keep(**incoming,
                    {person, "requests.jsonl", "application/jsonl", "batch", now_ms() + input_kept_ms});
}

Task<Result<batches::Batch>> find_batch(Call& call, std::string_view door) {
  auto batch = co_await call.services.batches.find(call.who.person, call.variables[0]);
  if (batch && batch->door != door) co_return fail(Code::not_found, "There is no such batch.", "no_batch");
  co_return batch;
}

}  // namespace bastide::http_api
