// Files that programs leave with us, as OpenAI's clients and Anthropic's know them: one set of paths, told
// apart by the header that Anthropic's always send.
#include "files/files.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "http_api/form.h"
#include "http_api/model_calls/door_work.h"
#include "http_api/openai/vector_stores.h"
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

using files::FileQuery;
using files::StoredFile;

constexpr std::array<std::string_view, 7> purposes{"assistants", "batch",     "evals", "fine-tune",
                                                   "ocr",        "user_data", "vision"};
constexpr std::int64_t batch_days = 30;
constexpr std::int64_t day_s = 24LL * 3600;
constexpr std::int64_t expires_min_s = 3600, expires_max_s = 30 * day_s;
constexpr std::size_t read_bytes = 1024 * 1024;

bool is_anthropic(const Call& call) { return call.dialect == &dialects::anthropic_codec(); }

void write_file(JsonWriter& json, const Call& call, const StoredFile& file) {
  json.object().field("id", file.id);
  if (is_anthropic(call)) {
    json.field("type", "file")
        .field("filename", file.name)
        .field("mime_type", file.media_type)
        .field("size_bytes", file.bytes)
        .field("created_at", rfc3339(file.created_at))
        .field("downloadable", true)
        .end();
    return;
  }
  json.field("object", "file")
      .field("bytes", file.bytes)
      .field("created_at", file.created_at / 1000)
      .field("filename", file.name)
      .field("purpose", file.purpose)
      .field("status", "processed")
      .key("status_details")
      .null()
      .key("expires_at");
  file.expires_at > 0 ? json.value(file.expires_at / 1000) : json.null();
  if (dialect_of_client(call) == dialects::Dialect::mistral)
    json.field("sample_type", file.purpose == "batch"          ? "batch_request"
                              : file.purpose == "batch_output" ? "batch_result"
                                                               : "instruct")
        .field("deleted", false)
        .field("source", "upload")
        .field("mimetype", file.media_type);
  json.end();
}

std::string file_json(const Call& call, const StoredFile& file) {
  JsonWriter json;
  write_file(json, call, file);
  return json.take();
}

/// Writes the file that comes, for a person.
class Upload final : public FileTaker {
 public:
  explicit Upload(files::Files& room) : room_(room) {}
  Result<void> begin(PartHead head) override {
    if (head.name != "file")
      return fail(Code::invalid, "The file must be the field \"file\" of the form.", "invalid_file");
    file.name = std::move(*head.file_name);
    file.media_type = head.media_type.empty() ? "application/octet-stream" : std::move(head.media_type);
    auto made = room_.create();
    if (!made) return pass(made);
    incoming = std::move(*made);
    return {};
  }
  Result<void> take(std::string_view bytes) override { return incoming->write(bytes); }

  files::NewFile file;
  std::unique_ptr<files::Incoming> incoming;

 private:
  files::Files& room_;
};

std::string_view field_of(const std::vector<dialects::FormField>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &dialects::FormField::name);
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

/// When it expires, in Unix milliseconds; 0: never.
Result<UnixMillis> expiry_of(const std::vector<dialects::FormField>& fields, std::string_view purpose) {
  const auto anchor = field_of(fields, "expires_after[anchor]");
  const auto seconds = field_of(fields, "expires_after[seconds]");
  if (anchor.empty() && seconds.empty()) {
    if (purpose != "batch") return 0;
    return now_ms() + batch_days * day_s * 1000;
  }
  std::int64_t span_s = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), span_s);
  const bool is_number = error == std::errc() && end == seconds.data() + seconds.size();
  if (anchor != "created_at" || !is_number || span_s < expires_min_s || span_s > expires_max_s)
    return fail(Code::invalid,
                "\"expires_after\" must have the anchor created_at and 3600 to 2592000 seconds.",
                "invalid_expires_after");
  return now_ms() + span_s * 1000;
}

