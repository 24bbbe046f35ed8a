// Where a call is seated, and what of its prompt need not be computed again.
#include "models/local/chat_scheduler.h"
#include "models/local/kv_state.h"

namespace bastide::models::local {
namespace {

/// Copying another slot's cache, or restoring blocks, is worth it only when that saves so many tokens.
constexpr std::size_t gain_min_tokens = 128;

/// An image is reused whole or not at all.
std::size_t without_part_of_image(const Generation& generation, std::size_t tokens) {
  const auto run = generation.run_at(tokens);
  return run.is_image ? run.begin : tokens;
}

/// Those that may be kept outside the slots: all, or those before the first image where an image takes fewer
/// positions than tokens.
std::span<const Token> keepable(const Engine& engine, std::span<const Token> tokens) {
  if (!engine.images_take_fewer_positions()) return tokens;
  const auto image = std::ranges::find_if(tokens, [](Token token) { return token < 0; });
  return tokens.first(static_cast<std::size_t>(image - tokens.begin()));
}

/// The last token of a prompt is always computed: its logits are needed.
std::size_t reusable(const Slot& slot, const Generation& generation) {
  const auto& prompt = generation.prompt();
  const std::size_t common = std::min(common_prefix(slot.cache, prompt), prompt.size() - 1);
  return without_part_of_image(generation, shareable(slot.scope, generation.scope(), common));
}

}  // namespace

/// Gives the call the idle slot whose cache begins most like its prompt; among equals the one unused longest.
void ChatScheduler::seat(Waiting waiting) {
  const auto& generation = *waiting.generation;
  const auto& prompt = generation.prompt();
  Slot* best = nullptr;
  std::size_t keep = 0;
  for (auto& slot : slots_) {
    if (slot.call) continue;
    const std::size_t own = reusable(slot, generation);
    if (!best || own > keep || (own == keep && slot.last_used < best->last_used)) {
      best = &slot;
      keep = own;
    }
  }
  const auto to = static_cast<std::size_t>(best - slots_.data());

  std::size_t other_has = 0;
  std::size_t from = to;
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    // A busy slot's cache is whole between two batches.
    const std::size_t has = index == to ? 0 : reusable(slots_[index], generation);
    if (has > other_has) {
      other_has = has;
      from = index;
    }
  }
  if (const auto restored = restore(to, generation, std::max(keep, other_has))) {
    keep = *restored;
  } else if (from != to && other_has >= keep + gain_min_tokens) {
    const bool copied =
        engine_.copy(static_cast<int>(from), static_cast<int>(to), generation.position(other_has));
    keep = copied ? other_has : 0;
  } else if (!engine_.forget(static_cast<int>(to), generation.position(keep))) {
    keep = 0;
  }

  best->cache.assign(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(keep));
  best->scope = generation.scope();
  best->call = waiting.call;
  best->generation = std::move(waiting.generation);
  best->prompt_done = best->reused = best->decoded = keep;
  best->written = best->guessed = best->guessed_right = 0;
  best->asked = waiting.since;
  best->seated = Steady::now();
  best->speculation = Speculation(best->generation->draws());
  best->begun = false;
  best->row = -1;
  best->order = ++clock_;
}

/// A beginning that several people meet cold is computed once: whether `index` should wait for an earlier
/// call that computes the same one now. Takes a copy once it is there.
bool ChatScheduler::waits_for_leader(std::size_t index) {
  auto& slot = slots_[index];
  if (slot.begun) return false;
  const auto& prompt = slot.generation->prompt();
  for (std::size_t other = 0; other < slots_.size(); ++other) {
    const auto& leader = slots_[other];
    if (!leader.call || leader.order >= slot.order) continue;
    const std::size_t common =
        std::min(common_prefix(leader.generation->prompt(), prompt), prompt.size() - 1);
    const std::size_t shared =
        without_part_of_image(*slot.generation, shareable(leader.scope, slot.scope, common));
    if (shared < slot.prompt_done + gain_min_tokens) continue;
    if (leader.decoded < shared) return true;
    const bool copied =
        engine_.copy(static_cast<int>(other), static_cast<int>(index), slot.generation->position(shared));
    slot.prompt_done = slot.reused = slot.decoded = copied ? shared : 0;
    slot.cache.assign(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(slot.prompt_done));
    break;
  }
  slot.begun = true;
  slot.begun_at = Steady::now();
  return false;
}

/// Puts what the store has of `prompt` into the slot where that is more than `have` tokens, and returns how
/// many it then holds. Nothing: the slot was not touched.
std::optional<std::size_t> ChatScheduler::restore(std::size_t to, const Generation& generation,
                                                  std::size_t have) {
  const auto& prompt = generation.prompt();
  if (!store_ || !store_works_ || prompt.size() <= have + gain_min_tokens) return std::nullopt;
  const auto keys = store_->keys_of(std::span(prompt).first(prompt.size() - 1), generation.scope());
  if (keys.size() * block_tokens < have + gain_min_tokens) return std::nullopt;
  const auto blocks = store_->take(keys, keys.size());
  const std::size_t tokens = without_part_of_image(generation, blocks.size() * block_tokens);
  if (tokens < have + gain_min_tokens) return std::nullopt;
  std::vector<std::string_view> views;
  for (const auto& block : blocks) views.emplace_back(*block);
  const auto state = join_state(views, slots_.size());
  if (!state || !engine_.restore(static_cast<int>(to), *state)) {
    engine_.forget(static_cast<int>(to), 0);
    store_works_ = false;
    return 0;
  }
  const bool is_more = tokens < blocks.size() * block_tokens;
  if (is_more && !engine_.forget(static_cast<int>(to), generation.position(tokens))) return 0;
  return tokens;
}

/// Keeps the whole blocks of what the slot holds, as far as they are not kept yet.
void ChatScheduler::keep(std::size_t index) {
  const auto& slot = slots_[index];
  // A call that computed nothing has nothing new; what it took from another slot may not be there before the
  // next computation.
  if (!store_ || !store_works_ || slot.decoded < block_tokens || slot.decoded <= slot.reused) return;
  const auto tokens = keepable(engine_, std::span(slot.cache).first(slot.decoded));
  const auto keys = store_->keys_of(tokens, slot.scope);
  const std::size_t known = store_->known(keys);
  if (known == keys.size()) return;
  const std::size_t from = known * block_tokens, to = keys.size() * block_tokens;
  const std::string state =
      engine_.save(static_cast<int>(index), static_cast<int>(from), static_cast<int>(to));
  auto blocks = cut_state(state, block_tokens, from, keys.size() - known);
  if (!blocks) {
    store_works_ = false;  // of a kind that cannot be cut: it would be tried in vain each time
    return;
  }
  for (std::size_t each = 0; each < blocks->size(); ++each)
    store_->put(std::span(keys).first(known + each + 1), std::move((*blocks)[each]));
}

}  // namespace bastide::models::local
