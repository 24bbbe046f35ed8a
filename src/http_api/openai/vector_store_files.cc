// Files of a vector store: documents of a collection.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "http_api/openai/vector_stores.h"
#include "http_api/routes.h"
#include "http_api/workspace/upload.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

using knowledge::DocumentState;

constexpr std::size_t page_size = 200;
constexpr std::size_t copy_bytes = 1024 * 1024;
constexpr int pages_max = 50;  // of a collection, looked through for a file that was attached

std::string_view status_of(DocumentState state) {
  switch (state) {
    case DocumentState::ready:
      return "completed";
    case DocumentState::failed:
      return "failed";
    default:
      return "in_progress";
  }
}

/// `id` is what the caller calls it: the document's own, or that of the file it was made of.
void write_file(JsonWriter& json, const knowledge::DocumentView& view, std::string_view id) {
  json.object()
      .field("id", id)
      .field("object", "vector_store.file")
      .field("vector_store_id", view.collection)
      .field("created_at", view.created_at / 1000)
      .field("status", status_of(view.state))
      .field("usage_bytes", view.bytes)
      .key("last_error");
  if (view.error) {
    const bool unsupported = view.error->code == Code::unsupported;
    json.object()
        .field("code", unsupported ? "unsupported_file" : "invalid_file")
        .field("message", view.error->message)
        .end();
  } else {
    json.null();
  }
  json.key("attributes").object().field("filename", view.name).field("label", view.label).end().end();
}

/// The document that the path names: by its id, or by that of the file it was made of. Blocks.
Result<knowledge::DocumentView> file_of(Call& call) {
  auto store = store_of(call);
  if (!store) return pass(store);
  const auto& id = call.variables[1];
  auto& library = call.services.library;
  if (auto view = library.document(call.who, id); view && view->collection == store->id) return view;
  knowledge::ListQuery query{"", "", page_size};
  for (int i = 0; i < pages_max; ++i) {
    auto page = library.documents(call.who, store->id, query);
    if (!page) return pass(page);
    const auto made = std::ranges::find(page->items, id, &knowledge::DocumentView::source_version);
    if (made != page->items.end()) return std::move(*made);
    if (!page->next) break;
    query.after = *page->next;
  }
  return fail(Code::not_found, "There is no such file in this vector store.", "no_document");
}

Result<std::string> file_json(Call& call, const std::string& document, std::string_view id) {
  auto view = call.services.library.document(call.who, document);
  if (!view) return pass(view);
  JsonWriter json;
  write_file(json, *view, id);
  return json.take();
}

