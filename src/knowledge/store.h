// The library's port to its state: collections, documents, versions, passages, jobs, index blocks.
//
// A document has up to two versions that matter: `current`, which is searched, and `pending`, which is being
// read and will replace it in one transaction. What a reader may see is decided here, in one place, from
// both: whoever the pending version shuts out no longer sees the current one either.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "knowledge/views.h"

namespace bastide::knowledge {

/// Who asks, as the store needs it.
struct Asker {
  std::string organisation;
  std::string person;
  std::vector<Reader> readers;  // everyone, p:person, g:each group
  bool manages_all = false;     // may see and change all collections, without reading what is in them
  bool reads_all = false;       // and may read them
};

struct CollectionRow {
  std::string id;
  std::string organisation;
  std::string name;
  std::string label;
  std::string owner;
  std::vector<Reader> readers;
  UnixMillis created_at = 0;
  // For the asker:
  std::int64_t documents = 0;
  std::int64_t ready = 0;
  bool readable = false;
};

/// A document as a list shows it: the newest version's state, with what of the current one is searched.
struct DocumentRow {
  std::string id;
  std::string collection;
  std::string collection_name;
  std::string collection_label;
  std::string collection_owner;
  std::string name;
  std::string created_by;
  UnixMillis created_at = 0;
  bool readable = false;  // by the asker; else only managed
  // The newest version:
  std::string version;
  std::int64_t number = 1;
  std::string blob;
  std::int64_t bytes = 0;
  std::string media_type;
  std::string title;
  DocumentState state = DocumentState::queued;
  double progress = 0;
  std::optional<Error> error;
  int pages = 0;
  std::int64_t chunks = 0;
  std::optional<std::string> label;
  bool restricted = false;
  std::string source_version;
  // The searched version; empty when there is none:
  std::string current;
  std::string current_blob;
  std::string current_media_type;
  std::string current_title;
  std::optional<std::string> current_label;
};

struct NewVersion {
  std::string document;  // id for a document that is not there yet
  std::string version;   // id of the version to make
  std::string organisation;
  std::string collection;
  std::string name;
  std::string created_by;
  std::string blob;
  std::int64_t bytes = 0;
  std::string media_type;
  std::optional<std::string> label;            // absent: as the version before
  std::optional<std::vector<Reader>> readers;  // absent: as the version before
  std::string source_version;
  UnixMillis at = 0;
};

struct AddedVersion {
  std::string document;
  bool replaced = false;
  bool unchanged = false;
};

enum class JobKind { parse, embed, purge };

/// A piece of work that this process holds until `lease_until`.
struct Job {
  std::int64_t id = 0;
  JobKind kind = JobKind::parse;
  std::string version;
  std::string document;
  std::string organisation;
  std::string name;
  std::string media_type;
  std::string blob;
  int failures = 0;  // tries that ended in an error
  int starts = 0;    // times it was taken, this one included
  std::string owner;
};

/// A passage to store. Offsets are code points of the document's whole text.
struct NewPassage {
  int page = 0;
  std::size_t start = 0;
  std::size_t end = 0;
  std::string title;  // when the passage has another than its document (a slide, a sheet)
  std::string section;
  std::string text;
};

/// What came out of parsing. `lexical_block` is index::LexicalBlock's bytes with passages numbered from 0.
struct ParsedVersion {
  std::string media_type;
  std::string title;
  int pages = 0;
  std::string content;  // parse::write_document, compressed
  std::vector<NewPassage> passages;
  std::string lexical_block;
};

struct PassageRow {
  std::int64_t key = 0;
  std::string id;
  std::string document;
  std::string version;
  std::string collection;
  std::vector<std::string>
      labels;  // of the collection, the version and what will replace it: the highest counts
  std::string title;
  std::string section;
  int page = 0;
  std::size_t start = 0;
  std::size_t end = 0;
  std::string text;
};

/// Passages of one version have consecutive keys.
struct KeyRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// What an asker may read at one moment.
struct Scope {
  std::int64_t epoch = 0;
  std::vector<KeyRange> ranges;
  std::int64_t documents = 0;  // readable ones in the collections, searchable or not
};

/// A piece of an index as it is stored. `sequence` only grows: an index that has seen everything up to one
/// number reads what came after it.
struct Block {
  std::int64_t sequence = 0;
  std::int64_t first_key = 0;
  std::int64_t count = 0;
  std::string bytes;
};

enum class Retry { later, never, not_counted };

/// Thread-safe; every method blocks. Every method that gives something to a person takes the asker; the
/// others belong to workers and indexes.
class LibraryStore {
 public:
  virtual ~LibraryStore() = default;

  /// Grows with every change of rights, documents or index blocks of the organisation, in any process.
  virtual Result<std::int64_t> epoch(const std::string& organisation) = 0;

