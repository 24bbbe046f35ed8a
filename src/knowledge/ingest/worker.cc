#include "knowledge/ingest/worker.h"

#include <algorithm>

#include "base/log.h"
#include "base/time.h"
#include "knowledge/ingest/await.h"
#include "knowledge/ingest/header.h"
#include "knowledge/ingest/packed.h"
#include "knowledge/parse/chunker.h"

namespace bastide::knowledge::ingest {
namespace {
constexpr std::size_t batch = 8;  // passages embedded at once
constexpr auto look_again = std::chrono::seconds(1);
constexpr std::int64_t housekeeping_every_ms = 15'000;
constexpr auto index_idle = std::chrono::minutes(15);
constexpr auto embed_patience = std::chrono::minutes(5);
constexpr std::int64_t embed_again_ms = 15'000;
constexpr std::int64_t progress_every_ms = 300;

/// Errors that another try would only repeat.
bool is_final(const Error& error) {
  switch (error.code) {
    case Code::invalid:
    case Code::unsupported:
    case Code::corrupt:
    case Code::too_large:
    case Code::not_found:
    case Code::forbidden:
    case Code::timeout:
      return true;
    default:
      return error.detail == "out_of_memory";
  }
}

/// A file's name without folders and ending, for documents without a title.
std::string stem_of(std::string_view name) {
  if (auto slash = name.find_last_of('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (auto dot = name.rfind('.'); dot != std::string_view::npos && dot > 0) name = name.substr(0, dot);
  return std::string(name);
}

ParsedVersion index_version(const parse::ParsedDocument& document, const std::string& name) {
  ParsedVersion out;
  out.media_type = document.media_type;
  out.title = document.title.empty() ? stem_of(name) : document.title;
  out.pages = static_cast<int>(document.pages.size());
  index::LexicalBlock block;
  for (auto& chunk : parse::chunk_document(document, out.title)) {
    block.add(indexed_terms(chunk.title, chunk.section, chunk.text));
    out.passages.push_back({.page = static_cast<int>(chunk.page),
                            .start = chunk.range.start,
                            .end = chunk.range.end,
                            .title = chunk.title == out.title ? std::string() : std::move(chunk.title),
                            .section = std::move(chunk.section),
                            .text = std::move(chunk.text)});
  }
  out.lexical_block = block.bytes();
  out.content = pack(document);
  return out;
}
}  // namespace

Workers::Workers(WorkerParts parts)
    : parts_(std::move(parts)),
      owner_(process_owner()),
      documents_(
          parts_.metrics.counter("bastide_knowledge_documents_total", "Documents that became searchable.")),
      failures_(parts_.metrics.counter("bastide_knowledge_failures_total",
                                       "Tries to read a document that failed.")) {}

Workers::~Workers() { stop(); }

void Workers::start(int threads) {
  auto released = parts_.store.release_jobs(is_dead_here);
  if (released && *released > 0) log::info("jobs_resumed", {{"jobs", *released}});
  for (int i = 0; i < std::clamp(threads, 1, 16); ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

void Workers::stop() {
  for (auto& thread : threads_) thread.request_stop();
  wake();
  threads_.clear();
}

void Workers::wake() {
  {
    std::lock_guard lock(mutex_);
    ++wakes_;
  }
  wake_.notify_all();
}

UnixMillis Workers::lease() const { return now_ms() + (parts_.parse_max.count() + 60) * 1000; }

bool Workers::can_embed() const {
  if (parts_.model.empty()) return false;
  const auto cards = parts_.models.catalogue();
  return std::ranges::any_of(
      cards, [&](const policy::ModelCard& card) { return card.id == parts_.model && card.ready; });
}

void Workers::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::uint64_t seen = 0;
    {
      std::lock_guard lock(mutex_);
      seen = wakes_;
    }
    keep_house();
    if (take_one(stop)) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, look_again, [&] { return wakes_ != seen; });
  }
}

void Workers::keep_house() {
  const auto now = now_ms();
  auto due = housekeeping_due_.load();
  if (now < due || !housekeeping_due_.compare_exchange_strong(due, now + housekeeping_every_ms)) return;
  parts_.live.drop_if_idle(index_idle);
  if (auto released = parts_.store.release_jobs(is_dead_here); !released)
    log::warn("jobs_release_failed", {{"code", code_name(released.error().code)}});
  parts_.blobs.each_abandoned([&](const std::string& blob) {
    if (parts_.is_kept_elsewhere && parts_.is_kept_elsewhere(blob)) return true;
    auto settled = parts_.store.remove_unused(blob, [&] { remove_blob(blob); });
    return settled.has_value();
  });
  if (!can_embed()) return;
  if (auto queued = parts_.store.queue_missing_vectors(parts_.model, now); queued && *queued > 0)
    log::info("vectors_queued", {{"documents", *queued}});
}

bool Workers::take_one(const std::stop_token& stop) {
  auto job = parts_.store.take_job(owner_, now_ms(), lease());
  if (!job) {
    log::warn("job_take_failed", {{"code", code_name(job.error().code)}});
    return false;
  }
  if (!*job) return false;
  switch ((*job)->kind) {
    case JobKind::parse:
      run_parse(**job, stop);
      break;
    case JobKind::embed:
      run_embed(**job, stop);
      break;
    case JobKind::purge:
      run_purge(**job);
      break;
  }
  return true;
}

void Workers::give_up(const Job& job, const Error& error) {
  const bool gave_back = error.code == Code::cancelled;
  const auto retry = gave_back ? Retry::not_counted : is_final(error) ? Retry::never : Retry::later;
  const auto wait_ms = gave_back ? 0 : 2000LL * (job.failures + 1);
  if (!gave_back) {
    failures_.add();
    log::warn("document_failed", {{"document", job.document},
                                  {"code", code_name(error.code)},
                                  {"detail", error.detail},
                                  {"final", retry == Retry::never}});
  }
  if (auto stored = parts_.store.fail_job(job, error, retry, now_ms() + wait_ms); !stored)
    log::error("job_not_stored", {{"document", job.document}, {"code", code_name(stored.error().code)}});
}

void Workers::run_parse(const Job& job, const std::stop_token& stop) {
  std::stop_source lost;
  std::stop_callback also(stop, [&lost] { lost.request_stop(); });
  auto path = parts_.blobs.path(job.blob);
  if (!path) return give_up(job, path.error());

  auto told_at = now_ms();
  parse::ParseRequest request{.path = *path,
                              .name = job.name,
                              .declared_type = job.media_type,
                              .limits = {},
                              .on_progress = {},
                              .stop = lost.get_token()};
  request.on_progress = [&](std::size_t done, std::size_t total) {
    if (now_ms() - told_at < progress_every_ms) return;
    told_at = now_ms();
    const auto progress = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0.5;
    auto still = parts_.store.keep_job(job, lease(), DocumentState::parsing, std::min(progress, 1.0));
    if (still && !*still) lost.request_stop();
  };
  auto document = parts_.parser.parse(request);
  if (!document) return give_up(job, document.error());
  const auto parsed = index_version(*document, job.name);
  if (parsed.passages.empty())
    return give_up(job, Error{Code::invalid, "There is no text in this document.", "empty_document",
                              "Check the file; a scan needs text recognition first."});
  const auto next = can_embed() ? LibraryStore::Next::embed_first : LibraryStore::Next::activate;
  auto stored = parts_.store.finish_parse(job, parsed, next, now_ms());
  if (!stored) return give_up(job, stored.error());
  if (*stored && next == LibraryStore::Next::activate) documents_.add();
  wake();
}

void Workers::run_embed(const Job& job, const std::stop_token& stop) {
  auto later = [&](const Error& error) {
    log::warn("embedding_postponed", {{"document", job.document}, {"code", code_name(error.code)}});
    auto stored = parts_.store.activate_without_vectors(job, now_ms() + embed_again_ms);
    if (!stored) give_up(job, stored.error());
  };
  if (!can_embed()) return later(Error{Code::unavailable, "The embedding model is not ready."});
  std::int64_t done = -1, total = 0;
  while (!stop.stop_requested()) {
    // All that is left is read once for the total, then in batches.
    auto rows = parts_.store.without_vectors(job.version, parts_.model, done < 0 ? 1'000'000 : batch);
    if (!rows) return give_up(job, rows.error());
    if (done < 0) {
      total = static_cast<std::int64_t>(rows->size());
      done = 0;
      if (rows->size() > batch) rows->resize(batch);
    }
    if (rows->empty()) {
      auto finished = parts_.store.finish_embed(job, now_ms());
      if (!finished) return give_up(job, finished.error());
      if (*finished) documents_.add();
      wake();
      return;
    }
    std::vector<std::string> texts;
    for (const auto& row : *rows) texts.push_back(embedded_text(row.title, row.section, row.text));
    // A passage that is longer than the model reads is found by its beginning, and by all of its words.
    auto read = await_on(parts_.embedding,
                         parts_.models.embed(parts_.model, std::move(texts),
                                             exchange::Models::EmbedKind::passage, exchange::TooLong::cut),
                         embed_patience, stop);
    if (!read && stop.stop_requested()) break;
    if (!read) return later(read.error());
    if (read->vectors.size() != rows->size())
      return later(
          Error{Code::upstream, "The embedding model gave another number of vectors.", "vectors_missing"});
    done += static_cast<std::int64_t>(rows->size());
    const Block block{.sequence = 0,
                      .first_key = rows->front().key,
                      .count = static_cast<std::int64_t>(rows->size()),
                      .bytes = index::write_vectors(read->vectors)};
    auto held = parts_.store.add_vectors(
        job, parts_.model, block, lease(),
        total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0);
    if (!held) return give_up(job, held.error());
    if (!*held) return;
  }
  give_up(job, Error{Code::cancelled, "The program is stopping."});
}

void Workers::remove_blob(const std::string& blob) {
  if (auto gone = parts_.blobs.remove(blob); !gone)
    log::warn("blob_not_removed", {{"code", code_name(gone.error().code)}});
}

void Workers::run_purge(const Job& job) {
  std::string removed;
  auto done = parts_.store.purge(job, [&](const std::string& blob) {
    removed = blob;
    remove_blob(blob);
  });
  if (!done) return give_up(job, done.error());
  parts_.live.removed(*done);
  if (!removed.empty() && parts_.on_blob_removed) parts_.on_blob_removed(removed);
}

}  // namespace bastide::knowledge::ingest
