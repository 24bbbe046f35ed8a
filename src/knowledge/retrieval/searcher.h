// A search from question to passages: vector of the question, rights, both rankings, rows.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/pool.h"
#include "exchange/ports.h"
#include "knowledge/retrieval/hybrid.h"
#include "knowledge/retrieval/live_index.h"
#include "knowledge/retrieval/scopes.h"
#include "knowledge/store.h"
#include "knowledge/views.h"
#include "policy/labels.h"

namespace bastide::knowledge::retrieval {

struct SearchRequest {
  Asker asker;
  std::string query;
  std::optional<std::vector<std::string>> collections;  // absent: all that the asker may read
  std::size_t limit = 10;                               // results with their text
  std::size_t considered = 0;                           // further candidates, without text
};

struct Found {
  std::vector<SearchHit> hits;
  std::vector<SearchHit> considered;
  std::int64_t searched = 0;
  bool supported = false;
  std::string reason;
  bool dense_available = true;
};

/// Thread-safe.
class Searcher {
 public:
  Searcher(LibraryStore& store, exchange::Models& models, const policy::Labels& labels, Pool& pool,
           std::string model)
      : store_(store),
        models_(models),
        labels_(labels),
        pool_(pool),
        model_(std::move(model)),
        live_(store, model_),
        scopes_(store) {}

  [[nodiscard]] Task<Result<Found>> search(SearchRequest request);
  [[nodiscard]] LiveIndex& live() { return live_; }

 private:
  [[nodiscard]] Task<std::vector<float>> embed(std::string query);
  [[nodiscard]] Result<Found> find(const SearchRequest& request, const std::vector<float>& vector);
  [[nodiscard]] SearchHit hit_of(const Candidate& candidate, PassageRow row) const;

  LibraryStore& store_;
  exchange::Models& models_;
  const policy::Labels& labels_;
  Pool& pool_;
  const std::string model_;
  LiveIndex live_;
  Scopes scopes_;

  // Vectors of recent questions: the same one is searched, quoted and asked again.
  std::mutex mutex_;
  std::list<std::pair<std::string, std::vector<float>>> recent_;
};

}  // namespace bastide::knowledge::retrieval
