#include "models/local/chat_scheduler.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace bastide::models::local {
namespace {

constexpr std::size_t prompt_tokens_a_batch_min = 16;
constexpr std::size_t prompt_tokens_a_batch_max = 512;
constexpr double batch_seconds_goal = 0.2;
constexpr Millis image_patience{2};  // between two looks at whether an image was encoded

}  // namespace

ChatScheduler::ChatScheduler(Engine& engine, int slots, Beside beside, Send send)
    : engine_(engine),
      store_(beside.store),
      draft_(beside.draft),
      energy_(beside.energy),
      watchdog_(beside.watchdog),
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
  if (store_) store_->fetch(store_->keys_of(generation->prompt(), generation->scope()));
  Waiting waiting;
  waiting.call = call;
  waiting.person = generation->scope().person;
  waiting.priority = generation->priority();
  waiting.generation = std::move(generation);
  auto refused = FairQueue::Refused::no;
  Error why;
  {
    const std::lock_guard lock(mutex_);
    if (open_.contains(call)) return;  // the server never uses a number twice
    refused = waiting_.push(waiting);
    if (refused == FairQueue::Refused::no) {
      open_.insert(call);
      newcomers_ = true;
      // Sent before the inference thread can see the call: acceptance comes before its first token.
      send_(FrameKind::accepted, call, encode_number(prompt_tokens));
    } else {
      why = refusal(refused);
    }
  }
  if (refused == FairQueue::Refused::no)
    wake_.notify_one();
  else
    send_(FrameKind::error, call, encode_error(why));
}

void ChatScheduler::cancel(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  if (open_.contains(call)) cancelled_.insert(call);
}

void ChatScheduler::run() {
  while (take_work()) {
    if (watchdog_) watchdog_->begin();
    tell_places();
    decode_answers();
    decode_prompts();
    if (watchdog_) watchdog_->end();
  }
}

/// Seats what waits. Blocks while there is nothing to do; false at the end.
bool ChatScheduler::take_work() {
  std::unique_lock lock(mutex_);
  const auto idle = [](const Slot& slot) { return slot.call == 0; };
  const auto is_wanted = [&] { return stopping_ || !waiting_.empty() || !std::ranges::all_of(slots_, idle); };
  if (!is_wanted()) {
    wake_.wait(lock, is_wanted);
    if (energy_) energy_->begin();
  }
  lock.unlock();
  drop_cancelled();  // nobody is seated for nothing
  lock.lock();
  while (!stopping_ && std::ranges::any_of(slots_, idle)) {
    auto next =
        waiting_.pop([&](const std::string& person) { return running_of(person); }, Steady::now(), takes());
    if (!next) break;
    lock.unlock();
    leave_queue(next->call);
    seat(std::move(*next));
    lock.lock();
  }
  return !stopping_;
}

/// Batches leave one slot, of two or more, to those who sit and wait.
FairQueue::Takes ChatScheduler::takes() const {
  const auto batches = std::ranges::count_if(slots_, [](const Slot& slot) {
    return slot.call != 0 && slot.generation->priority() == Priority::batch;
  });
  const bool has_room = static_cast<std::size_t>(batches) + 1 < slots_.size() || slots_.size() == 1;
  return has_room ? FairQueue::Takes::all : FairQueue::Takes::interactive;
}

void ChatScheduler::note_tokens(std::uint64_t call, std::size_t tokens) {
  if (energy_) energy_->add(call, tokens);
}

Result<void> ChatScheduler::decode() {
  auto decoded = engine_.decode();
  if (energy_) energy_->note(Steady::now());
  return decoded;
}

std::size_t ChatScheduler::running_of(const std::string& person) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      slots_, [&](const Slot& slot) { return slot.call != 0 && slot.scope.person == person; }));
}

void ChatScheduler::drop_cancelled() {
  std::unordered_set<std::uint64_t> cancelled;
  std::vector<Waiting> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_.empty()) return;
    cancelled.swap(cancelled_);
    for (const auto call : cancelled)
      if (auto waiting = waiting_.remove(call)) {
        open_.erase(call);
        dropped.push_back(std::move(*waiting));
      }
  }
  for (const auto& waiting : dropped) {
    places_.erase(waiting.call);
    send_(FrameKind::finish, waiting.call, encode(FinishBody{FinishReason::cancelled}));
  }
  for (auto& slot : slots_)
    if (slot.call && cancelled.contains(slot.call)) end(slot, FinishReason::cancelled);
}

/// The next token of every answer.
void ChatScheduler::decode_answers() {
  std::vector<Answering> caches;
  for (const auto& slot : slots_)
    caches.push_back({slot.answers() ? slot.cache : std::span<const Token>(), slot.scope.adapters});
  const auto computations = group_answers(caches);
  const bool is_one = computations.size() == 1 && computations.front().size() == 1 &&
                      computations.front().front().slots.size() == 1;
  if (is_one) return decode_answer(computations.front().front().slots.front());
  for (const auto& groups : computations) decode_together(groups);
}

