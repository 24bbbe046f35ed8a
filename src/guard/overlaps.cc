#include <algorithm>
#include <array>

#include "guard/detectors.h"

namespace bastide::guard {
namespace {
// The higher says more: an IBAN that holds digits like a telephone number is an IBAN.
constexpr std::array<int, type_count> ranks{/*person*/ 40,
                                            /*location*/ 30,
                                            /*organisation*/ 42,
                                            /*email*/ 92,
                                            /*phone*/ 70,
                                            /*iban*/ 96,
                                            /*card*/ 88,
                                            /*nir*/ 90,
                                            /*siren*/ 80,
                                            /*siret*/ 86,
                                            /*vat*/ 84,
                                            /*passport*/ 72,
                                            /*licence_plate*/ 74,
                                            /*ip*/ 76,
                                            /*date_of_birth*/ 78,
                                            /*address*/ 60,
                                            /*secret*/ 94,
                                            /*national_id*/ 82,
                                            /*bic*/ 50,
                                            0,
                                            0,
                                            0,
                                            0,
                                            0};

int rank(const Hit& hit) {
  auto base = ranks[static_cast<std::size_t>(hit.type)];
  // A guess by the words around gives way to a number that checks.
  return hit.score < .75F ? base - 25 : base;
}

bool better(const Hit& a, const Hit& b) {
  auto size_a = a.end - a.begin, size_b = b.end - b.begin;
  int rank_a = rank(a), rank_b = rank(b);
  // Names of persons, places and organisations: the longer one saw more.
  bool names = rank_a < 50 && rank_b < 50;
  if (names && size_a != size_b) return size_a > size_b;
  if (rank_a != rank_b) return rank_a > rank_b;
  if (size_a != size_b) return size_a > size_b;
  return a.score != b.score ? a.score > b.score : a.begin < b.begin;
}
}  // namespace

void resolve_overlaps(std::vector<Hit>& hits) {
  std::ranges::sort(
      hits, [](const Hit& a, const Hit& b) { return a.begin != b.begin ? a.begin < b.begin : better(a, b); });
  std::vector<Hit> kept;
  kept.reserve(hits.size());
  // Clusters of hits that touch one another; bounded, so that hostile text cannot make this quadratic.
  constexpr std::size_t cluster_max = 256;
  std::vector<Hit> cluster;
  auto settle = [&] {
    std::ranges::sort(cluster, better);
    // A cluster that was cut may reach into what was kept of it.
    auto first = kept.size() - std::min(kept.size(), cluster_max);
    for (const auto& hit : cluster) {
      bool free = true;
      for (auto k = first; k < kept.size() && free; ++k)
        free = hit.end <= kept[k].begin || hit.begin >= kept[k].end;
      if (free) kept.push_back(hit);
    }
    cluster.clear();
  };
  std::uint32_t reach = 0;
  std::vector<Hit> attacks;
  for (const auto& hit : hits) {
    if (!is_data(hit.type)) {
      if (attacks.empty() || attacks.back().end <= hit.begin || attacks.back().type != hit.type)
        attacks.push_back(hit);
      continue;
    }
    if (!cluster.empty() && (hit.begin >= reach || cluster.size() >= cluster_max)) settle();
    reach = cluster.empty() ? hit.end : std::max(reach, hit.end);
    cluster.push_back(hit);
  }
  settle();
  kept.insert(kept.end(), attacks.begin(), attacks.end());
  std::ranges::sort(kept, [](const Hit& a, const Hit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  hits = std::move(kept);
}

}  // namespace bastide::guard
