#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "knowledge/access.h"
#include "knowledge/library/impl.h"

namespace bastide::knowledge {

std::unique_ptr<Library> Library::make(LibraryParts parts) {
  return std::make_unique<detail::LibraryImpl>(std::move(parts));
}

namespace detail {
namespace {
constexpr std::size_t name_bytes_max = 200;
constexpr std::size_t readers_max = 1000;
constexpr std::size_t page_max = 200;
constexpr std::uint64_t page_cache_bytes_max = 256ULL * 1024 * 1024;

Result<std::string> clean_name(std::string_view name) {
  const auto plain = to_valid_utf8(trim(name));
  if (plain.empty())
    return fail(Code::invalid, "The collection has no name.", "empty_name",
                "Give it a name of 1 to 200 characters.");
  if (plain.size() > name_bytes_max)
    return fail(Code::invalid, "The collection's name is too long.", "name_too_long",
                "Use at most 200 characters.");
  return plain;
}
}  // namespace

Result<void> check_readers(const std::vector<Reader>& readers) {
  if (readers.size() > readers_max)
    return fail(Code::invalid, "There are too many readers.", "too_many_readers", "Make a group of them.");
  if (!std::ranges::all_of(readers, is_reader))
    return fail(Code::invalid, "A reader is neither everyone, a person nor a group.", "bad_reader",
                "Write readers as \"everyone\", \"user:EMAIL\" or \"group:NAME\".");
  return {};
}

LibraryImpl::LibraryImpl(LibraryParts parts)
    : parts_(std::move(parts)),
      searcher_(parts_.store, parts_.models, parts_.labels, parts_.pool, parts_.config.embedding_model),
      pages_(parts_.cache_folder, page_cache_bytes_max),
      workers_({.store = parts_.store,
                .blobs = parts_.blobs,
                .models = parts_.models,
                .live = searcher_.live(),
                .metrics = parts_.metrics,
                .parser = parts_.parser,
                .model = parts_.config.embedding_model,
                .embedding = parts_.embedding,
                .parse_max = std::chrono::seconds(parts_.config.parse_seconds_max),
                .on_blob_removed = [this](const std::string& blob) { pages_.forget(blob); },
                .is_kept_elsewhere = parts_.is_kept_elsewhere}) {
  parts_.metrics.gauge("bastide_knowledge_index_bytes", "Memory of the search indexes.",
                       [this] { return static_cast<double>(searcher_.live().memory_bytes()); });
}

CollectionView LibraryImpl::view_of(const identity::Principal& who, CollectionRow row) const {
  return {.id = std::move(row.id),
          .name = std::move(row.name),
          .label = std::move(row.label),
          .readers = std::move(row.readers),
          .owner = row.owner,
          .documents = row.documents,
          .ready = row.ready,
          .may_write = may_write(who, row.owner),
          .created_at = row.created_at};
}

Result<void> LibraryImpl::check_label(const std::optional<std::string>& label) const {
  if (!label) return {};
  auto found = parts_.labels.find(*label);
  if (!found) return pass(found);
  return {};
}

Result<CollectionRow> LibraryImpl::writable_collection(const identity::Principal& who,
                                                       const std::string& id) {
  auto row = parts_.store.collection(asker_of(who), id);
  if (!row) return pass(row);
  if (!may_write(who, row->owner))
    return fail(Code::forbidden, "You may read this collection, but not change it.", "read_only",
                "Ask its owner or an administrator.");
  return row;
}

Result<Listing<CollectionView>> LibraryImpl::collections(const identity::Principal& who,
                                                         const ListQuery& query) {
  auto bounded = query;
  bounded.limit = std::clamp<std::size_t>(query.limit, 1, page_max);
  auto rows = parts_.store.collections(asker_of(who), bounded);
  if (!rows) return pass(rows);
  Listing<CollectionView> page;
  page.next = std::move(rows->next);
  for (auto& row : rows->items) page.items.push_back(view_of(who, std::move(row)));
  return page;
}

Result<std::string> LibraryImpl::create_collection(const identity::Principal& who,
                                                   const NewCollection& wish) {
  auto name = clean_name(wish.name);
  if (!name) return pass(name);
  if (auto fine = check_readers(wish.readers); !fine) return pass(fine);
  if (auto fine = check_label(wish.label); !fine) return pass(fine);
  CollectionRow row;
  row.id = new_id("col");
  row.organisation = who.organisation;
  row.name = std::move(*name);
  row.label = wish.label.value_or(parts_.labels.id(parts_.labels.default_label()));
  row.owner = who.person;
  row.readers = wish.readers;
  row.created_at = now_ms();
  auto stored = parts_.store.insert_collection(row);
  if (!stored) return pass(stored);
  return row.id;
}

Result<CollectionView> LibraryImpl::collection(const identity::Principal& who, const std::string& id) {
  auto row = parts_.store.collection(asker_of(who), id);
  if (!row) return pass(row);
  return view_of(who, std::move(*row));
}

Result<CollectionView> LibraryImpl::find_collection(const identity::Principal& who,
                                                    const std::string& id_or_name) {
  auto by_id = collection(who, id_or_name);
  if (by_id) return by_id;
  auto named = parts_.store.collection_named(asker_of(who), id_or_name);
  if (!named) return pass(named);
  if (!*named) return by_id;
  return collection(who, **named);
}

Result<CollectionView> LibraryImpl::change_collection(const identity::Principal& who, const std::string& id,
                                                      const CollectionChange& change) {
  auto row = writable_collection(who, id);
  if (!row) return pass(row);
  if (change.name) {
    auto name = clean_name(*change.name);
    if (!name) return pass(name);
    row->name = std::move(*name);
  }
  if (auto fine = check_label(change.label); !fine) return pass(fine);
  if (change.label) row->label = *change.label;
  if (change.readers) {
    if (auto fine = check_readers(*change.readers); !fine) return pass(fine);
    row->readers = *change.readers;
  }
  if (auto stored = parts_.store.update_collection(*row); !stored) return pass(stored);
  return collection(who, id);
}

Result<void> LibraryImpl::delete_collection(const identity::Principal& who, const std::string& id) {
  auto row = writable_collection(who, id);
  if (!row) return pass(row);
  auto gone = parts_.store.delete_collection(row->organisation, id);
  workers_.wake();
  return gone;
}

Result<std::int64_t> LibraryImpl::erase_person(const identity::Principal& who, const std::string& person) {
  if (!who.is_admin()) return fail(Code::forbidden, "Only administrators may remove a person.", "admin_only");
  auto ids = parts_.store.private_collections(who.organisation, person);
  if (!ids) return pass(ids);
  for (const auto& id : *ids)
    if (auto gone = parts_.store.delete_collection(who.organisation, id); !gone) return pass(gone);
  workers_.wake();
  return static_cast<std::int64_t>(ids->size());
}

}  // namespace detail
}  // namespace bastide::knowledge