void ChatScheduler::decode_together(const Computation& groups) {
  std::vector<std::size_t> indices;
  for (const auto& group : groups) indices.insert(indices.end(), group.slots.begin(), group.slots.end());
  engine_.clear_batch();
  if (const auto used = engine_.use_adapters_of(*slots_[indices.front()].generation); !used)
    return fail_slots(indices, used.error());
  for (const auto& group : groups)
    for (const std::size_t index : group.slots) {
      auto& slot = slots_[index];
      const int position = slot.generation->position(slot.cache.size());
      slot.row = engine_.add(static_cast<int>(index), slot.next, position, true);
      if (index != group.slots.front()) engine_.share_beginning(static_cast<int>(index), group.shared);
      slot.cache.push_back(slot.next);
      note_tokens(slot.call, 1);
    }
  if (const auto decoded = decode(); !decoded) return fail_slots(indices, decoded.error());
  for (const std::size_t index : indices) draw(index);
}

/// A piece of the prompts that are to be read.
void ChatScheduler::decode_prompts() {
  const auto prompts = prompts_in_turn();
  if (prompts.empty()) return;
  if (is_at_image(slots_[prompts.front()])) return decode_image(prompts.front());
  engine_.clear_batch();
  std::vector<std::size_t> in_batch;
  const std::size_t tokens = add_prompts(prompts, in_batch);
  const auto before = std::chrono::steady_clock::now();
  auto decoded = engine_.use_adapters_of(*slots_[in_batch.front()].generation);
  if (decoded) decoded = decode();
  if (!decoded) return fail_slots(in_batch, decoded.error());
  pace(std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count(), tokens);
  for (const std::size_t index : in_batch) {
    slots_[index].decoded = slots_[index].cache.size();
    if (slots_[index].row >= 0) draw(index);
  }
}

/// The prompts that can be read now. The one with the least left and the oldest one go first in turns: a
/// short question does not wait for a long one, and a long one gets at least half of the time.
std::vector<std::size_t> ChatScheduler::prompts_in_turn() {
  std::vector<std::size_t> prompts;
  bool looks_at_images = false, answers = false;
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    auto& slot = slots_[index];
    answers = answers || slot.answers();
    if (!slot.reads_prompt() || waits_for_leader(index)) continue;
    if (is_at_image(slot)) {
      const auto seen = engine_.has_seen(*slot.generation, slot.prompt_done);
      if (!seen) fail_slots({index}, seen.error());
      if (seen && !*seen) looks_at_images = true;
      if (!seen || !*seen) continue;
    }
    prompts.push_back(index);
  }
  if (prompts.empty() && looks_at_images && !answers) std::this_thread::sleep_for(image_patience);
  oldest_first_ = !oldest_first_;
  std::ranges::sort(prompts, {}, [&](std::size_t index) {
    const auto& slot = slots_[index];
    const std::size_t left = slot.generation->prompt().size() - slot.prompt_done;
    return std::pair(oldest_first_ ? 0 : left, slot.order);
  });
  return prompts;
}

bool ChatScheduler::is_at_image(const Slot& slot) {
  return slot.generation->run_at(slot.prompt_done).is_image;
}

std::size_t ChatScheduler::add_prompts(const std::vector<std::size_t>& prompts,
                                       std::vector<std::size_t>& in_batch) {
  std::size_t tokens = 0;
  for (const std::size_t index : prompts) {
    // One set of adapters a batch: that of whoever goes first. An image's rows are a batch of their own.
    const bool fits =
        (in_batch.empty() || slots_[in_batch.front()].scope.adapters == slots_[index].scope.adapters) &&
        !is_at_image(slots_[index]);
    if (!fits || tokens >= prompt_tokens_max_) continue;
    const std::size_t added = add_prompt(index, prompt_tokens_max_ - tokens);
    if (added > 0) in_batch.push_back(index);
    tokens += added;
  }
  return tokens;
}

/// A piece of the image that a prompt is at.
void ChatScheduler::decode_image(std::size_t index) {
  auto& slot = slots_[index];
  const auto& prompt = slot.generation->prompt();
  const auto run = slot.generation->run_at(slot.prompt_done);
  const std::size_t left = run.end - slot.prompt_done;
  const std::size_t tokens = run.is_whole ? left : std::min(left, prompt_tokens_max_);
  const bool is_last = slot.prompt_done + tokens == prompt.size();
  const auto before = std::chrono::steady_clock::now();
  auto decoded = engine_.use_adapters_of(*slot.generation);
  if (decoded)
    decoded =
        engine_.decode_image(static_cast<int>(index), *slot.generation, slot.prompt_done, tokens, is_last);
  if (energy_) energy_->note(Steady::now());
  if (!decoded) return fail_slots({index}, decoded.error());
  if (!run.is_whole)
    pace(std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count(), tokens);
  const auto from = prompt.begin() + static_cast<std::ptrdiff_t>(slot.prompt_done);
  slot.cache.insert(slot.cache.end(), from, from + static_cast<std::ptrdiff_t>(tokens));
  slot.prompt_done += tokens;
  slot.decoded = slot.cache.size();
  note_tokens(slot.call, tokens);
  slot.row = is_last ? static_cast<int>(tokens) - 1 : -1;
  if (is_last) draw(index);
}

