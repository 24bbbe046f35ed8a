// What the exchange and the search page ask.
#include <algorithm>

#include "base/time.h"
#include "knowledge/access.h"
#include "knowledge/citations/check.h"
#include "knowledge/citations/quotes.h"
#include "knowledge/library/impl.h"

namespace bastide::knowledge::detail {
namespace {
constexpr std::size_t results_max = 50;
constexpr std::size_t passages_max = 20;
constexpr std::size_t considered = 12;
constexpr std::size_t collections_max = 100;
constexpr double weak = 0.25;  // of the best score
constexpr std::size_t kept_min = 3;

Result<void> check_collections(const std::vector<std::string>& collections) {
  if (collections.size() > collections_max)
    return fail(Code::invalid, "Too many collections at once.", "too_many_collections", "Name at most 100.");
  return {};
}
}  // namespace

Task<Result<SearchAnswer>> LibraryImpl::search(identity::Principal who, std::string query,
                                               std::vector<std::string> collections, std::size_t limit) {
  const auto began = Steady::now();
  if (auto fine = check_collections(collections); !fine) co_return pass(fine);
  retrieval::SearchRequest request;
  request.asker = asker_of(who);
  request.query = std::move(query);
  if (!collections.empty()) request.collections = std::move(collections);
  request.limit = std::clamp<std::size_t>(limit, 1, results_max);
  auto found = co_await searcher_.search(std::move(request));
  if (!found) co_return pass(found);
  SearchAnswer answer;
  answer.results = std::move(found->hits);
  answer.searched = found->searched;
  answer.supported = found->supported;
  answer.reason = std::move(found->reason);
  answer.dense_available = found->dense_available;
  answer.took_us = std::chrono::duration_cast<Micros>(Steady::now() - began).count();
  co_return answer;
}

Task<Result<exchange::Retrieval>> LibraryImpl::retrieve(identity::Principal who, std::string query,
                                                        std::vector<std::string> collections,
                                                        std::size_t limit) {
  exchange::Retrieval out;
  if (auto fine = check_collections(collections); !fine) co_return pass(fine);
  retrieval::SearchRequest request;
  request.asker = asker_of(who);
  request.query = std::move(query);
  request.collections = std::move(collections);
  request.limit = std::clamp<std::size_t>(limit, 1, passages_max);
  request.considered = considered;
  auto found = co_await searcher_.search(std::move(request));
  if (!found) co_return pass(found);
  out.searched = found->searched;
  out.supported = found->supported;
  out.reason = std::move(found->reason);
  out.dense_available = found->dense_available;
  for (auto& hit : found->hits) {
    const bool far_behind =
        out.passages.size() >= kept_min && hit.passage.score < weak * out.passages.front().score;
    if (out.supported && !far_behind) {
      out.passages.push_back(std::move(hit.passage));
    } else {
      hit.passage.text.clear();
      out.candidates.push_back(std::move(hit.passage));
    }
  }
  for (auto& hit : found->considered) out.candidates.push_back(std::move(hit.passage));
  co_return out;
}

Task<Result<std::vector<exchange::Citation>>> LibraryImpl::quotes(std::string query,
                                                                  std::vector<exchange::Passage> passages,
                                                                  std::size_t limit) {
  auto quoted = co_await citations::quote(parts_.models, parts_.config.embedding_model, std::move(query),
                                          std::move(passages), std::min(limit, passages_max));
  co_return quoted;
}

exchange::Knowledge::ClaimCheck LibraryImpl::check(std::string_view sentence, std::string_view question,
                                                   std::span<const exchange::Passage> passages) const {
  return citations::check(sentence, question, passages);
}

}  // namespace bastide::knowledge::detail
