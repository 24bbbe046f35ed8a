#include <algorithm>
#include <chrono>
#include <utility>

#include "models/local/scheduler.h"

namespace bastide::models::local {
namespace {

constexpr std::size_t prompt_tokens_a_batch_min = 16;
constexpr std::size_t prompt_tokens_a_batch_max = 480;  // the batch's 512 less room for the answers
constexpr double batch_seconds_goal = 0.2;
/// Copying another slot's cache moves the whole of it: worth it only when that saves this many tokens.
constexpr std::size_t copy_gain_min_tokens = 128;

std::size_t common_prefix(const std::vector<Token>& a, const std::vector<Token>& b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

ChatScheduler::ChatScheduler(Engine& engine, int slots, Send send)
    : engine_(engine),
      send_(std::move(send)),
      slots_(static_cast<std::size_t>(slots)),
      thread_([this] { run(); }) {}

ChatScheduler::~ChatScheduler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ChatScheduler::submit(std::uint64_t call, std::unique_ptr<Generation> generation) {
  const auto prompt_tokens = static_cast<std::uint32_t>(generation->prompt().size());
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < queue_max && open_.insert(call).second) {
      // Sent before the inference thread can see the call: acceptance comes before its first token.
      send_(FrameKind::accepted, call, encode_number(prompt_tokens));
      waiting_.push_back({call, std::move(generation)});
    }
  }
  if (generation)
    send_(FrameKind::error, call,
          encode_error({Code::overloaded, "This model has too many questions waiting.", "queue_full",
                        "Try again in a moment, or choose another model."}));
  else
    wake_.notify_one();
}

void ChatScheduler::cancel(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  if (open_.contains(call)) cancelled_.insert(call);
}

void ChatScheduler::run() {
  while (take_work()) {
    drop_cancelled();
    if (!fill_batch()) continue;
    const auto before = std::chrono::steady_clock::now();
    const auto decoded = engine_.decode();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    if (!decoded) {
      for (int index = 0; index < static_cast<int>(slots_.size()); ++index)
        if (slots_[static_cast<std::size_t>(index)].call) fail_slot(index, decoded.error());
      continue;
    }
    after_batch(took.count(), batch_prompt_tokens_);
    for (int index = 0; index < static_cast<int>(slots_.size()); ++index)
      if (slots_[static_cast<std::size_t>(index)].row >= 0) draw(index);
  }
}

/// Seats what waits. Blocks while there is nothing to do; false at the end.
bool ChatScheduler::take_work() {
  std::unique_lock lock(mutex_);
  const auto busy = [&] {
    return std::ranges::any_of(slots_, [](const Slot& slot) { return slot.call != 0; });
  };
  wake_.wait(lock, [&] { return stopping_ || !waiting_.empty() || busy(); });
  if (stopping_) return false;
  while (!waiting_.empty() && std::ranges::any_of(slots_, [](const Slot& slot) { return slot.call == 0; })) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    seat(std::move(next));
    lock.lock();
  }
  return true;
}

/// Gives the call the idle slot whose cache begins most like its prompt; among equals the one unused longest.
void ChatScheduler::seat(Waiting waiting) {
  const auto& prompt = waiting.generation->prompt();
  Slot* best = nullptr;
  std::size_t best_common = 0;
  for (auto& slot : slots_) {
    if (slot.call) continue;
    const std::size_t common = common_prefix(slot.cache, prompt);
    if (!best || common > best_common || (common == best_common && slot.last_used < best->last_used)) {
      best = &slot;
      best_common = common;
    }
  }
  const int to = static_cast<int>(best - slots_.data());

  // The last token of the prompt is always computed: its logits are needed.
  const auto reusable = [&](std::size_t common) { return std::min(common, prompt.size() - 1); };
  std::size_t keep = reusable(best_common);
  std::size_t other_common = 0;
  int from = -1;
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    // A busy slot's cache is whole between two batches.
    const std::size_t common = common_prefix(slots_[index].cache, prompt);
    if (static_cast<int>(index) != to && reusable(common) > other_common) {
      other_common = reusable(common);
      from = static_cast<int>(index);
    }
  }
  const bool copies = from >= 0 && other_common >= keep + copy_gain_min_tokens;
  if (copies) keep = other_common;
  const bool kept =
      copies ? engine_.copy(from, to, static_cast<int>(keep)) : engine_.forget(to, static_cast<int>(keep));
  if (!kept) keep = 0;

  best->cache.assign(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(keep));
  best->call = waiting.call;
  best->generation = std::move(waiting.generation);
  best->prompt_done = best->reused = keep;
  best->written = 0;
  best->begun = false;
  best->row = -1;
  best->order = ++clock_;
}

void ChatScheduler::drop_cancelled() {
  std::unordered_set<std::uint64_t> cancelled;
  std::deque<Waiting> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_.empty()) return;
    cancelled.swap(cancelled_);
    for (auto at = waiting_.begin(); at != waiting_.end();)
      if (cancelled.contains(at->call)) {
        dropped.push_back(std::move(*at));
        at = waiting_.erase(at);
      } else {
        ++at;
      }
    for (const auto& waiting : dropped) open_.erase(waiting.call);
  }
  for (const auto& waiting : dropped)
    send_(FrameKind::finish, waiting.call, encode(FinishBody{FinishReason::cancelled, 0, 0, 0}));
  for (auto& slot : slots_)
    if (slot.call && cancelled.contains(slot.call)) end(slot, FinishReason::cancelled);
}