Task<Result<void>> upload(Call& call) {
  Upload taker(call.services.files);
  auto fields = co_await read_form(call, call.services.config.server.upload_bytes_max, taker);
  if (!fields) co_return pass(fields);
  if (!taker.incoming)
    co_return fail(Code::invalid, "No file was sent.", "invalid_file", "Send a field named file.");
  taker.file.person = call.who.person;
  taker.file.purpose = is_anthropic(call) ? "user_data" : field_of(*fields, "purpose");
  if (std::ranges::find(purposes, taker.file.purpose) == purposes.end())
    co_return fail(Code::invalid,
                   "\"purpose\" must be assistants, batch, evals, fine-tune, ocr, user_data or vision.",
                   "invalid_purpose");
  auto expires_at = expiry_of(*fields, taker.file.purpose);
  if (!expires_at) co_return pass(expires_at);
  taker.file.expires_at = *expires_at;
  auto kept = co_await call.blocking([&] { return call.services.files.keep(*taker.incoming, taker.file); });
  if (!kept) co_return pass(kept);
  auto sent = co_await call.send_json(200, file_json(call, *kept));
  co_return sent;
}

Task<Result<void>> list(Call& call) {
  FileQuery query;
  const auto limit = call.limit(20);
  query.limit = limit + 1;  // the last tells whether there are more
  query.after = call.query(is_anthropic(call) ? "after_id" : "after");
  query.purpose = call.query("purpose");
  const auto before = call.query("before_id");
  const auto order = call.query("order");
  if (!order.empty() && order != "asc" && order != "desc")
    co_return fail(Code::invalid, "\"order\" must be asc or desc.", "invalid_order");
  if (order == "asc") query.order = FileQuery::Order::oldest_first;
  if (!before.empty()) {
    query.order = FileQuery::Order::oldest_first;
    query.after = before;
  }
  auto found = co_await call.blocking([&] { return call.services.files.list(call.who.person, query); });
  if (!found) co_return pass(found);
  const bool has_more = found->size() > limit;
  if (has_more) found->pop_back();
  if (!before.empty()) std::ranges::reverse(*found);
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (const auto& file : *found) write_file(json, call, file);
  json.end();
  end_list(json, found->empty() ? "" : found->front().id, found->empty() ? "" : found->back().id, has_more);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

Task<Result<StoredFile>> find(Call& call) {
  auto found =
      co_await call.blocking([&] { return call.services.files.find(call.variables[0], call.who.person); });
  co_return found;
}

Task<Result<void>> get(Call& call) {
  auto found = co_await find(call);
  if (!found) co_return pass(found);
  auto sent = co_await call.send_json(200, file_json(call, *found));
  co_return sent;
}

Task<Result<void>> content(Call& call) {
  auto found = co_await find(call);
  if (!found) co_return pass(found);
  auto reader = co_await call.blocking([&] { return call.services.files.open(*found); });
  if (!reader) co_return pass(reader);
  // Never shown by a browser as a page of ours, whatever it holds.
  net::Headers headers{
      {"content-type", "application/octet-stream"},
      {"content-disposition", "attachment; filename*=UTF-8''" + net::percent_encode(found->name)},
      {"x-content-type-options", "nosniff"},
      {"content-security-policy", "sandbox; default-src 'none'"},
      {"cache-control", "private, no-store"}};
  std::int64_t offset = 0;
  auto bytes = co_await call.blocking([&] { return reader->read(offset, read_bytes); });
  if (!bytes) co_return pass(bytes);
  call.answered = true;
  auto told = co_await call.http.start(200, std::move(headers));
  while (told && !bytes->empty()) {
    offset += static_cast<std::int64_t>(bytes->size());
    told = co_await call.http.write(std::move(*bytes));
    if (!told) break;
    bytes = co_await call.blocking([&] { return reader->read(offset, read_bytes); });
    // Without its end: the client sees that it was cut.
    if (!bytes) co_return pass(bytes);
  }
  if (told) told = co_await call.http.finish();
  co_return told;
}

Task<Result<void>> remove(Call& call) {
  auto removed =
      co_await call.blocking([&] { return call.services.files.remove(call.variables[0], call.who.person); });
  if (!removed) co_return removed;
  JsonWriter json;
  json.object().field("id", call.variables[0]);
  if (is_anthropic(call))
    json.field("type", "file_deleted");
  else
    json.field("object", "file").field("deleted", true);
  auto sent = co_await call.send_json(200, json.end().take());
  co_return sent;
}

}  // namespace

void add_file_routes(Routes& routes) {
  routes.add({"POST", "/v1/files", Access::person, upload});
  routes.add({"GET", "/v1/files", Access::person, list});
  routes.add({"GET", "/v1/files/{}", Access::person, get});
  routes.add({"GET", "/v1/files/{}/content", Access::person, content});
  routes.add({"DELETE", "/v1/files/{}", Access::person, remove});
}

}  // namespace bastide::http_api
