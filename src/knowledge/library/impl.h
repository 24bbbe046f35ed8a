// The library behind its interface; its methods are spread over files by what they deal with.
#pragma once

#include "knowledge/ingest/worker.h"
#include "knowledge/library.h"
#include "knowledge/library/page_cache.h"
#include "knowledge/retrieval/searcher.h"

namespace bastide::knowledge::detail {

class LibraryImpl final : public Library {
 public:
  explicit LibraryImpl(LibraryParts parts);
  ~LibraryImpl() override { workers_.stop(); }

  void start_workers() override { workers_.start(parts_.workers); }
  void stop_workers() override { workers_.stop(); }

  // collections.cc
  Result<Listing<CollectionView>> collections(const identity::Principal& who,
                                              const ListQuery& query) override;
  Result<std::string> create_collection(const identity::Principal& who, const NewCollection& wish) override;
  Result<CollectionView> collection(const identity::Principal& who, const std::string& id) override;
  Result<CollectionView> find_collection(const identity::Principal& who,
                                         const std::string& id_or_name) override;
  Result<CollectionView> change_collection(const identity::Principal& who, const std::string& id,
                                           const CollectionChange& change) override;
  Result<void> delete_collection(const identity::Principal& who, const std::string& id) override;
  Result<std::int64_t> erase_person(const identity::Principal& who, const std::string& person) override;

  // documents.cc
  Result<UploadedDocument> upload(const identity::Principal& who, const Upload& upload) override;
  Result<void> check_upload(const identity::Principal& who, const std::string& collection) override;
  Result<Listing<DocumentView>> documents(const identity::Principal& who, const std::string& collection,
                                          const ListQuery& query) override;
  Result<DocumentCounts> count_documents(const identity::Principal& who,
                                         const std::string& collection) override;
  Result<DocumentView> document(const identity::Principal& who, const std::string& id) override;
  Result<void> delete_document(const identity::Principal& who, const std::string& id) override;
  Result<void> retry_document(const identity::Principal& who, const std::string& id) override;

  // viewer.cc
  Result<OriginalFile> file(const identity::Principal& who, const std::string& id) override;
  Result<ContentView> content(const identity::Principal& who, const std::string& id,
                              const Mark& mark) override;
  Result<std::string> page_png(const identity::Principal& who, const std::string& id, int page,
                               int width) override;

  // search.cc
  Task<Result<SearchAnswer>> search(identity::Principal who, std::string query,
                                    std::vector<std::string> collections, std::size_t limit) override;
  Task<Result<exchange::Retrieval>> retrieve(identity::Principal who, std::string query,
                                             std::vector<std::string> collections,
                                             std::size_t limit) override;
  Task<Result<std::vector<exchange::Citation>>> quotes(std::string query,
                                                       std::vector<exchange::Passage> passages,
                                                       std::size_t limit) override;
  ClaimCheck check(std::string_view sentence, std::string_view question,
                   std::span<const exchange::Passage> passages) const override;

  // sample.cc
  Result<SampleView> sample(const identity::Principal& who) override;
  Result<SampleView> load_sample(const identity::Principal& who) override;

  // add_paths.cc
  Result<void> add_paths(const identity::Principal& who, const std::string& collection,
                         const std::vector<std::string>& paths, Wait wait,
                         const std::function<void(const AddProgress&)>& on_progress) override;

 private:
  /// A document that `who` may read, not merely manage.
  Result<DocumentRow> readable(const identity::Principal& who, const std::string& id);
  /// The collection, when `who` may write to it; Code::forbidden when only reading is allowed.
  Result<CollectionRow> writable_collection(const identity::Principal& who, const std::string& id);
  [[nodiscard]] CollectionView view_of(const identity::Principal& who, CollectionRow row) const;
  [[nodiscard]] DocumentView view_of(DocumentRow row) const;
  [[nodiscard]] std::string effective_label(const DocumentRow& row) const;
  Result<void> check_label(const std::optional<std::string>& label) const;

  LibraryParts parts_;
  retrieval::Searcher searcher_;
  PageCache pages_;
  ingest::Workers workers_;
};

[[nodiscard]] Result<void> check_readers(const std::vector<Reader>& readers);

}  // namespace bastide::knowledge::detail
