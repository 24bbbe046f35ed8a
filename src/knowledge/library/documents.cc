#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "knowledge/access.h"
#include "knowledge/library/impl.h"

namespace bastide::knowledge::detail {
namespace {
constexpr std::size_t name_bytes_max = 400;
constexpr std::size_t page_max = 200;

/// What a browser or a person calls a file: no control characters, forward slashes only, nothing that climbs.
Result<std::string> clean_name(std::string_view name) {
  auto plain = to_valid_utf8(trim(name));
  std::ranges::replace(plain, '\\', '/');
  std::erase_if(plain, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  while (plain.starts_with("/") || plain.starts_with("./") || plain.starts_with("../"))
    plain.erase(0, plain.find('/') + 1);
  if (plain.empty())
    return fail(Code::invalid, "The file has no name.", "empty_name",
                "Give the file a name with its ending.");
  if (plain.size() > name_bytes_max)
    return fail(Code::invalid, "The file's name is too long.", "name_too_long",
                "Use at most 400 characters.");
  return plain;
}
}  // namespace

std::string LibraryImpl::effective_label(const DocumentRow& row) const {
  auto label = parts_.labels.find_or_highest(row.collection_label);
  for (const auto& own : {row.label, row.current_label})
    if (own) label = policy::join(label, parts_.labels.find_or_highest(*own));
  return parts_.labels.id(label);
}

DocumentView LibraryImpl::view_of(DocumentRow row) const {
  DocumentView view;
  view.label = effective_label(row);
  view.id = std::move(row.id);
  view.collection = std::move(row.collection);
  view.collection_name = std::move(row.collection_name);
  view.title = row.title.empty() ? row.current_title.empty() ? row.name : row.current_title : row.title;
  view.name = std::move(row.name);
  view.media_type = std::move(row.media_type);
  view.bytes = row.bytes;
  view.state = row.state;
  view.progress = row.state == DocumentState::ready ? 1 : row.progress;
  if (row.state == DocumentState::failed) view.error = std::move(row.error);
  view.pages = row.pages;
  view.chunks = row.chunks;
  view.restricted = row.restricted;
  view.searchable = !row.current.empty();
  view.version = row.number;
  view.source_version = std::move(row.source_version);
  view.created_at = row.created_at;
  return view;
}

Result<void> LibraryImpl::check_upload(const identity::Principal& who, const std::string& collection) {
  auto row = writable_collection(who, collection);
  if (!row) return pass(row);
  return {};
}

Result<UploadedDocument> LibraryImpl::upload(const identity::Principal& who, const Upload& upload) {
  auto collection = writable_collection(who, upload.collection);
  if (!collection) return pass(collection);
  auto name = clean_name(upload.name);
  if (!name) return pass(name);
  if (auto fine = check_label(upload.label); !fine) return pass(fine);
  if (upload.readers)
    if (auto fine = check_readers(*upload.readers); !fine) return pass(fine);
  NewVersion version;
  version.document = new_id("doc");
  version.version = new_id("ver");
  version.organisation = who.organisation;
  version.collection = upload.collection;
  version.name = std::move(*name);
  version.created_by = who.person;
  version.blob = upload.blob;
  version.bytes = upload.bytes;
  version.media_type = upload.media_type;
  version.label = upload.label;
  version.readers = upload.readers;
  version.source_version = upload.source_version;
  version.at = now_ms();
  auto added = parts_.store.add_version(version, [&] { return parts_.blobs.path(upload.blob).has_value(); });
  if (!added) return pass(added);
  workers_.wake();
  return UploadedDocument{.id = added->document, .replaced = added->replaced, .unchanged = added->unchanged};
}

Result<Listing<DocumentView>> LibraryImpl::documents(const identity::Principal& who,
                                                     const std::string& collection, const ListQuery& query) {
  const auto asker = asker_of(who);
  if (auto known = parts_.store.collection(asker, collection); !known) return pass(known);
  auto bounded = query;
  bounded.limit = std::clamp<std::size_t>(query.limit, 1, page_max);
  auto rows = parts_.store.documents(asker, collection, bounded);
  if (!rows) return pass(rows);
  Listing<DocumentView> page;
  page.next = std::move(rows->next);
  for (auto& row : rows->items) page.items.push_back(view_of(std::move(row)));
  return page;
}

Result<DocumentCounts> LibraryImpl::count_documents(const identity::Principal& who,
                                                    const std::string& collection) {
  const auto asker = asker_of(who);
  if (auto known = parts_.store.collection(asker, collection); !known) return pass(known);
  return parts_.store.count_documents(asker, collection);
}

Result<DocumentView> LibraryImpl::document(const identity::Principal& who, const std::string& id) {
  auto row = parts_.store.document(asker_of(who), id);
  if (!row) return pass(row);
  return view_of(std::move(*row));
}

Result<void> LibraryImpl::delete_document(const identity::Principal& who, const std::string& id) {
  auto row = parts_.store.document(asker_of(who), id);
  if (!row) return pass(row);
  if (!may_write(who, row->collection_owner))
    return fail(Code::forbidden, "You may read this document, but not delete it.", "read_only",
                "Ask the collection's owner or an administrator.");
  auto gone = parts_.store.delete_document(who.organisation, id);
  workers_.wake();
  return gone;
}

Result<void> LibraryImpl::retry_document(const identity::Principal& who, const std::string& id) {
  auto row = parts_.store.document(asker_of(who), id);
  if (!row) return pass(row);
  if (!may_write(who, row->collection_owner))
    return fail(Code::forbidden, "You may read this document, but not change it.", "read_only",
                "Ask the collection's owner or an administrator.");
  auto queued = parts_.store.requeue(who.organisation, id);
  workers_.wake();
  return queued;
}

}  // namespace bastide::knowledge::detail
