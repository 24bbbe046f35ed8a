#include "models/local/embed_scheduler.h"

#include <algorithm>

namespace bastide::models::local {

EmbedScheduler::EmbedScheduler(Engine& engine, Send send)
    : engine_(engine), send_(std::move(send)), thread_([this] { run(); }) {}

EmbedScheduler::~EmbedScheduler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void EmbedScheduler::submit(std::uint64_t call, std::vector<std::string> texts) {
  auto work = std::make_shared<Work>();
  work->call = call;
  work->texts = std::move(texts);
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
        encode_error({Code::overloaded, "The embedding model has too much waiting.", "queue_full",
                      "Try again in a moment."}));
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
      const auto shortest = std::ranges::min_element(
          queue_, {}, [](const auto& each) { return each->texts.size() - each->vectors.size(); });
      work = *shortest;
      if (work->cancelled) {
        queue_.erase(shortest);
        continue;
      }
    }
    step(*work);
    const std::lock_guard lock(mutex_);
    if (work->cancelled || work->vectors.size() == work->texts.size()) std::erase(queue_, work);
  }
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
  while (work.vectors.size() + batch.size() < work.texts.size() &&
         batch.size() < static_cast<std::size_t>(engine_.embedding_batch_texts())) {
    auto next = engine_.tokenize_for_embedding(work.texts[work.vectors.size() + batch.size()]);
    if (!next) return give_up(next.error());
    if (next->empty()) return give_up({Code::invalid, "A text to embed is empty.", "bad_request"});
    tokens += next->size();
    if (tokens > static_cast<std::size_t>(engine_.embedding_batch_tokens()) && !batch.empty()) break;
    batch.push_back(std::move(*next));
  }
  auto vectors = engine_.embed(batch);
  if (!vectors) return give_up(vectors.error());
  std::ranges::move(*vectors, std::back_inserter(work.vectors));
  if (work.vectors.size() == work.texts.size())
    send_(FrameKind::vectors, work.call, encode_vectors(work.vectors));
}

}  // namespace bastide::models::local
