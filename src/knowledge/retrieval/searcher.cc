#include "knowledge/retrieval/searcher.h"

#include <algorithm>

#include "base/text.h"
#include "knowledge/index/analyzer.h"

namespace bastide::knowledge::retrieval {
namespace {
constexpr std::size_t recent_max = 256;
constexpr std::size_t query_bytes_max = 4096;

std::string why_nothing(const SearchRequest& request, const ScopeSet& scope) {
  if (scope.documents == 0) return request.collections ? "empty_collection" : "nothing_readable";
  return "nothing_ready";
}
}  // namespace

Task<Result<Found>> Searcher::search(SearchRequest request) {
  request.query = std::string(utf8_prefix(trim(request.query), query_bytes_max));
  if (request.query.empty())
    co_return fail(Code::invalid, "The question is empty.", "empty_query", "Type a question.");
  auto vector = co_await embed(request.query);
  auto work = [this, &request, &vector] { return find(request, vector); };
  auto found = co_await run_on(pool_, work);
  co_return found;
}

Task<std::vector<float>> Searcher::embed(std::string query) {
  if (model_.empty()) co_return std::vector<float>{};
  {
    std::lock_guard lock(mutex_);
    const auto known = std::ranges::find(recent_, query, &std::pair<std::string, std::vector<float>>::first);
    if (known != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, known);
      co_return recent_.front().second;
    }
  }
  auto read = co_await models_.embed(model_, std::vector<std::string>(1, query),
                                     exchange::Models::EmbedKind::query, exchange::TooLong::cut);
  if (!read || read->vectors.size() != 1) co_return std::vector<float>{};
  auto& vector = read->vectors.front();
  {
    std::lock_guard lock(mutex_);
    recent_.emplace_front(std::move(query), vector);
    if (recent_.size() > recent_max) recent_.pop_back();
  }
  co_return std::move(vector);
}

Result<Found> Searcher::find(const SearchRequest& request, const std::vector<float>& vector) {
  Found found;
  auto scope = scopes_.of(request.asker, request.collections);
  if (!scope) return pass(scope);
  found.searched = (*scope)->passages;
  found.dense_available = !vector.empty();
  if (found.searched == 0) {
    found.reason = why_nothing(request, **scope);
    return found;
  }
  auto indexes = live_.at(request.asker.organisation, (*scope)->epoch);
  if (!indexes) return pass(indexes);
  const auto allowed = (*scope)->readable.bits();
  const auto terms = index::query_terms(request.query);
  auto candidates = rank(*(*indexes)->passages, *(*indexes)->vectors, terms, vector, allowed);
  found.dense_available = std::ranges::any_of(
      candidates, [](const Candidate& candidate) { return candidate.cosine.has_value(); });
  found.supported = near_enough(candidates, terms.size());
  if (!found.supported)
    found.reason = !candidates.empty() && !found.dense_available ? "no_embedding_model" : "too_far";

  candidates.resize(std::min(candidates.size(), request.limit + request.considered));
  std::vector<std::int64_t> keys;
  keys.reserve(candidates.size());
  for (const auto& candidate : candidates) keys.push_back(candidate.key);
  auto rows = store_.passages(keys);
  if (!rows) return pass(rows);
  // Rows that went away since the scope was read are missing here: what was deleted is never shown.
  auto row = rows->begin();
  for (const auto& candidate : candidates) {
    if (row == rows->end()) break;
    if (row->key != candidate.key) continue;
    auto& into = found.hits.size() < request.limit ? found.hits : found.considered;
    into.push_back(hit_of(candidate, std::move(*row++)));
  }
  for (auto& hit : found.considered) hit.passage.text.clear();
  return found;
}

SearchHit Searcher::hit_of(const Candidate& candidate, PassageRow row) const {
  policy::Label label{};
  for (const auto& id : row.labels) label = policy::join(label, labels_.find_or_highest(id));
  SearchHit hit;
  hit.passage.id = std::move(row.id);
  hit.passage.document = std::move(row.document);
  hit.passage.collection = std::move(row.collection);
  hit.passage.title = std::move(row.title);
  hit.passage.section = std::move(row.section);
  hit.passage.page = row.page;
  hit.passage.text = std::move(row.text);
  hit.passage.label = labels_.id(label);
  hit.passage.score = candidate.score;
  hit.passage.lexical = candidate.lexical;
  hit.passage.dense = candidate.dense;
  hit.passage.cosine = candidate.cosine.value_or(0);
  hit.bm25 = candidate.bm25;
  hit.lexical_rank = candidate.lexical_rank;
  hit.dense_rank = candidate.dense_rank;
  return hit;
}

}  // namespace bastide::knowledge::retrieval