std::size_t ChatScheduler::add_prompt(std::size_t index, std::size_t tokens_max) {
  auto& slot = slots_[index];
  const auto& prompt = slot.generation->prompt();
  slot.row = -1;
  const std::size_t end = slot.generation->run_at(slot.prompt_done).end;
  // A last token that is left alone takes other kernels than one among others, and sums in another order.
  if (end - slot.prompt_done == tokens_max + 1 && tokens_max > 1) --tokens_max;
  std::size_t added = 0;
  for (; slot.prompt_done < end && added < tokens_max; ++added) {
    const bool last = slot.prompt_done + 1 == prompt.size();
    const Token token = prompt[slot.prompt_done++];
    const int position = slot.generation->position(slot.cache.size());
    const int row = engine_.add(static_cast<int>(index), token, position, last);
    if (last) slot.row = row;
    slot.cache.push_back(token);
  }
  note_tokens(slot.call, added);
  return added;
}

/// Keeps a piece near the goal: cancelling and other people's next tokens wait no longer than one.
void ChatScheduler::pace(double seconds, std::size_t prompt_tokens) {
  if (prompt_tokens < prompt_tokens_max_) return;
  const double fitting = static_cast<double>(prompt_tokens) * batch_seconds_goal / std::max(seconds, 1e-4);
  const double next = std::clamp(fitting, static_cast<double>(prompt_tokens_max_) / 2,
                                 static_cast<double>(prompt_tokens_max_) * 2);
  prompt_tokens_max_ =
      std::clamp(static_cast<std::size_t>(next), prompt_tokens_a_batch_min, prompt_tokens_a_batch_max);
}

void ChatScheduler::draw(std::size_t index) {
  if (const auto over = advance(index)) end(slots_[index], *over);
}

/// Draws the next token of an answer and tells it. Why the answer is to end, if it is; after an error it has
/// ended.
std::optional<FinishReason> ChatScheduler::advance(std::size_t index) {
  auto& slot = slots_[index];
  slot.decoded = slot.cache.size();
  const auto token = slot.generation->sample(slot.row);
  if (!token) {
    fail_slots({index}, token.error());
    return std::nullopt;
  }
  slot.next = *token;
  if (++slot.written == 1) slot.first_token = Steady::now();
  if (slot.generation->ends_answer(*token)) return FinishReason::stop;
  send_delta(slot.call, slot.generation->take(*token));
  if (slot.generation->stopped()) return FinishReason::stop;
  const auto limit = slot.generation->max_tokens();
  const bool enough = limit > 0 && slot.written >= limit;
  const bool full = slot.cache.size() + 1 >= static_cast<std::size_t>(engine_.facts().context_tokens);
  if (enough || full) return FinishReason::length;
  return std::nullopt;
}

void ChatScheduler::end(Slot& slot, FinishReason reason) {
  const auto ending = reason == FinishReason::length ? Ending::cut : Ending::whole;
  if (reason != FinishReason::cancelled) send_delta(slot.call, slot.generation->finish(ending));
  if (reason == FinishReason::stop && slot.generation->called_tools()) reason = FinishReason::tool_calls;
  if (reason != FinishReason::cancelled) note_service(seconds(slot.seated, Steady::now()));
  const FinishBody body{reason,
                        static_cast<std::uint32_t>(slot.generation->prompt().size()),
                        slot.written,
                        static_cast<std::uint32_t>(slot.reused),
                        slot.guessed,
                        slot.guessed_right,
                        energy_ ? energy_->take(slot.call) : 0,
                        slot.queue_s(),
                        slot.prompt_s(),
                        slot.answer_s(Steady::now())};
  const std::uint64_t call = std::exchange(slot.call, 0);
  slot.generation.reset();
  slot.last_used = ++clock_;
  close_call(call);
  send_(FrameKind::finish, call, encode(body));
  keep(static_cast<std::size_t>(&slot - slots_.data()));
}

void ChatScheduler::fail_slots(const std::vector<std::size_t>& indices, const Error& error) {
  for (const std::size_t index : indices) {
    auto& slot = slots_[index];
    engine_.forget(static_cast<int>(index), 0);
    slot.cache.clear();
    slot.decoded = 0;
    slot.generation.reset();
    const std::uint64_t call = std::exchange(slot.call, 0);
    if (call == 0) continue;
    if (energy_) (void)energy_->take(call);
    close_call(call);
    send_(FrameKind::error, call, encode_error(error));
  }
}

void ChatScheduler::close_call(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  open_.erase(call);
  cancelled_.erase(call);
}

void ChatScheduler::send_delta(std::uint64_t call, const Delta& delta) {
  if (!delta.logprobs.empty()) send_(FrameKind::logprobs, call, delta.logprobs);
  if (!delta.reasoning.empty()) send_(FrameKind::reasoning, call, delta.reasoning);
  if (!delta.text.empty()) send_(FrameKind::text, call, delta.text);
  if (!delta.tool_calls.empty()) send_(FrameKind::tool_calls, call, delta.tool_calls);
}

}  // namespace bastide::models::local
