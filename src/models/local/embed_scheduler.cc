#include "models/local/embed_scheduler.h"

#include <algorithm>

namespace bastide::models::local {

EmbedScheduler::EmbedScheduler(Engine& engine, Send send, Watchdog* watchdog)
    : engine_(engine), watchdog_(watchdog), send_(std::move(send)), thread_([this] { run(); }) {}

EmbedScheduler::~EmbedScheduler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void EmbedScheduler::embed(std::uint64_t call, std::vector<std::string> texts, exchange::TooLong too_long) {
  auto work = std::make_shared<Work>();
  work->call = call;
  work->texts = std::move(texts);
  work->too_long = too_long;
  submit(std::move(work));
}

void EmbedScheduler::rank(std::uint64_t call, std::vector<std::string> documents, std::string query) {
  auto work = std::make_shared<Work>();
  work->call = call;
  work->texts = std::move(documents);
  work->query = std::move(query);
  submit(std::move(work));
}

void EmbedScheduler::submit(std::shared_ptr<Work> work) {
  const auto call = work->call;
  bool taken = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < queue_max) {
      queue_.push_back(std::move(work));
      taken = true;
    }
  }
  if (taken) return wake_.notify_one();
  send_(FrameKind::error, call,
        encode_error(error_with({{"waiting", std::int64_t{queue_max}}}, Code::overloaded,
                                "This model has {waiting} calls waiting: it takes no more.", "queue_full",
                                "Try again in a moment.")));
}

void EmbedScheduler::cancel(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  for (auto& work : queue_)
    if (work->call == call) work->cancelled = true;
}

void EmbedScheduler::run() {
  while (true) {
    std::shared_ptr<Work> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      // The shortest and the oldest in turns: a question does not wait for a thousand passages, nor these for
      // ever.
      oldest_first_ = !oldest_first_;
      const auto next =
          oldest_first_ ? queue_.begin() : std::ranges::min_element(queue_, {}, [](const auto& each) {
            return each->texts.size() - each->done();
          });
      work = *next;
      if (work->cancelled) {
        queue_.erase(next);
        continue;
      }
    }
    if (watchdog_) watchdog_->begin();
    step(*work);
    if (watchdog_) watchdog_->end();
    const std::lock_guard lock(mutex_);
    if (work->cancelled || work->done() == work->texts.size()) std::erase(queue_, work);
  }
}

Result<std::vector<Token>> EmbedScheduler::read(Work& work, std::size_t text) const {
  if (!work.query) {
    auto reading = engine_.tokenize_for_embedding(work.texts[text]);
    if (!reading) return pass(reading);
    if (reading->tokens.empty()) return fail(Code::invalid, "A text to embed is empty.", "bad_request");
    if (reading->is_cut && work.too_long == exchange::TooLong::refuse)
      return std::unexpected(engine_.too_long_to_embed(work.texts[text]));
    work.embedding.tokens += static_cast<std::uint32_t>(reading->tokens.size());
    work.embedding.texts_cut += reading->is_cut;
    return std::move(reading->tokens);
  }
  auto pair = engine_.tokenize_pair(*work.query, work.texts[text]);
  if (!pair) return pass(pair);
  work.ranking.tokens += static_cast<std::uint32_t>(pair->tokens.size());
  work.ranking.documents_cut += pair->is_cut;
  return std::move(pair->tokens);
}

Result<void> EmbedScheduler::compute(Work& work, const std::vector<std::vector<Token>>& batch) {
  if (work.query) {
    auto scores = engine_.score(batch);
    if (!scores) return pass(scores);
    std::ranges::copy(*scores, std::back_inserter(work.ranking.scores));
    return {};
  }
  auto vectors = engine_.embed(batch);
  if (!vectors) return pass(vectors);
  std::ranges::move(*vectors, std::back_inserter(work.embedding.vectors));
  return {};
}

/// One batch of one call.
void EmbedScheduler::step(Work& work) {
  const auto give_up = [&](const Error& error) {
    send_(FrameKind::error, work.call, encode_error(error));
    const std::lock_guard lock(mutex_);
    work.cancelled = true;
  };
  std::vector<std::vector<Token>> batch;
  std::size_t tokens = 0;
  const auto tokens_max = static_cast<std::size_t>(engine_.embedding_batch_tokens());
  const auto texts_max = static_cast<std::size_t>(engine_.embedding_batch_texts());
  for (auto at = work.done(); at < work.texts.size() && batch.size() < texts_max; ++at) {
    if (!work.next) {
      auto read_now = read(work, at);
      if (!read_now) return give_up(read_now.error());
      work.next = std::move(*read_now);
    }
    tokens += work.next->size();
    if (tokens > tokens_max && !batch.empty()) break;
    batch.push_back(std::move(*work.next));
    work.next.reset();
  }
  if (auto computed = compute(work, batch); !computed) return give_up(computed.error());
  if (work.done() < work.texts.size()) return;
  if (work.query)
    send_(FrameKind::scores, work.call, encode(work.ranking));
  else
    send_(FrameKind::vectors, work.call, encode(work.embedding));
}

}  // namespace bastide::models::local
