// The class behind make_library_store; its methods are spread over files by what they deal with.
#pragma once

#include "storage/knowledge/library_store.h"

namespace bastide::storage::detail {

[[nodiscard]] std::string_view job_kind_name(knowledge::JobKind kind);

class SqliteLibraryStore final : public knowledge::LibraryStore {
 public:
  explicit SqliteLibraryStore(Database& database) : database_(database) {}

  Result<std::int64_t> epoch(const std::string& organisation) override;

  // collections.cc
  Result<void> insert_collection(const knowledge::CollectionRow& row) override;
  Result<knowledge::CollectionRow> collection(const knowledge::Asker& asker, const std::string& id) override;
  Result<knowledge::Listing<knowledge::CollectionRow>> collections(
      const knowledge::Asker& asker, const knowledge::ListQuery& query) override;
  Result<std::optional<std::string>> collection_named(const knowledge::Asker& asker,
                                                      const std::string& name) override;
  Result<void> update_collection(const knowledge::CollectionRow& row) override;
  Result<void> delete_collection(const std::string& organisation, const std::string& id) override;
  Result<std::vector<std::string>> private_collections(const std::string& organisation,
                                                       const std::string& person) override;

  // documents.cc
  Result<knowledge::AddedVersion> add_version(const knowledge::NewVersion& version,
                                              const std::function<bool()>& blob_is_there) override;
  Result<knowledge::DocumentRow> document(const knowledge::Asker& asker, const std::string& id) override;
  Result<knowledge::Listing<knowledge::DocumentRow>> documents(const knowledge::Asker& asker,
                                                               const std::string& collection,
                                                               const knowledge::ListQuery& query) override;
  Result<knowledge::DocumentCounts> count_documents(const knowledge::Asker& asker,
                                                    const std::string& collection) override;
  Result<void> delete_document(const std::string& organisation, const std::string& id) override;
  Result<void> requeue(const std::string& organisation, const std::string& id) override;
  Result<std::string> content(const std::string& version) override;

  // search.cc
  Result<knowledge::Scope> scope(const knowledge::Asker& asker,
                                 const std::optional<std::vector<std::string>>& collections) override;
  Result<std::vector<knowledge::PassageRow>> passages(const std::vector<std::int64_t>& keys) override;
  Result<std::optional<knowledge::PassageRow>> passage(const std::string& id) override;
  Result<std::vector<knowledge::Block>> lexical_blocks(std::int64_t after_sequence,
                                                       std::size_t limit) override;
  Result<std::vector<knowledge::Block>> vector_blocks(const std::string& model, std::int64_t after_sequence,
                                                      std::size_t limit) override;

  // jobs.cc, results.cc
  Result<std::optional<knowledge::Job>> take_job(const std::string& owner, UnixMillis now,
                                                 UnixMillis lease_until) override;
  Result<bool> keep_job(const knowledge::Job& job, UnixMillis lease_until, knowledge::DocumentState state,
                        double progress) override;
  Result<bool> finish_parse(const knowledge::Job& job, const knowledge::ParsedVersion& parsed, Next next,
                            UnixMillis now) override;
  Result<std::vector<knowledge::PassageRow>> without_vectors(const std::string& version,
                                                             const std::string& model,
                                                             std::size_t limit) override;
  Result<bool> add_vectors(const knowledge::Job& job, const std::string& model, const knowledge::Block& block,
                           UnixMillis lease_until, double progress) override;
  Result<bool> finish_embed(const knowledge::Job& job, UnixMillis now) override;
  Result<void> fail_job(const knowledge::Job& job, const Error& error, knowledge::Retry retry,
                        UnixMillis not_before) override;
  Result<bool> activate_without_vectors(const knowledge::Job& job, UnixMillis not_before) override;
  Result<std::int64_t> purge(const knowledge::Job& job,
                             const std::function<void(const std::string& blob)>& remove_blob) override;
  Result<void> remove_unused(const std::string& blob, const std::function<void()>& remove_blob) override;
  Result<int> release_jobs(const std::function<bool(const std::string& owner)>& is_dead) override;
  Result<int> queue_missing_vectors(const std::string& model, UnixMillis now) override;

 private:
  Database& database_;
};

}  // namespace bastide::storage::detail
