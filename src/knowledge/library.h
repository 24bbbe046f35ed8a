// The library: collections and documents, who may read them, and what the exchange asks of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "exchange/ports.h"
#include "identity/principal.h"
#include "knowledge/ingest/parser.h"
#include "knowledge/store.h"
#include "knowledge/views.h"
#include "policy/labels.h"
#include "storage/blobs.h"

namespace bastide::knowledge {

struct NewCollection {
  std::string name;
  std::optional<std::string> label;  // default: the organisation's
  std::vector<Reader> readers;       // empty: its maker alone
};

/// What is set is changed.
struct CollectionChange {
  std::optional<std::string> name;
  std::optional<std::string> label;
  std::optional<std::vector<Reader>> readers;
};

struct Upload {
  std::string collection;
  std::string name;        // the file's name; the same again in a collection replaces the document
  std::string media_type;  // as the sender says; the parser looks for itself
  std::string blob;        // of storage::Blobs, already committed, its writer alive until `upload` returned
  std::int64_t bytes = 0;
  std::optional<std::string> label;            // raises the collection's, never lowers it
  std::optional<std::vector<Reader>> readers;  // narrow the collection's
  std::string source_version;
};

struct UploadedDocument {
  std::string id;
  bool replaced = false;
  bool unchanged = false;  // the same bytes, rights and label as the version that is there: nothing to do
};

/// A stored file to send.
struct OriginalFile {
  std::string blob;
  std::string name;
  std::string media_type;
  std::int64_t bytes = 0;
};

struct SampleQuestion {
  std::string language;
  std::string text;
};

struct SampleView {
  std::string state;  // absent loading ready
  std::optional<std::string> collection;
  std::vector<SampleQuestion> questions;
};

/// One file of `add_paths`, as it goes. `state` as DocumentState, or "unchanged" or "skipped".
struct AddProgress {
  std::string path;
  std::string document;
  std::string state;
  double progress = 0;
  std::optional<Error> error;
  std::size_t done = 0;
  std::size_t total = 0;
};

/// What the composition root joins. References must outlive the library.
struct LibraryParts {
  LibraryStore& store;
  storage::Blobs& blobs;
  exchange::Models& models;
  const policy::Labels& labels;
  Pool& pool;  // for reads and searches
  Metrics& metrics;
  KnowledgeConfig config;
  std::string cache_folder;  // rendered pages; bounded; may be emptied at any time
  Parser parser;  // sandboxed_parser(parse::ParseLimits::from(config)) unless a test says otherwise
  Executor* embedding = nullptr;  // where workers await Models::embed; null: on the worker's own thread
  /// Whether another room keeps a blob that no document refers to; none: none does.
  std::function<bool(const std::string& blob)> is_kept_elsewhere{};
  int workers = 2;  // ingestion threads once `start_workers` was called, 1 to 16
};

/// Thread-safe. Methods without a Task block on the database or a parser: call them on a pool. Whatever a
/// person may not read is Code::not_found with the same words as what does not exist. Creator and
/// administrators may write; the creator, the document's uploader and readers may read; `bastide` commands of
/// an administrator may read everything.
class Library : public exchange::Knowledge {
 public:
  static std::unique_ptr<Library> make(LibraryParts parts);

  /// Begins to take jobs. Jobs of processes that died are taken up at once, of machines that died after a
  /// minute.
  virtual void start_workers() = 0;
  /// Stops taking jobs and gives back the ones at hand; called by the destructor too.
  virtual void stop_workers() = 0;

  // --- collections ---
  virtual Result<Listing<CollectionView>> collections(const identity::Principal& who,
                                                      const ListQuery& query) = 0;
  virtual Result<std::string> create_collection(const identity::Principal& who,
                                                const NewCollection& wish) = 0;
  virtual Result<CollectionView> collection(const identity::Principal& who, const std::string& id) = 0;
  /// By id, or by exact name among those that `who` may read (the oldest of that name).
  virtual Result<CollectionView> find_collection(const identity::Principal& who,
                                                 const std::string& id_or_name) = 0;
  virtual Result<CollectionView> change_collection(const identity::Principal& who, const std::string& id,
                                                   const CollectionChange& change) = 0;
  /// At once out of every search, with its documents.
  virtual Result<void> delete_collection(const identity::Principal& who, const std::string& id) = 0;

  /// For the removal of a person: deletes the collections that nobody else was made a reader of, and gives
  /// how many. Administrators only. What others read stays the organisation's.
  virtual Result<std::int64_t> erase_person(const identity::Principal& who, const std::string& person) = 0;

  // --- documents ---
  /// The document is durable as `queued` when this returns.
  virtual Result<UploadedDocument> upload(const identity::Principal& who, const Upload& upload) = 0;
  /// Whether `who` may add to `collection`: ask before receiving a body.
  virtual Result<void> check_upload(const identity::Principal& who, const std::string& collection) = 0;
  virtual Result<Listing<DocumentView>> documents(const identity::Principal& who,
                                                  const std::string& collection, const ListQuery& query) = 0;
  /// Of all documents that `documents` lists without `q`.
  virtual Result<DocumentCounts> count_documents(const identity::Principal& who,
                                                 const std::string& collection) = 0;
  virtual Result<DocumentView> document(const identity::Principal& who, const std::string& id) = 0;
  virtual Result<void> delete_document(const identity::Principal& who, const std::string& id) = 0;
  /// Tries a failed document again.
  virtual Result<void> retry_document(const identity::Principal& who, const std::string& id) = 0;
  virtual Result<OriginalFile> file(const identity::Principal& who, const std::string& id) = 0;
  /// The text of the version that is searched, and where `mark` stands in it.
  virtual Result<ContentView> content(const identity::Principal& who, const std::string& id,
                                      const Mark& mark) = 0;
  /// Page `page` (1-based) of a PDF, `width` pixels wide (64 to 2400), as PNG bytes.
  virtual Result<std::string> page_png(const identity::Principal& who, const std::string& id, int page,
                                       int width) = 0;

  // --- search ---
  /// Empty `collections`: all that `who` may read. `limit` 1 to 50.
  virtual Task<Result<SearchAnswer>> search(identity::Principal who, std::string query,
                                            std::vector<std::string> collections, std::size_t limit) = 0;

  // --- sample collection ---
  virtual Result<SampleView> sample(const identity::Principal& who) = 0;
  /// Makes the sample collection of the organisation, for everyone, when it is not there. Idempotent.
  virtual Result<SampleView> load_sample(const identity::Principal& who) = 0;

  // --- command line ---
  enum class Wait { for_ready, for_queued };
  /// Files and folders (recursively, hidden files left out) into `collection` (id or name; made when
  /// missing). Calls `on_progress` on this thread. Works beside a running server. Error only when nothing
  /// could be added; the failures of single files are told by `on_progress`.
  virtual Result<void> add_paths(const identity::Principal& who, const std::string& collection,
                                 const std::vector<std::string>& paths, Wait wait,
                                 const std::function<void(const AddProgress&)>& on_progress) = 0;
};

}  // namespace bastide::knowledge