Task<Result<void>> list_files(Call& call) {
  const auto filter = call.query("filter");
  if (call.query("order") == "asc" || !call.query("before").empty())
    co_return fail(Code::unsupported, "Files are listed from the newest on.", "field:order",
                   "Leave order and before out.");
  knowledge::ListQuery query{"", call.query("after"), call.limit(20)};
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto store = store_of(call);
    if (!store) return pass(store);
    auto page = call.services.library.documents(call.who, store->id, query);
    if (!page) return pass(page);
    JsonWriter out;
    out.object().field("object", "list").key("data").array();
    for (const auto& view : page->items)
      if (filter.empty() || status_of(view.state) == filter) write_file(out, view, view.id);
    out.end();
    const bool any = !page->items.empty();
    end_list(out, any ? page->items.front().id : "", any ? page->items.back().id : "",
             page->next.has_value());
    return out.end().take();
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

/// As OpenAI's clients do: a file that is there already, by its id.
Task<Result<void>> attach_file(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  for (const auto* field : {"attributes", "chunking_strategy"}) {
    const bool is_auto = body->contains(field) && (*body)[field].is_object() &&
                         (*body)[field].value("type", nlohmann::json()) == "auto";
    if (is_auto) continue;
    if (auto said = refuse_said(*body, field, "Documents of this house keep no such thing."); !said)
      co_return said;
  }
  auto file = text_field(*body, "file_id");
  if (!file) co_return pass(file);
  if (file->empty()) co_return fail(Code::invalid, "\"file_id\" must be a file's id.", "invalid_file_id");
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto store = store_of(call);
    if (!store) return pass(store);
    auto document = attach(call, store->id, *file);
    if (!document) return pass(document);
    return file_json(call, *document, *file);
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> add_file(Call& call) {
  const auto type = call.request().headers.find("content-type").value_or("");
  if (!type.starts_with("multipart/form-data")) {
    auto attached = co_await attach_file(call);
    co_return attached;
  }
  auto store = co_await call.blocking([&] { return store_of(call); });
  if (!store) co_return pass(store);
  auto uploaded = co_await receive_document(call, store->id);
  if (!uploaded) co_return pass(uploaded);
  auto json = co_await call.blocking([&] { return file_json(call, uploaded->id, uploaded->id); });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> get_file(Call& call) {
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = file_of(call);
    if (!view) return pass(view);
    JsonWriter out;
    write_file(out, *view, call.variables[1]);
    return out.take();
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

Task<Result<void>> delete_file(Call& call) {
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = file_of(call);
    if (!view) return pass(view);
    auto deleted = call.services.library.delete_document(call.who, view->id);
    if (!deleted) return pass(deleted);
    note(call, "document_deleted", call.who.person, view->id);
    JsonWriter out;
    out.object().field("id", call.variables[1]).field("object", "vector_store.file.deleted");
    return out.field("deleted", true).end().take();
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

/// The text as it is searched.
Task<Result<void>> get_content(Call& call) {
  auto json = co_await call.blocking([&]() -> Result<std::string> {
    auto view = file_of(call);
    if (!view) return pass(view);
    auto content = call.services.library.content(call.who, view->id, {});
    if (!content) return pass(content);
    JsonWriter out;
    out.object().field("object", "vector_store.file_content.page").key("data").array();
    for (const auto& block : content->blocks)
      out.object().field("type", "text").field("text", block.text).end();
    return out.end().field("has_more", false).key("next_page").null().end().take();
  });
  auto sent = co_await send(call, std::move(json));
  co_return sent;
}

/// Makes a document of a file that was left with us: a copy, which the collection keeps as its others.
Result<std::string> attach_left(Call& call, const std::string& collection, const std::string& id) {
  auto file = call.services.files.find(id, call.who.person);
  if (!file) return pass(file);
  auto& library = call.services.library;
  if (auto allowed = library.check_upload(call.who, collection); !allowed) return pass(allowed);
  auto reader = call.services.files.open(*file);
  if (!reader) return pass(reader);
  auto writer = call.services.blobs.create();
  if (!writer) return pass(writer);
  for (std::int64_t place = 0; place < file->bytes;) {
    auto bytes = reader->read(place, copy_bytes);
    if (!bytes) return pass(bytes);
    if (auto written = (*writer)->write(*bytes); !written) return pass(written);
    place += static_cast<std::int64_t>(bytes->size());
  }
  auto blob = (*writer)->commit();
  if (!blob) return pass(blob);
  knowledge::Upload upload;
  upload.collection = collection;
  upload.name = file->name;
  upload.media_type = file->media_type;
  upload.blob = std::move(*blob);
  upload.bytes = file->bytes;
  upload.source_version = id;
  auto uploaded = library.upload(call.who, upload);
  if (!uploaded) return pass(uploaded);
  note(call, "document_uploaded", call.who.person, uploaded->id);
  return uploaded->id;
}

}  // namespace

Result<std::string> attach(Call& call, const std::string& collection, const std::string& source) {
  if (files::is_file_id(source)) return attach_left(call, collection, source);
  auto& library = call.services.library;
  auto view = library.document(call.who, source);
  if (!view) return pass(view);
  if (view->collection == collection) return view->id;
  auto file = library.file(call.who, source);
  if (!file) return pass(file);
  knowledge::Upload upload;
  upload.collection = collection;
  upload.name = file->name;
  upload.media_type = file->media_type;
  upload.blob = file->blob;
  upload.bytes = file->bytes;
  // What was read under a label keeps it, and what few may read is not opened to the store's readers.
  upload.label = view->label;
  if (view->restricted) upload.readers = std::vector<knowledge::Reader>{"p:" + call.who.person};
  upload.source_version = source;
  auto uploaded = library.upload(call.who, upload);
  if (!uploaded) return pass(uploaded);
  note(call, "document_uploaded", call.who.person, uploaded->id);
  return uploaded->id;
}

void add_vector_store_file_routes(Routes& routes) {
  routes.add({"GET", "/v1/vector_stores/{}/files", Access::person, list_files});
  routes.add({"POST", "/v1/vector_stores/{}/files", Access::person, add_file});
  routes.add({"GET", "/v1/vector_stores/{}/files/{}", Access::person, get_file});
  routes.add({"DELETE", "/v1/vector_stores/{}/files/{}", Access::person, delete_file});
  routes.add({"GET", "/v1/vector_stores/{}/files/{}/content", Access::person, get_content});
}

}  // namespace bastide::http_api
