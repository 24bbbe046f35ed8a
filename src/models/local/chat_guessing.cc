// The answer that runs alone: guesses of what follows, checked in one computation with the next token.
#include <algorithm>
#include <chrono>

#include "models/local/chat_scheduler.h"

namespace bastide::models::local {
namespace {

/// Up to the first image: what followed there may have been one.
Guess text_of(Guess guess) {
  const auto image = std::ranges::find_if(guess.tokens, [](Token token) { return token < 0; });
  guess.tokens.erase(image, guess.tokens.end());
  return guess;
}

}  // namespace

/// The next token of the only answer, and those that were guessed right after it.
void ChatScheduler::decode_answer(std::size_t index) {
  auto& slot = slots_[index];
  if (const auto used = engine_.use_adapters_of(*slot.generation); !used)
    return fail_slots({index}, used.error());
  slot.cache.push_back(slot.next);
  const std::size_t room = guess_room(slot);
  const Guess repeated = text_of(look_up(slot.cache, room));
  const Guess forced{slot.generation->forced(room), 0, Guess::Source::grammar};
  Guess guessed = worth(forced, slot);
  if (guessed.tokens.empty()) guessed = worth(repeated, slot);
  if (guessed.tokens.empty()) guessed = draft(slot, room);
  const std::size_t checked = guessed.tokens.size();

  engine_.clear_batch();
  const auto add = [&](Token token, std::size_t position) {
    return engine_.add(static_cast<int>(index), token, slot.generation->position(position), true);
  };
  const int row = add(slot.next, slot.cache.size() - 1);
  for (std::size_t each = 0; each < checked; ++each) add(guessed.tokens[each], slot.cache.size() + each);
  note_tokens(slot.call, checked + 1);
  const auto begun = Steady::now();
  if (const auto decoded = decode(); !decoded) return fail_slots({index}, decoded.error());
  row_costs_.note(checked + 1, std::chrono::duration<double>(Steady::now() - begun).count());

  std::size_t right = 0;
  std::optional<FinishReason> over;
  while (true) {
    slot.row = row + static_cast<int>(right);
    over = advance(index);
    if (slot.call == 0 || over || right == checked || slot.next != guessed.tokens[right]) break;
    slot.cache.push_back(slot.next);
    ++right;
  }
  if (slot.call == 0) return;  // it failed, and nothing of it is left
  slot.guessed += static_cast<std::uint32_t>(checked);
  slot.guessed_right += static_cast<std::uint32_t>(right);
  if (!over) {
    if (checked > 0) slot.speculation.learn(guessed, right, checked);
    // Where a guess was not checked, the token that came says whether it would have paid.
    for (const Guess* other : {&repeated, &forced}) {
      if (other->tokens.empty() || (checked > 0 && guessed.source == other->source)) continue;
      const Token came = right == 0 ? slot.next : guessed.tokens.front();
      slot.speculation.learn(*other, came == other->tokens.front() ? 1 : 0, 1);
    }
  }
  if (right < checked) engine_.forget(static_cast<int>(index), slot.generation->position(slot.cache.size()));
  if (over) end(slot, *over);
}

/// How many tokens may be guessed within what the answer may still have and the context holds.
std::size_t ChatScheduler::guess_room(const Slot& slot) const {
  if (!engine_.can_take_back()) return 0;
  std::size_t room = std::min(guess_max, slot.generation->guess_max());
  const auto context = static_cast<std::size_t>(engine_.facts().context_tokens);
  room = std::min(room, context - std::min(context, slot.cache.size() + 2));
  if (const auto limit = slot.generation->max_tokens(); limit > 0)
    room = std::min(room, static_cast<std::size_t>(std::max<std::int64_t>(0, limit - slot.written - 1)));
  return room;
}

/// As much of the guess as is worth checking.
Guess ChatScheduler::worth(Guess guess, const Slot& slot) const {
  guess.tokens.resize(std::max(slot.speculation.worth_checking(guess, row_costs_),
                               std::min(slot.generation->guess_min(), guess.tokens.size())));
  return guess;
}

/// What the draft model, if there is one and it pays, says to follow.
Guess ChatScheduler::draft(const Slot& slot, std::size_t room) const {
  if (!draft_ || slot.generation->holds_images()) return {};
  const std::size_t wanted = std::max(slot.speculation.worth_drafting(room, draft_->token_s(), row_costs_),
                                      std::min(slot.generation->guess_min(), room));
  return wanted > 0 ? draft_->guess(slot.cache, wanted) : Guess{};
}

}  // namespace bastide::models::local
