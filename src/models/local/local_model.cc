#include "models/local/local_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "models/local/local_completion.h"
#include "models/local/memory.h"

namespace bastide::models::local {
namespace {

constexpr std::size_t calls_max = 256;
constexpr std::int64_t retry_after_s = 10;  // of a server whose queue is full before the worker's
constexpr int deaths_max = 5;
constexpr Millis retry_pause{15'000};
constexpr Millis restart_pause_max{30'000};
constexpr Millis healthy_after{60'000};
constexpr Millis forever = std::chrono::years(1);
constexpr Millis idle_to_try_gpus{1'000};  // nobody who just saw it ready is about to call
/// A prompt of some pages is split within a millisecond or two; who asks must not be held longer.
constexpr Micros count_patience{10'000};
constexpr std::size_t word_max_bytes = 200;

/// A text of what a worker sent.
std::optional<std::string> word_of(const Result<nlohmann::json>& json, const char* name) {
  if (!json || !json->is_object() || !json->contains(name) || !(*json)[name].is_string()) return std::nullopt;
  return to_valid_utf8((*json)[name].get<std::string>().substr(0, word_max_bytes));
}

std::unexpected<Error> makes_no_sense() {
  return bastide::fail(Code::unavailable, "The model's process sent something that makes no sense.",
                       "worker_protocol", "Try again.");
}

Error cancelled() { return {Code::cancelled, "The call was stopped."}; }
Error shutting_down() { return {Code::unavailable, "The server is shutting down.", "shutting_down"}; }

}  // namespace

LocalModel::LocalModel(LocalModelOptions options, Counter& restarts)
    : options_(std::move(options)), restarts_(restarts), gpus_(options_.gpu_trust) {}

LocalModel::~LocalModel() { shut_down(); }

LocalStatus LocalModel::status() const {
  const std::lock_guard lock(mutex_);
  return {state_, detail_, error_};
}

exchange::Computed LocalModel::computed() const {
  const std::lock_guard lock(mutex_);
  return computed_;
}

void LocalModel::shut_down() {
  std::thread ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(thread_);
  }
  wanted_.notify_all();
  link_.nudge();
  if (ending.joinable()) ending.join();
  changed_.ring();
}

void LocalModel::forget_beginnings() {
  {
    const std::lock_guard lock(mutex_);
    forgets_ = state_ == State::ready || state_ == State::loading;
  }
  remove_beginnings();
  link_.nudge();
}

void LocalModel::remove_beginnings() {
  std::error_code ignored;
  if (!options_.prefix_folder.empty()) std::filesystem::remove_all(options_.prefix_folder, ignored);
}

void LocalModel::ask_for() {
  const std::lock_guard lock(mutex_);
  last_used_ = Steady::now();
  load_locked();
}

void LocalModel::load_ahead() {
  const std::lock_guard lock(mutex_);
  load_locked();
}

/// Starts loading unless that is under way or failed a moment ago.
void LocalModel::load_locked() {
  if (stopping_ || state_ == State::ready || state_ == State::loading) return;
  if (state_ == State::failed && Steady::now() < retry_at_) return;
  state_ = State::loading;
  detail_ = "Loading.";
  error_.reset();
  is_wanted_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { supervise(); });
  wanted_.notify_all();
}

Task<Result<void>> LocalModel::ready(std::stop_token stop) {
  ask_for();
  const std::stop_callback wake(stop, [this] { changed_.ring(); });
  while (true) {
    const auto seen = changed_.count();
    if (stop.stop_requested()) co_return std::unexpected(cancelled());
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) co_return std::unexpected(shutting_down());
      if (state_ == State::ready) co_return Result<void>();
      if (state_ == State::failed && error_) co_return std::unexpected(*error_);
    }
    co_await changed_.wait(seen);
  }
}

std::optional<std::uint64_t> LocalModel::open_call(const std::shared_ptr<LocalCall>& call, FrameKind kind,
                                                   const std::string& body) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::ready) return std::nullopt;
    last_used_ = Steady::now();
    if (calls_.size() < calls_max) {
      id = next_id_++;
      calls_.emplace(id, call);
    }
  }
  if (id == 0) {
    auto full = error_with({{"waiting", std::int64_t{calls_max}}}, Code::rate_limited,
                           "This model has {waiting} questions waiting: it takes no more.", "queue_full",
                           "Try again in a moment, or choose another model.");
    full.retry_after_s = retry_after_s;
    call->fail(std::move(full));
  } else if (!link_.send(kind, id, body)) {
    forget(id);
    call->fail(
        {Code::upstream, "The model's process ended; it is being restarted.", "worker_died", "Try again."});
  }
  return id;
}

