#include "gateway/alias.h"

#include <algorithm>

#include "base/turns.h"
#include "gateway/plan.h"

namespace bastide::gateway {
namespace {

std::vector<std::uint8_t> turns_of(const std::vector<Alias::Member>& members) {
  std::vector<int> weights;
  for (const auto& member : members) weights.push_back(member.weight);
  // All of them drained: somebody has to answer.
  if (std::ranges::all_of(weights, [](int weight) { return weight == 0; })) std::ranges::fill(weights, 1);
  return fair_turns(weights);
}

std::uint32_t usual_us(const Alias::Member& member) {
  return member.plan ? member.plan->usual_us.load(std::memory_order_relaxed) : 0;
}

/// A kept beginning is worth some waiting, but not a queue: so many calls more than at the least busy member.
constexpr double busier_max = 4;

}  // namespace

Alias::Alias(std::vector<Member> members) : members_(std::move(members)), turns_(turns_of(members_)) {}

double Alias::load(std::size_t index) const {
  return static_cast<double>(running_[index].load(std::memory_order_relaxed)) /
         std::max(1, members_[index].weight);
}

bool Alias::is_well(std::size_t index, std::uint32_t quickest_us) const {
  constexpr std::uint32_t slower_us_min = 50'000;  // less is noise
  const auto& member = members_[index];
  if (!member.plan) return true;
  const auto us = usual_us(member);
  const auto& health = member.plan->upstream->health;
  return !health.is_open() && !health.fails_often() && (us < slower_us_min || us / 2 <= quickest_us);
}

Alias::Choice Alias::choose(std::string_view prompt) const {
  constexpr std::uint32_t looks_every = 16;  // so that a recovery is noticed
  const auto taken = [&](std::size_t index, Why why, std::size_t bytes = 0) {
    prefixes_.note(prompt, index);
    return Choice{&members_[index], why, bytes, Place(running_[index])};
  };
  std::uint32_t quickest = 0;
  for (const auto& member : members_)
    if (const auto us = usual_us(member); us > 0 && (quickest == 0 || us < quickest)) quickest = us;
  // In the order of their turns from `turn` on.
  const auto able_from = [&](std::uint32_t turn) {
    std::vector<std::size_t> able;
    for (std::size_t i = 0; i < turns_.size() && able.size() < members_.size(); ++i) {
      const std::size_t index = turns_[(turn + i) % turns_.size()];
      if (std::ranges::find(able, index) != able.end() || !is_well(index, quickest)) continue;
      const auto* plan = members_[index].plan;
      if (!plan || plan->upstream->health.takes_share(Steady::now(), turn)) able.push_back(index);
    }
    return able;
  };
  const auto by_load = [&](std::size_t index) { return load(index); };

  if (const auto match = prefixes_.longest(prompt); match.bytes > 0) {
    const auto able = able_from(turn_.load(std::memory_order_relaxed));
    const bool is_able = std::ranges::find(able, match.member) != able.end();
    if (is_able && load(match.member) <= load(*std::ranges::min_element(able, {}, by_load)) + busier_max)
      return taken(match.member, Why::prefix, match.bytes);
  }
  const auto turn = turn_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t due = turns_[turn % turns_.size()];
  const auto able = able_from(turn);
  const bool looks = turn % looks_every == looks_every - 1 && std::ranges::find(able, due) == able.end();
  if (looks || able.empty()) return {&members_[due], Why::turn, 0, Place(running_[due])};
  const auto least = *std::ranges::min_element(able, {}, by_load);
  return taken(least, least == able.front() ? Why::turn : Why::least_busy);
}

std::string_view name_of(Alias::Why why) {
  switch (why) {
    case Alias::Why::prefix:
      return "prefix";
    case Alias::Why::least_busy:
      return "least_busy";
    default:
      return "turn";
  }
}

std::string sentence_of(Alias::Why why) {
  switch (why) {
    case Alias::Why::prefix:
      return "Of the models of this name, it was sent the same beginning before.";
    case Alias::Why::least_busy:
      return "Of the models of this name, it had the least to do.";
    default:
      return "Of the models of this name, it was its turn.";
  }
}

}  // namespace bastide::gateway