  // --- collections ---
  virtual Result<void> insert_collection(const CollectionRow& row) = 0;
  /// Code::not_found when the asker may neither read nor manage it.
  virtual Result<CollectionRow> collection(const Asker& asker, const std::string& id) = 0;
  virtual Result<Listing<CollectionRow>> collections(const Asker& asker, const ListQuery& query) = 0;
  /// Id of the oldest collection of that exact name that the asker may read.
  virtual Result<std::optional<std::string>> collection_named(const Asker& asker,
                                                              const std::string& name) = 0;
  virtual Result<void> update_collection(const CollectionRow& row) = 0;
  virtual Result<void> delete_collection(const std::string& organisation, const std::string& id) = 0;
  /// Ids of the collections that nobody but their owner `person` was made a reader of.
  virtual Result<std::vector<std::string>> private_collections(const std::string& organisation,
                                                               const std::string& person) = 0;

  // --- documents ---
  /// Durable on return. `blob_is_there` is called within the transaction; false gives Code::unavailable.
  virtual Result<AddedVersion> add_version(const NewVersion& version,
                                           const std::function<bool()>& blob_is_there) = 0;
  virtual Result<DocumentRow> document(const Asker& asker, const std::string& id) = 0;
  virtual Result<Listing<DocumentRow>> documents(const Asker& asker, const std::string& collection,
                                                 const ListQuery& query) = 0;
  /// Of the documents that `documents` lists.
  virtual Result<DocumentCounts> count_documents(const Asker& asker, const std::string& collection) = 0;
  virtual Result<void> delete_document(const std::string& organisation, const std::string& id) = 0;
  /// A failed newest version becomes queued again; Code::conflict when it has not failed.
  virtual Result<void> requeue(const std::string& organisation, const std::string& id) = 0;
  /// The compressed parsed document of a version.
  virtual Result<std::string> content(const std::string& version) = 0;

  // --- search ---
  /// Absent `collections`: all that the asker may read. Code::not_found when one of them may not be read.
  virtual Result<Scope> scope(const Asker& asker,
                              const std::optional<std::vector<std::string>>& collections) = 0;
  /// In the order of `keys`; what is no longer there is left out.
  virtual Result<std::vector<PassageRow>> passages(const std::vector<std::int64_t>& keys) = 0;
  virtual Result<std::optional<PassageRow>> passage(const std::string& id) = 0;
  virtual Result<std::vector<Block>> lexical_blocks(std::int64_t after_sequence, std::size_t limit) = 0;
  virtual Result<std::vector<Block>> vector_blocks(const std::string& model, std::int64_t after_sequence,
                                                   std::size_t limit) = 0;

  // --- work ---
  /// The oldest job that is due, now leased to `owner`; none when there is nothing to do. The version that a
  /// parse job names is in state `parsing` then.
  virtual Result<std::optional<Job>> take_job(const std::string& owner, UnixMillis now,
                                              UnixMillis lease_until) = 0;
  /// False when the lease was lost or the job is void (its document was deleted or replaced): stop working.
  virtual Result<bool> keep_job(const Job& job, UnixMillis lease_until, DocumentState state,
                                double progress) = 0;
  enum class Next { activate, embed_first };
  /// Stores what was parsed and ends the job, in one transaction. `activate`: searchable now, vectors come
  /// later; `embed_first`: it is switched when the embed job that is made here is done. False as keep_job.
  virtual Result<bool> finish_parse(const Job& job, const ParsedVersion& parsed, Next next,
                                    UnixMillis now) = 0;
  /// Passages of the version from `first` that have no vector of `model` yet, at most `limit`.
  virtual Result<std::vector<PassageRow>> without_vectors(const std::string& version,
                                                          const std::string& model, std::size_t limit) = 0;
  virtual Result<bool> add_vectors(const Job& job, const std::string& model, const Block& block,
                                   UnixMillis lease_until, double progress) = 0;
  /// Ends an embed job; a pending version becomes the current one.
  virtual Result<bool> finish_embed(const Job& job, UnixMillis now) = 0;
  /// `later` and `never` count; after three counted failures, or with `never`, the version is failed with
  /// `error`. A version that is already searched stays so.
  virtual Result<void> fail_job(const Job& job, const Error& error, Retry retry, UnixMillis not_before) = 0;
  /// Puts an embed job off until `not_before`: a pending version becomes current without vectors.
  virtual Result<bool> activate_without_vectors(const Job& job, UnixMillis not_before) = 0;
  /// Removes what a purge job names; `remove_blob` is called within the transaction for a blob nobody refers
  /// to.
  /// Returns how many passages went.
  virtual Result<std::int64_t> purge(const Job& job,
                                     const std::function<void(const std::string& blob)>& remove_blob) = 0;
  /// Calls `remove_blob` within the transaction when no version refers to the blob.
  virtual Result<void> remove_unused(const std::string& blob, const std::function<void()>& remove_blob) = 0;
  /// Gives back the leases whose owner `is_dead`.
  virtual Result<int> release_jobs(const std::function<bool(const std::string& owner)>& is_dead) = 0;
  /// Makes embed jobs for searched versions without (all) vectors of `model`. Returns how many.
  virtual Result<int> queue_missing_vectors(const std::string& model, UnixMillis now) = 0;
};

}  // namespace bastide::knowledge
