// Documents: upload, list, read, show.
#include <charconv>

#include "base/json.h"
#include "http_api/problem.h"
#include "http_api/routes.h"
#include "http_api/workspace/upload.h"
#include "http_api/workspace/views.h"
#include "net/http.h"

namespace bastide::http_api {
namespace {

void write_document(JsonWriter& json, const Call& call, const knowledge::DocumentView& view) {
  json.object()
      .field("id", view.id)
      .field("collection", view.collection)
      .field("collection_name", view.collection_name)
      .field("title", view.title)
      .field("name", view.name)
      .field("media_type", view.media_type)
      .field("bytes", view.bytes)
      .field("state", knowledge::state_name(view.state))
      .field("progress", view.progress)
      .field("pages", view.pages)
      .field("chunks", view.chunks)
      .field("label", view.label)
      .field("searchable", view.searchable)
      .field("version", view.version)
      .field("source_version", view.source_version)
      .field("created_at", rfc3339(view.created_at));
  if (view.error) json.key("error").raw(problem_json(*view.error, call.language));
  json.end();
}

Task<Result<void>> list_documents(Call& call) {
  knowledge::ListQuery query{call.query("q"), call.query("after"), call.limit()};
  auto page = co_await call.blocking(
      [&] { return call.services.library.documents(call.who, call.variables[0], query); });
  if (!page) co_return pass(page);
  JsonWriter json;
  json.object().key("documents").array();
  for (const auto& view : page->items) write_document(json, call, view);
  json.end();
  if (query.after.empty()) {
    auto counts = co_await call.blocking(
        [&] { return call.services.library.count_documents(call.who, call.variables[0]); });
    if (!counts) co_return pass(counts);
    json.key("counts").object();
    for (const auto& [state, count] : *counts) json.field(knowledge::state_name(state), count);
    json.end();
  }
  json.field("next", page->next).end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> upload_document(Call& call) {
  auto uploaded = co_await receive_document(call, call.variables[0]);
  if (!uploaded) co_return pass(uploaded);
  JsonWriter json;
  json.object()
      .field("id", uploaded->id)
      .field("replaced", uploaded->replaced)
      .field("unchanged", uploaded->unchanged)
      .end();
  auto sent = co_await call.send_json(201, json.take());
  co_return sent;
}

Task<Result<void>> get_document(Call& call) {
  auto view =
      co_await call.blocking([&] { return call.services.library.document(call.who, call.variables[0]); });
  if (!view) co_return pass(view);
  JsonWriter json;
  write_document(json, call, *view);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> delete_document(Call& call) {
  auto done = co_await call.blocking(
      [&] { return call.services.library.delete_document(call.who, call.variables[0]); });
  if (!done) co_return done;
  note(call, "document_deleted", call.who.person, call.variables[0]);
  auto sent = co_await call.send_nothing();
  co_return sent;
}

Task<Result<void>> retry_document(Call& call) {
  auto done = co_await call.blocking(
      [&] { return call.services.library.retry_document(call.who, call.variables[0]); });
  if (!done) co_return done;
  auto sent = co_await call.send_nothing(202);
  co_return sent;
}

Task<Result<void>> get_file(Call& call) {
  std::string path;
  auto file = co_await call.blocking([&]() -> Result<knowledge::OriginalFile> {
    auto found = call.services.library.file(call.who, call.variables[0]);
    if (!found) return found;
    auto place = call.services.blobs.path(found->blob);
    if (!place) return pass(place);
    path = std::move(*place);
    return found;
  });
  if (!file) co_return pass(file);
  call.answered = true;
  // Never shown by the browser as a page of ours, whatever it holds.
  net::Headers headers{
      {"content-type", "application/octet-stream"},
      {"content-disposition", "attachment; filename*=UTF-8''" + net::percent_encode(file->name)},
      {"x-content-type-options", "nosniff"},
      {"content-security-policy", "sandbox; default-src 'none'"},
      {"cache-control", "private, no-store"}};
  auto sent = co_await call.http.send_file(std::move(path), std::move(headers));
  co_return sent;
}

void write_content(JsonWriter& json, const knowledge::ContentView& view) {
  json.object()
      .field("id", view.id)
      .field("title", view.title)
      .field("media_type", view.media_type)
      .field("pages", view.pages)
      .key("blocks")
      .array();
  for (const auto& block : view.blocks)
    json.object()
        .field("kind", block.kind)
        .field("level", block.level)
        .field("page", block.page)
        .field("text", block.text)
        .field("start", block.start)
        .end();
  json.end();
  if (view.highlight) {
    const auto& mark = *view.highlight;
    json.key("highlight").object().field("start", mark.start).field("end", mark.end).field("page", mark.page);
    json.key("boxes").array();
    for (const auto& box : mark.boxes)
      json.array()
          .value(static_cast<double>(box.x0))
          .value(static_cast<double>(box.y0))
          .value(static_cast<double>(box.x1))
          .value(static_cast<double>(box.y1))
          .end();
    json.end()
        .key("page_size")
        .array()
        .value(static_cast<double>(mark.page_width))
        .value(static_cast<double>(mark.page_height))
        .end()
        .end();
  }
  json.end();
}

Task<Result<void>> get_content(Call& call) {
  const knowledge::Mark mark{.passage = std::string(call.query("passage")),
                             .quote = std::string(call.query("quote"))};
  auto view = co_await call.blocking(
      [&] { return call.services.library.content(call.who, call.variables[0], mark); });
  if (!view) co_return pass(view);
  JsonWriter json;
  write_content(json, *view);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

int number(std::string_view text, int otherwise) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

Task<Result<void>> get_page(Call& call) {
  auto page = number(call.variables[1], 0);
  auto width = number(call.query("width"), 900);
  auto png = co_await call.blocking(
      [&] { return call.services.library.page_png(call.who, call.variables[0], page, width); });
  if (!png) co_return pass(png);
  auto sent =
      co_await call.send_bytes(std::move(*png), "image/png", {{"cache-control", "private, no-store"}});
  co_return sent;
}

}  // namespace

void add_document_routes(Routes& routes) {
  routes.add({"GET", "/api/collections/{}/documents", Access::person, list_documents});
  routes.add({"POST", "/api/collections/{}/documents", Access::person, upload_document});
  routes.add({"GET", "/api/documents/{}", Access::person, get_document});
  routes.add({"DELETE", "/api/documents/{}", Access::person, delete_document});
  routes.add({"POST", "/api/documents/{}/retry", Access::person, retry_document});
  routes.add({"GET", "/api/documents/{}/file", Access::person, get_file});
  routes.add({"GET", "/api/documents/{}/content", Access::person, get_content});
  routes.add({"GET", "/api/documents/{}/pages/{}.png", Access::person, get_page});
}

}  // namespace bastide::http_api