/// Answers under way first, one token each; then prompts in the order of their arrival. False: nothing to
/// compute.
bool ChatScheduler::fill_batch() {
  engine_.clear_batch();
  bool any = false;
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    auto& slot = slots_[index];
    slot.row = -1;
    slot.decoded = slot.cache.size();
    if (!slot.call || slot.prompt_done < slot.generation->prompt().size()) continue;
    slot.row = engine_.add(static_cast<int>(index), slot.next, static_cast<int>(slot.cache.size()), true);
    slot.cache.push_back(slot.next);
    any = true;
  }

  std::vector<std::size_t> prompts;
  for (std::size_t index = 0; index < slots_.size(); ++index)
    if (slots_[index].call && slots_[index].prompt_done < slots_[index].generation->prompt().size())
      prompts.push_back(index);
  std::ranges::sort(prompts, {}, [&](std::size_t index) { return slots_[index].order; });
  batch_prompt_tokens_ = 0;
  for (const std::size_t index : prompts) {
    if (waits_for_leader(index)) continue;
    auto& slot = slots_[index];
    const auto& prompt = slot.generation->prompt();
    while (slot.prompt_done < prompt.size() && batch_prompt_tokens_ < prompt_tokens_max_) {
      const bool last = slot.prompt_done + 1 == prompt.size();
      const Token token = prompt[slot.prompt_done++];
      const int row = engine_.add(static_cast<int>(index), token, static_cast<int>(slot.cache.size()), last);
      if (last) slot.row = row;
      slot.cache.push_back(token);
      ++batch_prompt_tokens_;
      any = true;
    }
  }
  return any;
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
    const std::size_t shared =
        std::min(common_prefix(leader.generation->prompt(), prompt), prompt.size() - 1);
    if (shared < slot.prompt_done + copy_gain_min_tokens) continue;
    if (leader.decoded < shared) return true;
    const bool copied =
        engine_.copy(static_cast<int>(other), static_cast<int>(index), static_cast<int>(shared));
    slot.prompt_done = slot.reused = copied ? shared : 0;
    slot.cache.assign(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(slot.prompt_done));
    break;
  }
  slot.begun = true;
  return false;
}

/// Keeps a batch near the goal: cancelling and other people's next tokens wait no longer than one.
void ChatScheduler::after_batch(double seconds, std::size_t prompt_tokens) {
  if (prompt_tokens < prompt_tokens_max_) return;
  const double fitting = static_cast<double>(prompt_tokens) * batch_seconds_goal / std::max(seconds, 1e-4);
  const double next = std::clamp(fitting, static_cast<double>(prompt_tokens_max_) / 2,
                                 static_cast<double>(prompt_tokens_max_) * 2);
  prompt_tokens_max_ =
      std::clamp(static_cast<std::size_t>(next), prompt_tokens_a_batch_min, prompt_tokens_a_batch_max);
}

void ChatScheduler::draw(int index) {
  auto& slot = slots_[static_cast<std::size_t>(index)];
  const auto token = slot.generation->sample(slot.row);
  if (!token) return fail_slot(index, token.error());
  slot.next = *token;
  ++slot.written;
  if (slot.generation->ends_answer(*token)) return end(slot, FinishReason::stop);
  send_delta(slot.call, slot.generation->take(*token));
  if (slot.generation->stopped()) return end(slot, FinishReason::stop);
  const auto limit = slot.generation->max_tokens();
  const bool enough = limit > 0 && slot.written >= limit;
  const bool full = slot.cache.size() + 1 >= static_cast<std::size_t>(engine_.facts().context_tokens);
  if (enough || full) end(slot, FinishReason::length);
}

void ChatScheduler::end(Slot& slot, FinishReason reason) {
  if (reason != FinishReason::cancelled) send_delta(slot.call, slot.generation->finish());
  if (reason == FinishReason::stop && slot.generation->called_tools()) reason = FinishReason::tool_calls;
  const FinishBody body{reason, static_cast<std::uint32_t>(slot.generation->prompt().size()), slot.written,
                        static_cast<std::uint32_t>(slot.reused)};
  const std::uint64_t call = std::exchange(slot.call, 0);
  slot.generation.reset();
  slot.last_used = ++clock_;
  slot.row = -1;
  {
    const std::lock_guard lock(mutex_);
    open_.erase(call);
    cancelled_.erase(call);
  }
  send_(FrameKind::finish, call, encode(body));
}

void ChatScheduler::fail_slot(int index, const Error& error) {
  auto& slot = slots_[static_cast<std::size_t>(index)];
  engine_.forget(index, 0);
  slot.cache.clear();
  slot.generation.reset();
  slot.row = -1;
  const std::uint64_t call = std::exchange(slot.call, 0);
  {
    const std::lock_guard lock(mutex_);
    open_.erase(call);
    cancelled_.erase(call);
  }
  send_(FrameKind::error, call, encode_error(error));
}

void ChatScheduler::send_delta(std::uint64_t call, const Delta& delta) {
  if (!delta.reasoning.empty()) send_(FrameKind::reasoning, call, delta.reasoning);
  if (!delta.text.empty()) send_(FrameKind::text, call, delta.text);
  if (!delta.tool_calls.empty()) send_(FrameKind::tool_calls, call, delta.tool_calls);
}

}  // namespace bastide::models::local