void LocalModel::cancel(std::uint64_t id, const std::shared_ptr<LocalCall>& call) {
  if (call->ended()) return;
  forget(id);
  link_.send(FrameKind::cancel, id, {});
  call->fail(cancelled());
}

void LocalModel::forget(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  calls_.erase(id);
  last_used_ = Steady::now();
}

Task<Result<std::uint64_t>> LocalModel::open(std::shared_ptr<LocalCall> call, FrameKind kind,
                                             std::string body, std::stop_token stop) {
  while (true) {
    auto loaded = co_await ready(stop);
    if (!loaded) co_return pass(loaded);
    // Nothing: it was unloaded, or died, since it was ready.
    if (const auto id = open_call(call, kind, body)) co_return *id;
  }
}

Task<Result<std::unique_ptr<exchange::Completion>>> LocalModel::start(std::string body_json,
                                                                      std::stop_token stop) {
  auto call = std::make_shared<LocalCall>();
  auto id = co_await open(call, FrameKind::chat, std::move(body_json), stop);
  if (!id) co_return pass(id);
  auto completion = std::make_unique<LocalCompletion>(shared_from_this(), *id, call, stop);
  auto accepted = co_await call->accepted();
  if (!accepted) co_return pass(accepted);
  co_return std::unique_ptr<exchange::Completion>(std::move(completion));
}

Task<Result<exchange::Embeddings>> LocalModel::embed(std::vector<std::string> texts,
                                                     exchange::TooLong too_long, std::stop_token stop) {
  auto call = std::make_shared<LocalCall>(texts.size());
  JsonWriter body;
  body.object().key("texts").array();
  for (const auto& text : texts) body.value(text);
  body.end().field("cut", too_long == exchange::TooLong::cut).end();
  auto id = co_await open(call, FrameKind::embed, body.take(), stop);
  if (!id) co_return pass(id);
  // Cancels when this frame goes, too.
  const LocalCompletion guard(shared_from_this(), *id, call, stop);
  auto read = co_await call->vectors();
  if (!read) co_return pass(read);
  co_return exchange::Embeddings{std::move(read->vectors), read->tokens, read->texts_cut};
}

Task<Result<ScoresBody>> LocalModel::rerank(std::string query, std::vector<std::string> documents,
                                            std::stop_token stop) {
  auto call = std::make_shared<LocalCall>(documents.size());
  JsonWriter body;
  body.object().field("query", query).key("documents").array();
  for (const auto& document : documents) body.value(document);
  body.end().end();
  auto id = co_await open(call, FrameKind::rerank, body.take(), stop);
  if (!id) co_return pass(id);
  const LocalCompletion guard(shared_from_this(), *id, call, stop);
  auto scores = co_await call->scores();
  co_return scores;
}

std::optional<std::int64_t> LocalModel::count(const std::string& body_json) {
  const auto call = std::make_shared<LocalCall>();
  const auto id = open_call(call, FrameKind::count, body_json);
  if (!id) return std::nullopt;
  const auto number = call->number_within(count_patience);
  forget(*id);
  if (!number) return std::nullopt;
  return *number;
}

// --- the supervisor thread
// ------------------------------------------------------------------------------------

void LocalModel::supervise() {
  while (wait_until_wanted()) {
    on_gpu_ = false;
    if (auto loaded = load(); !loaded) {
      link_.end();
      worker_pid_ = -1;
      if (on_gpu_ && loaded.error().detail == "load_failed") {
        // The driver may be to blame. Who waits goes on waiting: at the last without GPUs.
        note_gpu_failure();
        pause_before_restart(1);
        continue;
      }
      if (rests_gpus() && loaded.error().detail == "not_enough_memory")
        gpus_.trust();  // there is no other way
      fail_calls(loaded.error());
      set(State::failed, loaded.error().message, loaded.error());
      continue;
    }
    const auto since = Steady::now();
    set(State::ready, fmt::format("Computed by {}.", computed().by));
    const Served served = serve();
    link_.end();
    worker_pid_ = -1;
    bool forgets = false;
    {
      const std::lock_guard lock(mutex_);
      forgets = std::exchange(forgets_, false);
    }
    if (forgets) remove_beginnings();  // what it wrote since
    if (served == Served::died) {
      if (Steady::now() - since > healthy_after) deaths_ = 0;
      if (on_gpu_) note_gpu_failure();
      restart_or_give_up();
    } else if (served == Served::idle) {
      set(State::stopped, {});
    }
  }
  link_.end();
  worker_pid_ = -1;
  fail_calls(shutting_down());
}

