// Slot: a sequence of the context, what it holds, and what of it another call may use.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "models/local/llama_engine.h"
#include "models/local/speculation.h"

namespace bastide::models::local {

/// Between people, what was computed is shared in whole blocks of so many tokens: to learn from the time of
/// an answer that somebody asked the same, one must send so many tokens exactly alike.
constexpr std::size_t block_tokens = 256;

[[nodiscard]] inline double seconds(Steady::time_point from, Steady::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// What a sequence holds stays after an answer, for the next prompt that begins alike.
struct Slot {
  std::uint64_t call = 0;  // 0: idle
  std::unique_ptr<Generation> generation;
  CacheScope scope;             // of who filled it
  std::vector<Token> cache;     // what the context holds, or will after the next decode
  std::size_t prompt_done = 0;  // tokens of the prompt that are in `cache`
  std::size_t reused = 0;       // of them, found there or restored
  std::size_t decoded = 0;      // tokens of `cache` that the context holds by now
  bool begun = false;           // its prompt is being computed
  std::uint32_t written = 0;    // tokens of the answer
  std::uint32_t guessed = 0;    // tokens that were checked ahead of their turn
  std::uint32_t guessed_right = 0;
  Token next = 0;  // drawn, not yet in `cache`
  int row = -1;    // of its logits in the current batch
  Speculation speculation{};
  Steady::time_point asked{}, seated{}, begun_at{}, first_token{};
  std::uint64_t last_used = 0;
  std::uint64_t order = 0;  // of arrival

  [[nodiscard]] bool reads_prompt() const { return call != 0 && prompt_done < generation->prompt().size(); }
  [[nodiscard]] double queue_s() const { return begun ? seconds(asked, begun_at) : 0; }
  [[nodiscard]] double prompt_s() const { return written > 0 ? seconds(begun_at, first_token) : 0; }
  [[nodiscard]] double answer_s(Steady::time_point end) const {
    return written > 0 ? seconds(first_token, end) : 0;
  }
  [[nodiscard]] bool answers() const { return call != 0 && !reads_prompt(); }
};

[[nodiscard]] inline std::size_t common_prefix(std::span<const Token> a, std::span<const Token> b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// How many of the first `common` tokens, which both have, a call of `caller` may take from what `owner` had
/// computed: all of one's own (a program's, for the same of its users); the instructions as a whole, which
/// belong to the organisation; otherwise whole blocks, and only under the same rights.
[[nodiscard]] inline std::size_t shareable(const CacheScope& owner, const CacheScope& caller,
                                           std::size_t common) {
  if (owner.adapters != caller.adapters) return 0;  // other numbers altogether
  if (owner.person == caller.person && owner.end_user == caller.end_user) return common;
  const std::size_t blocks = common - common % block_tokens;
  const std::size_t instructions = owner.organisation == caller.organisation
                                       ? std::min(owner.instruction_tokens, caller.instruction_tokens)
                                       : 0;
  const std::size_t by_rights = owner.rights == caller.rights ? blocks : 0;
  return std::max(by_rights, common >= instructions ? instructions : std::min(blocks, instructions));
}

}  // namespace bastide::models::local
