// How a batch runs: its input is checked, its lines are asked, its answers become files.
#include "batches/run.h"

#include <algorithm>
#include <deque>

#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"

namespace bastide::batches {
namespace {

constexpr std::size_t read_bytes = 1024 * 1024;
constexpr std::size_t lines_a_read = 500;
constexpr int tries_of_failed = 3;
constexpr Millis rest_min{1'000}, rest_max{60'000};

/// How long to wait before asking again, if that may help. Limits of our own and of providers pass with time:
/// the window is all that ends waiting for them. What failed is tried a few times.
std::optional<Millis> rest_before_next(const LineAnswer& answer, int tries) {
  if (!answer.error) return std::nullopt;
  const auto& error = *answer.error;
  const bool is_limited = error.code == Code::rate_limited || error.code == Code::overloaded ||
                          (error.code == Code::budget_exhausted && error.retry_after_s > 0);
  const bool has_failed =
      error.code == Code::unavailable || error.code == Code::timeout || error.code == Code::upstream;
  if (!is_limited && !(has_failed && tries < tries_of_failed)) return std::nullopt;
  auto rest = rest_min * (1 << std::min(tries, 6));
  rest = std::clamp(std::max(rest, Millis(error.retry_after_s * 1000)), rest_min, rest_max);
  std::uint16_t random = 0;
  fill_random(&random, sizeof(random));
  return rest + rest * (random % 256) / 1024;  // those that were refused together do not come back together
}

}  // namespace

dialects::BatchAsk ask_of(const Batch& batch) {
  using Shape = dialects::BatchAsk::Shape;
  return {batch.endpoint, batch.door == "mistral" ? Shape::mistral : Shape::openai, batch.model};
}

Task<Result<void>> Batches::work(std::shared_ptr<Live> live) {
  auto found =
      co_await run_on(rooms_.pool, [this, &live] { return rooms_.store.find(live->id, live->person); });
  if (!found) co_return pass(found);
  if (has_ended(found->state)) co_return Result<void>{};
  auto run = std::make_shared<Run>(live, std::move(*found));
  auto& batch = run->batch;
  if (batch.cancelling_at > 0) {
    live->cancelled = true;
    live->end();
  }
  run->window = Deadline::in(Millis(std::max<std::int64_t>(0, batch.expires_at - now_ms())));
  auto input = co_await run_on(rooms_.pool, [this, &batch]() -> Result<files::PieceReader> {
    auto file = rooms_.files.find(batch.input_file, batch.person);
    if (!file) return pass(file);
    return rooms_.files.open(*file);
  });
  if (input)
    run->input = std::move(*input);
  else if (input.error().code != Code::not_found)
    co_return pass(input);
  Result<void> done;
  if (batch.state == State::validating) done = co_await check(run);
  if (done && batch.state == State::in_progress) done = co_await run_lines(run);
  if (done && batch.state == State::finalizing && !live->leaves_no_word()) done = co_await end(run);
  co_return done;
}

Task<Result<void>> Batches::check(std::shared_ptr<Run> run) {
  auto& batch = run->batch;
  InputScan scan(ask_of(batch), bounds_.input);
  if (!run->input) {
    batch.faults = {{"input_file_gone", "The input file is not there any more."}};
  } else if (run->input->bytes() > bounds_.input.bytes_max) {
    batch.faults = {{"input_too_large", "The input file is longer than 200 MB."}};
  } else {
    std::int64_t place = 0;
    const auto read = [&run, &scan, &place]() -> Result<void> {
      auto bytes = run->input->read(place, read_bytes);
      if (!bytes) return pass(bytes);
      place += static_cast<std::int64_t>(bytes->size());
      scan.feed(*bytes);
      return {};
    };
    while (place < run->input->bytes() && !scan.has_enough() && !run->live->stop.stop_requested()) {
      auto fed = co_await run_on(rooms_.pool, read);
      if (!fed) co_return fed;
    }
    scan.finish();
    batch.faults = std::move(scan.faults());
  }
  if (run->live->leaves_no_word()) co_return Result<void>{};
  const auto now = now_ms();
  if (!batch.faults.empty() && !run->live->cancelled) {
    for (auto& fault : batch.faults)
      fault.message = rooms_.told({Code::invalid, fault.message, fault.code}, batch.language).message;
    batch.state = State::failed;
    batch.ended_at = now;
    auto kept = co_await run_on(rooms_.pool, [this, &batch] { return rooms_.store.finish(batch); });
    co_return kept;
  }
  batch.faults.clear();
  batch.state = State::in_progress;
  batch.in_progress_at = now;
  batch.total = static_cast<std::int64_t>(scan.lines().size());
  auto kept =
      co_await run_on(rooms_.pool, [this, &batch, &scan] { return rooms_.store.begin(batch, scan.lines()); });
  co_return kept;
}

Task<Result<void>> Batches::run_lines(std::shared_ptr<Run> run) {
  auto& live = *run->live;
  std::deque<Line> next;
  std::int64_t after = 0;
  bool all = false;
  for (;;) {
    if (run->window.passed() && !run->expired) {
      run->expired = true;
      run->window = {};
      live.end();
    }
    const auto seen = live.bell.count();
    const bool ends = live.stop.stop_requested() || run->broken;
    if (!ends && next.empty() && !all) {
      auto lines = co_await run_on(
          rooms_.pool, [this, &live, after] { return rooms_.store.waiting(live.id, after, lines_a_read); });
      if (!lines) {
        run->broken = std::move(lines.error());
        continue;
      }
      all = lines->empty();
      if (!all) after = lines->back().number;
      next.assign(lines->begin(), lines->end());
      continue;
    }
    if (!ends && !next.empty() && run->lines < bounds_.lines_at_once) {
      ++run->lines;
      spawn("batch_line", run_line(run, next.front()));
      next.pop_front();
      continue;
    }
    if (run->lines == 0 && (ends || next.empty())) break;
    (void)co_await live.bell.wait(seen, run->window);
  }
  if (run->broken) co_return std::unexpected(std::move(*run->broken));
  if (live.leaves_no_word()) co_return Result<void>{};

  auto& batch = run->batch;
  auto now = co_await run_on(rooms_.pool, [this, &live] { return rooms_.store.find(live.id, live.person); });
  if (!now) co_return pass(now);
  batch.completed = now->completed;
  batch.failed = now->failed;
  batch.state = State::finalizing;
  batch.finalizing_at = now_ms();
  if (run->refused) {
    const auto told = rooms_.told(*run->refused, batch.language);
    batch.ends_as = State::failed;
    batch.faults = {{told.detail.empty() ? std::string(code_name(told.code)) : told.detail, told.message}};
  } else if (batch.completed + batch.failed < batch.total || live.cancelled) {
    batch.ends_as = live.cancelled ? State::cancelled : State::expired;
  }
  // Their ids are kept first: however often the files are begun, there is one of each.
  if (batch.completed > 0) batch.output_file = new_id(files::id_prefix);
  if (batch.completed < batch.total) batch.error_file = new_id(files::id_prefix);
  auto kept = co_await run_on(rooms_.pool, [this, &batch] { return rooms_.store.update(batch); });
  co_return kept;
}

Task<void> Batches::run_line(std::shared_ptr<Run> run, Line line) {
  // A bug that throws must not leave the others waiting.
  struct Ending {
    Run& run;
    std::optional<Error> broken = Error{Code::internal, "A line ended without a word.", "line_failed"};
    ~Ending() {
      --run.lines;
      if (broken && !run.broken) run.broken = std::move(broken);
      run.live->bell.ring();
    }
  } ending{*run};
  auto done = co_await answer_line(run, line);
  ending.broken = done ? std::nullopt : std::optional(std::move(done.error()));
}

Task<Result<void>> Batches::answer_line(std::shared_ptr<Run> run, Line line) {
  auto& batch = run->batch;
  auto& live = *run->live;
  dialects::BatchResult result;
  const auto refuse = [&run, &live](Error error) {
    if (!run->refused) run->refused = std::move(error);
    live.end();
  };
  for (int tries = 0;; ++tries) {
    auto who = co_await run_on(
        rooms_.pool, [this, &batch] { return rooms_.who_now({batch.person, batch.key, batch.email}); });
    if (!who) {
      refuse(std::move(who.error()));
      co_return Result<void>{};
    }
    LineCall call;
    call.who = std::move(*who);
    call.who.priority = identity::Priority::batch;
    call.language = batch.language;
    call.door = batch.door;
    call.path = batch.endpoint;
    call.stop = live.stop.get_token();
    auto read = co_await run_on(rooms_.pool, [&run, &line, &batch]() -> Result<dialects::BatchLine> {
      if (!run->input)
        return fail(Code::not_found, "The input file is not there any more.", "input_file_gone");
      auto text = run->input->read(line.place, static_cast<std::size_t>(line.bytes));
      if (!text) return pass(text);
      auto parsed = dialects::BatchLineReader().read(*text, ask_of(batch));
      if (!parsed) return fail(Code::corrupt, "The input file is damaged.", "file_damaged");
      return std::move(*parsed);
    });
    if (!read) {
      refuse(std::move(read.error()));
      co_return Result<void>{};
    }
    result.custom_id = std::move(read->custom_id);
    call.body = std::move(read->body_json);
    if (live.stop.stop_requested()) co_return Result<void>{};
    auto answer = co_await rooms_.ask(std::move(call));
    if (answer.status == 0) {
      if (live.stop.stop_requested()) co_return Result<void>{};
      answer.error = Error{Code::unavailable, "The call ended without an answer.", "no_answer"};
    }
    if (answer.error && answer.error->detail == identity::key_over().detail) {
      refuse(std::move(*answer.error));
      co_return Result<void>{};
    }
    const auto rest = rest_before_next(answer, tries);
    if (!rest) {
      result.status = answer.status;
      result.exchange = std::move(answer.exchange);
      result.body_json = std::move(answer.body);
      if (answer.status == 0) {
        result.code = answer.error->detail;
        result.message = rooms_.told(*answer.error, batch.language).message;
      }
      break;
    }
    const auto until = Deadline::in(*rest);
    while (!until.passed() && !live.stop.stop_requested()) {
      const auto seen = live.bell.count();
      if (!live.stop.stop_requested()) (void)co_await live.bell.wait(seen, until);
    }
    if (live.stop.stop_requested()) co_return Result<void>{};
  }
  if (live.dropped) co_return Result<void>{};
  result.id = new_id("batch_req");
  const Answer kept{line.number, result.status == 200 ? Verdict::answered : Verdict::refused,
                    dialects::batch_result_line(result)};
  auto stored = co_await run_on(
      rooms_.pool, [this, &batch, &kept] { return rooms_.store.answer(batch.id, batch.person, kept); });
  co_return stored;
}

}  // namespace bastide::batches