bool LocalModel::wait_until_wanted() {
  std::unique_lock lock(mutex_);
  wanted_.wait(lock, [&] { return stopping_ || is_wanted_; });
  is_wanted_ = false;
  return !stopping_;
}

/// The arguments to start the worker with.
Result<std::vector<std::string>> LocalModel::check() {
  const auto& manifest = options_.manifest;
  if (auto whole = check_file(manifest); !whole) return pass(whole);
  const std::uint64_t available =
      options_.available_memory_bytes ? options_.available_memory_bytes() : available_memory_bytes();
  std::vector<std::string> args{"--model",      manifest.file,
                                "--name",       manifest.name,
                                "--kind",       std::string(kind_name(manifest.kind)),
                                "--context",    std::to_string(manifest.context_tokens),
                                "--slots",      std::to_string(options_.slots),
                                "--threads",    std::to_string(options_.threads),
                                "--memory",     std::to_string(available),
                                "--gpu-layers", std::to_string(rests_gpus() ? 0 : manifest.gpu_layers)};
  if (manifest.vision) args.insert(args.end(), {"--vision", manifest.vision->file});
  if (!manifest.pooling.empty()) args.insert(args.end(), {"--pooling", manifest.pooling});
  if (manifest.draft.empty()) return args;
  if (!options_.draft)
    return bastide::fail(Code::unavailable,
                         fmt::format("The model {} names {} as its draft, which is not on this machine.",
                                     manifest.name, manifest.draft),
                         "missing", fmt::format("Fetch it with `bastide model pull {}`.", manifest.draft));
  if (auto whole = check_file(*options_.draft); !whole) return pass(whole);
  args.insert(args.end(), {"--draft", options_.draft->file, "--draft-name", options_.draft->name});
  return args;
}

Result<void> LocalModel::load() {
  set(State::loading, "Loading.");
  if (gpus_.are_rested(Steady::now())) gpus_.trust();
  auto args = check();
  if (!args) return pass(args);
  if (auto started = link_.start(options_.own_binary, std::move(*args)); !started) return started;
  worker_pid_ = link_.pid();
  send_setup();
  auto deadline = Deadline::in(options_.load_timeout);
  std::vector<Frame> frames;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return std::unexpected(shutting_down());
    }
    frames.clear();
    const auto heard = link_.listen(std::min(deadline.left(), Millis(1000)), frames);
    if (heard == Link::Heard::closed || heard == Link::Heard::damaged)
      return bastide::fail(
          Code::unavailable,
          fmt::format("The model {} could not be loaded: its process ended.", options_.manifest.name),
          "load_failed", "Check the server's memory, or fetch the model again.");
    for (const auto& frame : frames) {
      if (frame.kind == FrameKind::ready) return note_ready(frame.body);
      if (frame.kind == FrameKind::placed) {
        if (auto noted = note_placed(frame.body); !noted) return noted;
      }
      if (frame.kind == FrameKind::failed) return std::unexpected(decode_error(frame.body));
      if (frame.kind != FrameKind::progress || frame.body.size() != 1) continue;
      deadline = Deadline::in(options_.load_timeout);
      set(State::loading, fmt::format("Loading: {} %.", std::clamp(int{frame.body[0]}, 0, 100)));
    }
    if (deadline.passed())
      return bastide::fail(Code::unavailable,
                           fmt::format("The model {} takes too long to load.", options_.manifest.name),
                           "load_timeout", "Check the server's disk and memory.");
  }
}

Result<void> LocalModel::note_placed(std::string_view body) {
  const auto json = parse_json(body, 2);
  const auto place = word_of(json, "place");
  if (!place || !json->contains("on_gpu") || !(*json)["on_gpu"].is_boolean()) return makes_no_sense();
  on_gpu_ = (*json)["on_gpu"].get<bool>();
  const std::lock_guard lock(mutex_);
  computed_.by =
      rests_gpus() ? fmt::format("{}, because it failed several times on its GPU", *place) : *place;
  return {};
}

Result<void> LocalModel::note_ready(std::string_view body) {
  const auto energy = word_of(parse_json(body, 2), "energy");
  if (!energy) return makes_no_sense();
  const std::lock_guard lock(mutex_);
  computed_.measured_by = *energy;
  return {};
}

void LocalModel::send_setup() {
  if (options_.prefix_key.empty()) return;
  const auto& manifest = options_.manifest;
  JsonWriter setup;
  setup.object().field("prefix_key", hex(options_.prefix_key));
  // The name of what is kept holds all that the numbers depend on.
  std::string model;
  for (const auto& [file, bytes, sha256, _] : files_of(manifest))
    model += fmt::format("{}{} {} {}", model.empty() ? "" : " ", sha256, bytes,
                         sha256.empty() ? modified_ns(file) : 0);
  const std::string id = sha256_hex(model).substr(0, 16);
  setup.field("model", id);
  if (!options_.prefix_folder.empty()) setup.field("prefix_folder", options_.prefix_folder + "/" + id);
  setup.field("memory_bytes", options_.prefix_memory_bytes).field("disk_bytes", options_.prefix_disk_bytes);
  link_.send(FrameKind::setup, 0, setup.end().text());
}

LocalModel::Served LocalModel::serve() {
  std::vector<Frame> frames;
  while (true) {
    Millis patience = options_.idle_unload;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return Served::stopping;
      if (calls_.empty()) {
        const auto idle = std::chrono::duration_cast<Millis>(Steady::now() - last_used_);
        // With GPUs that rested, the next call loads it anew.
        const auto stays = keeps_ ? forever : options_.idle_unload;
        const auto idle_max = gpus_.are_rested(Steady::now()) ? std::min(idle_to_try_gpus, stays) : stays;
        if (idle >= idle_max || forgets_) {
          // Under the lock that callers look under: nobody sees it ready from here on.
          state_ = State::stopped;
          return Served::idle;
        }
        patience = idle_max - idle + Millis(1);
      }
    }
    frames.clear();
    const auto heard = link_.listen(std::min(patience, Millis(60'000)), frames);
    hand_out(frames);
    if (heard == Link::Heard::closed || heard == Link::Heard::damaged) return Served::died;
  }
}

void LocalModel::hand_out(std::vector<Frame>& frames) {
  for (const auto& frame : frames) {
    std::shared_ptr<LocalCall> call;
    {
      const std::lock_guard lock(mutex_);
      const auto found = calls_.find(frame.call);
      if (found == calls_.end()) continue;  // cancelled meanwhile
      call = found->second;
    }
    if (frame.kind == FrameKind::finish) deaths_ = 0;  // what answers is not broken, whoever ended it before
    if (!call->take(frame)) forget(frame.call);
  }
}

void LocalModel::note_gpu_failure() {
  const bool rest = gpus_.note_failure(Steady::now());
  if (rest) deaths_ = 0;  // those were the GPU's
  log::warn(rest ? "gpu_given_up" : "gpu_failed", {{"model", options_.manifest.id}});
}

void LocalModel::restart_or_give_up() {
  ++deaths_;
  restarts_.add();
  log::warn("worker_died", {{"model", options_.manifest.id}, {"in_a_row", deaths_}});
  Error died{Code::upstream,
             fmt::format("The process of the model {} ended in mid-answer; it is being restarted{}.",
                         options_.manifest.name,
                         rests_gpus() ? " on the processor, because it failed several times on its GPU" : ""),
             "worker_died", "Ask again."};
  const bool give_up = deaths_ > deaths_max;
  if (give_up) {
    deaths_ = 0;
    died.message = fmt::format("The process of the model {} keeps dying.", options_.manifest.name);
    died.action = "Look into the server's log and memory, or choose another model.";
    set(State::failed, died.message, died);
    fail_calls(died);
    return;
  }
  set(State::loading, "Being restarted.");
  fail_calls(died);
  pause_before_restart(deaths_);
}

void LocalModel::pause_before_restart(int deaths) {
  const auto pause = std::min(restart_pause_max, options_.restart_pause * (1 << (deaths - 1)));
  std::unique_lock lock(mutex_);
  wanted_.wait_for(lock, pause, [&] { return stopping_; });
  is_wanted_ = true;
}

void LocalModel::set(State state, std::string detail, std::optional<Error> error) {
  {
    const std::lock_guard lock(mutex_);
    state_ = state;
    detail_ = std::move(detail);
    error_ = std::move(error);
    if (state == State::failed) retry_at_ = Steady::now() + retry_pause;
    if (state == State::ready) last_used_ = Steady::now();
  }
  changed_.ring();
}

void LocalModel::fail_calls(const Error& error) {
  std::unordered_map<std::uint64_t, std::shared_ptr<LocalCall>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(calls_);
  }
  for (const auto& [id, call] : calls) call->fail(error);
}

}  // namespace bastide::models::local
